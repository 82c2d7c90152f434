/*
 * Ack window: the deliveries of an epoch that the broker holds as unsettled, and the joining of
 * their acknowledgements.
 *
 * An acknowledgement of everything up to a tag covers only tags without a gap, all of which were
 * acknowledged here, before which nothing is unsettled. What is acknowledged behind a delivery that
 * is not settled yet waits for it a little, and is then acknowledged by itself, so that a slow
 * handler holds up nothing.
 *
 * Thread:  one, the I/O thread.
 */
#ifndef AMQPEXT_SRC_ACK_WINDOW_H
#define AMQPEXT_SRC_ACK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How long an acknowledgement at least waits behind a delivery that is not settled: workers that
 * run side by side end in any order, and most gaps close within that time.
 */
enum { ACK_BEHIND_US = 5000 };

struct ack_entry {
    uint64_t tag;
    uint32_t previous, next;
    bool is_acked;
};

struct ack_window {
    struct ack_entry *entries; /* the first is the head of the list, in the order of tags */
    uint32_t capacity, used;
    uint32_t free; /* list by `next`; 0 when empty */
    size_t count; /* unsettled */
    size_t held; /* of them acknowledged here, which the broker does not know yet */
    uint64_t held_since_us;
    /* Set by the owner. */
    size_t max_joined;
    uint64_t delay_us;
    size_t prefetch;
};

/* Told of each basic.ack to be sent, which acknowledges `count` deliveries up to `tag`. */
typedef void (*ack_emit_fn)(void *data, uint64_t tag, size_t count);

/* Tags grow. False when memory ran out; *slot names the delivery from here on. */
bool amqpext__ack_window_add(struct ack_window *window, uint64_t tag, uint32_t *slot);
void amqpext__ack_window_ack(struct ack_window *window, uint32_t slot, uint64_t now_us);
/* Settled by another method, which was sent. */
void amqpext__ack_window_remove(struct ack_window *window, uint32_t slot);
/* Emits what is due, or everything. */
void amqpext__ack_window_flush(struct ack_window *window, uint64_t now_us, bool all,
                               ack_emit_fn emit, void *data);
/* When flush has something to do by itself; NEVER for not. */
uint64_t amqpext__ack_window_due_us(const struct ack_window *window);
/* The epoch is over. */
void amqpext__ack_window_reset(struct ack_window *window);
void amqpext__ack_window_free(struct ack_window *window);

#endif
