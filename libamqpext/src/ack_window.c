/*
 * Ack window: a list of what is unsettled, in an array that grows as far as the prefetch count lets
 * it.
 *
 * Order: add, ack, remove, flush as things happen; reset between epochs; free.
 * Invariant: the list is in the order of tags; whatever is not in it is settled, as far as the
 * broker will know once what was emitted has been sent.
 */
#include "ack_window.h"

#include <stdlib.h>

#include "clock.h"

enum { HEAD = 0, FIRST_CAPACITY = 32 };

static bool grow(struct ack_window *window)
{
    const uint32_t capacity = window->capacity == 0 ? FIRST_CAPACITY : window->capacity * 2;
    struct ack_entry *entries = realloc(window->entries, capacity * sizeof(*entries));

    if (entries == NULL)
        return false;
    if (window->capacity == 0) {
        entries[HEAD] = (struct ack_entry){.previous = HEAD, .next = HEAD};
        window->used = 1;
    }
    window->entries = entries;
    window->capacity = capacity;
    return true;
}

/* HEAD when memory ran out. */
static uint32_t take_slot(struct ack_window *window)
{
    uint32_t slot = window->free;

    if (slot != HEAD) {
        window->free = window->entries[slot].next;
        return slot;
    }
    if (window->used == window->capacity && !grow(window))
        return HEAD;
    return window->used++;
}

bool amqpext__ack_window_add(struct ack_window *window, uint64_t tag, uint32_t *slot)
{
    const uint32_t taken = take_slot(window);
    struct ack_entry *entries = window->entries;
    uint32_t last;

    if (taken == HEAD)
        return false;
    last = entries[HEAD].previous;
    entries[taken] = (struct ack_entry){.tag = tag, .previous = last, .next = HEAD};
    entries[last].next = taken;
    entries[HEAD].previous = taken;
    window->count++;
    *slot = taken;
    return true;
}

void amqpext__ack_window_ack(struct ack_window *window, uint32_t slot, uint64_t now_us)
{
    window->entries[slot].is_acked = true;
    if (window->held++ == 0)
        window->held_since_us = now_us;
}

void amqpext__ack_window_remove(struct ack_window *window, uint32_t slot)
{
    struct ack_entry *entries = window->entries;
    struct ack_entry *entry = &entries[slot];

    entries[entry->previous].next = entry->next;
    entries[entry->next].previous = entry->previous;
    if (entry->is_acked)
        window->held--;
    entry->next = window->free;
    window->free = slot;
    window->count--;
}

/* Deliveries at the front that one frame can acknowledge, and the tag of the last. */
static size_t count_front(const struct ack_window *window, uint64_t *tag)
{
    const struct ack_entry *entries = window->entries;
    uint32_t slot = entries[HEAD].next;
    size_t n = 0;

    while (slot != HEAD && n < window->max_joined && entries[slot].is_acked &&
           (n == 0 || entries[slot].tag == *tag + 1)) {
        *tag = entries[slot].tag;
        slot = entries[slot].next;
        n++;
    }
    return n;
}

static void flush_front(struct ack_window *window, bool is_due, ack_emit_fn emit, void *data)
{
    uint64_t tag = 0;
    size_t n;
    size_t i;

    while ((n = count_front(window, &tag)) != 0 && (is_due || n == window->max_joined)) {
        for (i = 0; i < n; i++)
            amqpext__ack_window_remove(window, window->entries[HEAD].next);
        emit(data, tag, n);
    }
}

static void flush_behind(struct ack_window *window, ack_emit_fn emit, void *data)
{
    uint32_t slot = window->entries[HEAD].next;

    while (slot != HEAD && window->held != 0) {
        const struct ack_entry entry = window->entries[slot];

        if (entry.is_acked) {
            amqpext__ack_window_remove(window, slot);
            emit(data, entry.tag, 1);
        }
        slot = entry.next;
    }
}

/*
 * The broker sends no more than `prefetch` that are unsettled: holding half of them back could
 * leave workers without anything to do.
 */
static bool is_pressed(const struct ack_window *window)
{
    return window->held * 2 >= window->prefetch;
}

static uint64_t behind_due_us(const struct ack_window *window)
{
    const uint64_t wait_us = window->delay_us > ACK_BEHIND_US ? window->delay_us : ACK_BEHIND_US;

    return window->held_since_us + wait_us;
}

void amqpext__ack_window_flush(struct ack_window *window, uint64_t now_us, bool all,
                               ack_emit_fn emit, void *data)
{
    const bool is_urgent = all || is_pressed(window);

    if (window->held == 0)
        return;
    flush_front(window, is_urgent || now_us >= window->held_since_us + window->delay_us, emit,
                data);
    if (is_urgent || now_us >= behind_due_us(window))
        flush_behind(window, emit, data);
}

uint64_t amqpext__ack_window_due_us(const struct ack_window *window)
{
    if (window->held == 0)
        return NEVER;
    if (is_pressed(window))
        return 0;
    if (window->entries[window->entries[HEAD].next].is_acked)
        return window->held_since_us + window->delay_us;
    return behind_due_us(window);
}

void amqpext__ack_window_reset(struct ack_window *window)
{
    if (window->entries != NULL)
        window->entries[HEAD] = (struct ack_entry){.previous = HEAD, .next = HEAD};
    window->used = window->entries != NULL ? 1 : 0;
    window->free = HEAD;
    window->count = window->held = 0;
}

void amqpext__ack_window_free(struct ack_window *window)
{
    free(window->entries);
    *window = (struct ack_window){.entries = NULL};
}
