/*
 * What the files of a consumer share. Each part names the thread that it belongs to; what other
 * threads read is atomic or behind `lock`, under which no user code runs.
 *
 *   consumer.c           life: new, start, run, stop, free
 *   consumer_options.c   the options, checked and copied
 *   consumer_plan.c      what is declared on every connect
 *   consumer_link.c      what the link tells [I/O]
 *   consumer_flow.c      whether the broker has us as a consumer: pause, cancel, watch [I/O]
 *   consumer_handle.c    from a delivery to its verdict, on whatever thread
 *   settle_turn.c        from a verdict to the broker [I/O]
 *   consumer_live.c      all deliveries there are; which of them are slow [I/O]
 *   drain.c              the way out [I/O]
 *   consumer_figures.c   what it tells about itself
 */
#ifndef AMQPEXT_SRC_CONSUMER_STATE_H
#define AMQPEXT_SRC_CONSUMER_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <amqpext/consumer.h>

#include "ack_window.h"
#include "consumer_options.h"
#include "delivery.h"
#include "jobs.h"
#include "link.h"
#include "retry.h"
#include "settle_queue.h"
#include "state_teller.h"

/* Names on the wire have at most 255 bytes. */
enum { NAME_SIZE = 256 };

enum flow_state {
    FLOW_NONE = 0, /* no channel */
    FLOW_OFF, /* a channel, and nothing is consumed */
    FLOW_STARTING, /* basic.consume is not answered yet */
    FLOW_ON,
    FLOW_STOPPING /* basic.cancel is not answered yet */
};

struct flow {
    enum flow_state state;
    bool is_planned; /* the plan that is carried out consumes */
    bool is_asking; /* the passive queue.declare is not answered yet */
    unsigned zeros; /* answers in a row that nobody consumes */
    char tag[NAME_SIZE]; /* of the consumer */
    uint64_t answer_due_us; /* of whatever is not answered; NEVER */
    uint64_t ask_us; /* when the broker is asked next */
};

enum drain_state {
    DRAIN_NONE = 0,
    DRAIN_WAITING, /* for the cancel-ok, handlers, deferred deliveries, copies */
    DRAIN_OVER
};

enum consumer_life {
    LIFE_NEW = 0,
    LIFE_RUNNING,
    LIFE_DRAINED, /* the I/O thread is done */
    LIFE_ENDING, /* somebody joins the threads */
    LIFE_OVER
};

struct consumer_counters {
    _Atomic uint64_t delivered, redelivered, acknowledged, retried, dead_lettered, dropped,
        requeued, undecodable, failed, stale, ack_frames, cancelled, in_flight;
    _Atomic uint64_t last_delivery_us; /* 0 before the first */
};

struct amqpext_consumer {
    struct consumer_setup setup; /* never changes */
    struct link *link;
    struct jobs *jobs;
    struct retry *retry;
    struct state_teller states;
    struct settle_queue verdicts;
    struct consumer_counters counters;
    /* Requests. */
    _Atomic bool is_paused;
    _Atomic bool is_stop_requested;
    _Atomic bool skips_deferred; /* the stop does not wait for them */
    _Atomic uint64_t drain_deadline_us; /* 0: none yet; as the options say from when it begins */
    /* [I/O]; `is_on` is read by others. */
    _Atomic bool is_on;
    uint64_t epoch; /* 0 while there is none */
    uint64_t last_tag;
    bool has_added; /* deliveries since workers were woken last */
    struct ack_window window;
    struct flow flow;
    bool asks_for_cancel; /* of the broker, when the queue crashes */
    bool is_cancel_refused; /* the queue knows no such wish */
    enum drain_state drain;
    struct amqpext_delivery *live_first, *live_last; /* all, in the order of arrival */
    uint64_t slow_due_us;
    /* Behind `lock`. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum consumer_life life;
    bool has_timed_out;
    char queue_name[NAME_SIZE];
    struct amqpext_histogram handler_time;
};

static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline bool consumer_is_draining(const struct amqpext_consumer *consumer)
{
    return consumer->drain != DRAIN_NONE;
}

/* settle.c and others: whether a delivery of that epoch can still be settled. */
bool amqpext__consumer_is_current(const struct amqpext_consumer *consumer, uint64_t epoch);

/* consumer_link.c */
extern const struct link_owner amqpext__consumer_owner;

/* consumer_plan.c */
enum { MARK_MAIN_QUEUE = 1, MARK_CONSUME = 1000, MARK_OTHER = 2000 };
enum amqpext_status amqpext__consumer_plan(struct amqpext_consumer *consumer,
                                           const struct broker *broker, struct plan *plan,
                                           struct amqpext_error *error);
struct consume amqpext__consumer_consume(const struct amqpext_consumer *consumer);

/* consumer_flow.c [I/O] */
bool amqpext__flow_is_wanted(const struct amqpext_consumer *consumer);
void amqpext__flow_begin(struct amqpext_consumer *consumer);
void amqpext__flow_end(struct amqpext_consumer *consumer);
void amqpext__flow_turn(struct amqpext_consumer *consumer, uint64_t now_us);
uint64_t amqpext__flow_due_us(const struct amqpext_consumer *consumer);
/* False for what does not belong here. */
bool amqpext__flow_method(struct amqpext_consumer *consumer, const struct method *method);
void amqpext__flow_set_tag(struct amqpext_consumer *consumer, struct bytes tag);

/* consumer_handle.c, any thread. */
/* To its handler; amqpext__jobs_wake must follow. */
void amqpext__consumer_add(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery);
/*
 * The verdict is there: passes the delivery on, to the retry engine or the I/O thread. False: it
 * was stale.
 */
bool amqpext__consumer_conclude(struct amqpext_delivery *delivery);
/* Whether what is rejected for good goes to dead letters of the queue's own, as far as is known. */
bool amqpext__consumer_keeps_discarded(const struct amqpext_consumer *consumer);
void amqpext__consumer_copied(void *consumer, struct amqpext_delivery *delivery, bool is_safe);

/* consumer_live.c [I/O] */
void amqpext__live_add(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery);
/* Takes it out and frees it. */
void amqpext__live_end(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery);
/* Whether deliveries of this epoch are unsettled that a stop waits for. */
bool amqpext__live_is_awaited(const struct amqpext_consumer *consumer);
/* From here on each is its holder's to free. */
void amqpext__live_forget(struct amqpext_consumer *consumer);
void amqpext__live_turn(struct amqpext_consumer *consumer, uint64_t now_us);

/* settle_turn.c [I/O] */
void amqpext__settle_turn(struct amqpext_consumer *consumer, uint64_t now_us);
/* What no handler has begun goes back to the queue. */
void amqpext__settle_unbegun(struct amqpext_consumer *consumer);
void amqpext__settle_flush(struct amqpext_consumer *consumer, uint64_t now_us, bool all);
/* No more verdicts are taken. */
void amqpext__settle_close(struct amqpext_consumer *consumer, uint64_t now_us);

/* drain.c [I/O] */
void amqpext__drain_turn(struct amqpext_consumer *consumer, uint64_t now_us);
uint64_t amqpext__drain_due_us(const struct amqpext_consumer *consumer);

#endif
