/*
 * Random faults, one after the other, on a thread of its own: what a broker, a network and an
 * operator may do to a producer and a consumer, each behind a proxy of its own. Each kind comes once
 * before any comes again.
 */
#ifndef LIVE_STORM_H
#define LIVE_STORM_H

#include <amqpext/consumer.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "book.h"
#include "chance.h"
#include "support/fault_proxy.h"

enum storm_fault {
    STORM_CUT, /* after a random number of bytes */
    STORM_RESET,
    STORM_STALL, /* both directions, sometimes for longer than the heartbeat allows */
    STORM_STALL_ONE_WAY,
    STORM_SLOW,
    STORM_REFUSE,
    STORM_CLOSED_BY_BROKER,
    STORM_FREEZE, /* SIGSTOP of the broker */
    STORM_ALARM,
    STORM_CRASH_QUEUE,
    STORM_DELETE_QUEUE,
    STORM_PAUSE, /* of the consumer, by itself */
    STORM_KILL, /* SIGKILL of the broker, and a new start */
    STORM_FAULTS
};

struct storm {
    /* Set by the test. */
    struct chance chance;
    struct fault_proxy *proxies[2]; /* of the producer, of the consumer */
    struct amqpext_consumer *consumer;
    struct book *book;
    const char *queue;
    unsigned wanted; /* bits: kinds of faults that may happen */
    unsigned kill_every; /* of so many faults one is a kill; 0: none */
    /* Its own. */
    pthread_t thread;
    atomic_bool is_over;
    atomic_bool holds; /* nobody may publish */
    atomic_size_t counts[STORM_FAULTS], total; /* faults that are over */
    atomic_bool has_failed; /* the broker could not be controlled */
};

const char *storm_name(enum storm_fault fault);
void storm_begin(struct storm *storm);
/* Waits for the fault under way, and mends everything. */
void storm_end(struct storm *storm);

#endif
