/*
 * Room: threads that wait until a message of theirs fits into the ledger, first come, first served.
 * All is guarded by the producer's lock.
 */
#ifndef AMQPEXT_SRC_PRODUCER_ROOM_H
#define AMQPEXT_SRC_PRODUCER_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/status.h>

struct amqpext_producer;
struct room_waiter;

struct room {
    struct room_waiter *first, *last;
    uint64_t since_us; /* there is a little room for the first one; 0: none */
};

/*
 * Makes sure that a message of that size may be added now, with the lock held before and after; a
 * thread that waits for it, not beyond `expires_us`, releases the lock. *has_work: others were
 * dropped, and the I/O thread has somebody to tell.
 */
enum amqpext_status amqpext__room_get(struct amqpext_producer *producer, size_t size,
                                      uint64_t expires_us, bool *has_work,
                                      struct amqpext_error *error);
/*
 * Serves those that wait, as far as there is room: once there is plenty, so that a thread is not
 * woken for each message, or when a little has been there for a while. Callbacks are sent away when
 * too many outcomes wait for them to return.
 */
void amqpext__room_serve(struct amqpext_producer *producer, uint64_t now_us);
/* When to try again; NEVER for no need. */
uint64_t amqpext__room_due_us(const struct amqpext_producer *producer);
/* Sends all that wait away. */
void amqpext__room_clear(struct amqpext_producer *producer, enum amqpext_status status);

#endif
