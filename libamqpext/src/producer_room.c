/*
 * Room: what happens to a message that the ledger has no place for.
 *
 * Whoever frees places hands them to the first in line, who finds it held, so that nobody overtakes
 * and a woken thread never finds the place taken.
 *
 * Invariant: nobody is in line for long while its message would fit.
 */
#include "producer_room.h"

#include "error.h"
#include "producer.h"
#include "wait.h"

/* Plenty of room is one part in so many of the limits. */
enum { PLENTY_PART = 8 };
/* Longest wait with a little room: short beside the waiting that made the ledger full. */
enum { PAUSE_US = 2000 };

/* A thread in line, on its stack. */
struct room_waiter {
    struct room_waiter *next;
    pthread_cond_t called;
    size_t size;
    bool is_inside; /* of a callback: no outcome is told before it has returned */
    bool is_served;
    enum amqpext_status status; /* of one that was served */
};

static enum amqpext_status refuse(struct amqpext_producer *producer, enum amqpext_status status,
                                  struct amqpext_error *error)
{
    const struct ledger *ledger = &producer->ledger;

    if (status == AMQPEXT_ECLOSED)
        return amqpext__fail(error, status, "the producer is closing");
    if (status == AMQPEXT_EBLOCKED)
        return amqpext__fail(error, status, "the broker takes no messages for now");
    producer->ledger.figures.refused_full++;
    if (amqpext__ledger_is_untold_full(ledger))
        return amqpext__fail(error, status, "%zu outcomes wait to be told", ledger->n_untold);
    return amqpext__fail(error, status, "the buffer is full: %zu messages, %zu bytes",
                         ledger->n_undecided, ledger->bytes);
}

static void join_line(struct room *room, struct room_waiter *waiter)
{
    if (room->last == NULL)
        room->first = waiter;
    else
        room->last->next = waiter;
    room->last = waiter;
}

static void leave_line(struct room *room, const struct room_waiter *waiter)
{
    struct room_waiter *before = NULL;
    struct room_waiter *each = room->first;

    while (each != waiter) {
        before = each;
        each = each->next;
    }
    if (before == NULL)
        room->first = waiter->next;
    else
        before->next = waiter->next;
    if (room->last == waiter)
        room->last = before;
    if (room->first == NULL)
        room->since_us = 0;
}

static void call(struct room *room, struct room_waiter *waiter, enum amqpext_status status)
{
    leave_line(room, waiter);
    waiter->is_served = true;
    waiter->status = status;
    pthread_cond_signal(&waiter->called);
}

/* Outcomes wait to be told, and whoever tells them waits here: it would wait for itself. */
static void send_callbacks_away(struct room *room)
{
    struct room_waiter *waiter = room->first;

    while (waiter != NULL) {
        struct room_waiter *next = waiter->next;

        if (waiter->is_inside)
            call(room, waiter, AMQPEXT_ELIMIT);
        waiter = next;
    }
}

/* Whether so much is free that those who wait have something to do for a while. */
static bool has_plenty(const struct ledger *ledger)
{
    const struct ledger_limits *limits = &ledger->limits;
    const size_t taken = ledger->n_undecided + ledger->reserved;
    const size_t bytes = ledger->bytes + ledger->reserved_bytes;

    return limits->max_messages - taken >= limits->max_messages / PLENTY_PART &&
           limits->max_bytes - bytes >= limits->max_bytes / PLENTY_PART;
}

void amqpext__room_serve(struct amqpext_producer *producer, uint64_t now_us)
{
    const struct ledger *ledger = &producer->ledger;
    struct room *room = &producer->room;

    if (amqpext__ledger_is_untold_full(ledger))
        send_callbacks_away(room);
    if (room->first == NULL || !amqpext__ledger_has_room(ledger, room->first->size)) {
        room->since_us = 0;
        return;
    }
    if (room->since_us == 0)
        room->since_us = now_us;
    if (!has_plenty(ledger) && now_us < room->since_us + PAUSE_US)
        return;
    room->since_us = 0;
    while (room->first != NULL && amqpext__ledger_has_room(ledger, room->first->size)) {
        amqpext__ledger_reserve(&producer->ledger, room->first->size);
        call(room, room->first, AMQPEXT_OK);
    }
}

uint64_t amqpext__room_due_us(const struct amqpext_producer *producer)
{
    return producer->room.since_us == 0 ? NEVER : producer->room.since_us + PAUSE_US;
}

void amqpext__room_clear(struct amqpext_producer *producer, enum amqpext_status status)
{
    while (producer->room.first != NULL)
        call(&producer->room, producer->room.first, status);
}

/* Whether this thread is in a callback that was posted. */
static bool is_in_job(const struct amqpext_producer *producer)
{
    return producer->jobs != NULL && amqpext__jobs_is_inside(producer->jobs);
}

static enum amqpext_status wait_in_line(struct amqpext_producer *producer, size_t size,
                                        uint64_t expires_us, struct amqpext_error *error)
{
    const uint64_t full_us = monotonic_us() + (uint64_t)producer->full_timeout_ms * 1000;
    const uint64_t deadline_us = expires_us < full_us ? expires_us : full_us;
    struct room_waiter waiter = {
        .size = size, .is_inside = is_in_job(producer), .status = AMQPEXT_ETIMEDOUT};
    const int failure = condition_init(&waiter.called);

    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no condition variable");
    join_line(&producer->room, &waiter);
    while (!waiter.is_served && condition_wait(&waiter.called, &producer->lock, deadline_us))
        continue;
    if (!waiter.is_served) {
        leave_line(&producer->room, &waiter);
        if (amqpext__ledger_has_room(&producer->ledger, size))
            waiter.status = AMQPEXT_OK;
    }
    pthread_cond_destroy(&waiter.called);
    if (waiter.status != AMQPEXT_OK)
        return refuse(producer, waiter.status, error);
    if (waiter.is_served)
        amqpext__ledger_unreserve(&producer->ledger, size);
    if (producer->is_closing)
        return refuse(producer, AMQPEXT_ECLOSED, error);
    return AMQPEXT_OK;
}

static enum amqpext_status drop_others(struct amqpext_producer *producer, size_t size,
                                       bool *has_work, struct amqpext_error *error)
{
    struct ledger *ledger = &producer->ledger;

    while (!amqpext__ledger_has_room(ledger, size)) {
        if (amqpext__ledger_is_untold_full(ledger) ||
            !amqpext__ledger_drop_oldest(ledger, monotonic_us()))
            return refuse(producer, AMQPEXT_ELIMIT, error);
        *has_work = ledger->decided != NULL || producer->flush_serial != UINT64_MAX;
    }
    return AMQPEXT_OK;
}

/* Whether this thread would wait for itself: it is the one that makes room. */
static bool must_not_wait(const struct amqpext_producer *producer)
{
    return producer->drive->is_own_thread(producer->engine) ||
           (amqpext__ledger_is_untold_full(&producer->ledger) && is_in_job(producer));
}

enum amqpext_status amqpext__room_get(struct amqpext_producer *producer, size_t size,
                                      uint64_t expires_us, bool *has_work,
                                      struct amqpext_error *error)
{
    if (producer->is_closing)
        return refuse(producer, AMQPEXT_ECLOSED, error);
    if (producer->fail_when_blocked && producer->drive->is_blocked(producer->engine))
        return refuse(producer, AMQPEXT_EBLOCKED, error);
    if (producer->room.first == NULL && amqpext__ledger_has_room(&producer->ledger, size))
        return AMQPEXT_OK;
    if (producer->when_full == AMQPEXT_WHEN_FULL_DROP_OLDEST)
        return drop_others(producer, size, has_work, error);
    if (producer->when_full == AMQPEXT_WHEN_FULL_FAIL || must_not_wait(producer))
        return refuse(producer, AMQPEXT_ELIMIT, error);
    return wait_in_line(producer, size, expires_us, error);
}
