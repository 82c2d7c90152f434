/*
 * Producer: a ledger behind a lock, the threads that fill it, and what carries it to a broker.
 *
 * The lock guards the ledger and what says so; it is never held while the program's code runs. The
 * I/O thread calls the functions of `amqpext__producer_owner`, other threads publish.
 */
#ifndef AMQPEXT_SRC_PRODUCER_H
#define AMQPEXT_SRC_PRODUCER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <amqpext/producer.h>

#include "arena.h"
#include "confirms.h"
#include "jobs.h"
#include "ledger.h"
#include "link.h"
#include "message_id.h"
#include "pace.h"
#include "producer_room.h"
#include "state_teller.h"

/* What carries messages: a link, or a broker that a program's unit tests play. */
struct drive {
    enum amqpext_status (*start)(void *engine, struct amqpext_error *error);
    void (*wake)(void *engine);
    enum amqpext_status (*wait_ready)(void *engine, unsigned timeout_ms,
                                      struct amqpext_error *error);
    bool (*is_ready)(const void *engine);
    bool (*is_blocked)(const void *engine);
    bool (*is_own_thread)(const void *engine);
    bool (*is_started)(const void *engine);
    const struct endpoint *(*endpoint)(const void *engine);
    uint32_t (*frame_max)(const void *engine); /* I/O thread, during an epoch */
    void (*stats)(const void *engine, struct amqpext_connection_stats *out);
    void (*fail)(void *engine, const struct amqpext_error *error);
    void (*forgive)(void *engine);
    void (*finish)(void *engine, unsigned linger_ms);
    void (*join)(void *engine);
    void (*free)(void *engine);
};

struct amqpext_producer {
    /* Made once. */
    struct arena arena;
    struct amqpext_exchange exchange;
    struct amqpext_topology topology;
    const char *routing_key;
    const struct amqpext_serializer *serializer;
    enum amqpext_when_full when_full;
    unsigned full_timeout_ms, message_timeout_ms;
    size_t max_message_bytes;
    bool fail_when_blocked;
    enum amqpext_callbacks callbacks; /* not DEFAULT */
    const struct drive *drive;
    void *engine;
    struct jobs *jobs; /* NULL: callbacks run on the I/O thread */
    struct state_teller teller;
    bool has_teller;

    struct message_ids ids;
    _Atomic uint32_t frame_max; /* as far as a publisher need know: the ledger checks */

    pthread_mutex_t lock;
    struct ledger ledger;
    struct room room;
    pthread_cond_t progress; /* for those that flush */
    /* The least serial, and number of told callbacks, that one of them waits for; or UINT64_MAX. */
    uint64_t flush_serial, flush_told;
    uint64_t n_told; /* callbacks that have returned, or, with DISPATCH, can be dispatched */
    uint64_t asked_due_us; /* when the I/O thread means to look again by itself */
    bool is_closing; /* nothing more is accepted */
    bool is_ending; /* what is left is cancelled, and the I/O thread ends */
    unsigned linger_ms;

    pthread_mutex_t close_lock; /* one thread closes, others wait for it */
    bool is_closed;

    /* The I/O thread's. */
    struct confirms confirms;
    struct pace pace;
    bool is_finished;
};

extern const struct link_owner amqpext__producer_owner;

/* Makes the drive of a producer: sets `drive` and `engine`. Takes the endpoint over. */
typedef enum amqpext_status (*drive_new_fn)(struct amqpext_producer *producer,
                                            struct endpoint *endpoint, void *data,
                                            struct amqpext_error *error);
/* `data` is given to `drive_new`. */
enum amqpext_status amqpext__producer_make(const struct amqpext_producer_options *options,
                                           drive_new_fn drive_new, void *data,
                                           struct amqpext_producer **out,
                                           struct amqpext_error *error);
/* Frees one that is closed, or was never whole. */
void amqpext__producer_unmake(struct amqpext_producer *producer);
/* Fills what the options say, with the limits of the ledger. */
enum amqpext_status amqpext__producer_configure(struct amqpext_producer *producer,
                                                const struct amqpext_producer_options *options,
                                                struct ledger_limits *limits,
                                                struct amqpext_error *error);

/* Whether this thread is in a callback of the producer, where it must not wait. */
bool amqpext__producer_is_inside(const struct amqpext_producer *producer);

/* Tells outcomes. I/O thread, with the lock held before and after. */
void amqpext__producer_tell(struct amqpext_producer *producer);

#endif
