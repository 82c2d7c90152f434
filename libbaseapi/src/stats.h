/*
 * Counters of one worker: written by its thread alone, read by any.
 */
#ifndef BASEAPI_SRC_STATS_H
#define BASEAPI_SRC_STATS_H

#include <stdatomic.h>
#include <stdint.h>

struct worker_stats {
    _Atomic uint64_t requests;
    _Atomic uint64_t responses[5];
    _Atomic uint64_t cancelled;
    _Atomic uint64_t connections;
    _Atomic uint64_t active_connections;
    _Atomic uint64_t active_requests;
    _Atomic uint64_t refused_malformed;
    _Atomic uint64_t refused_limit;
    _Atomic uint64_t refused_connection;
    _Atomic uint64_t refused_busy;
    _Atomic uint64_t timeouts_header;
    _Atomic uint64_t timeouts_body;
    _Atomic uint64_t timeouts_handler;
    _Atomic uint64_t timeouts_send;
};

/* One writer: a load and a store, without the cost of a locked addition. */
static inline void stats_add(_Atomic uint64_t *counter, int64_t change)
{
    const uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, value + (uint64_t)change, memory_order_relaxed);
}

#endif
