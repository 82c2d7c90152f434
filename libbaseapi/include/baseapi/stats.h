/*
 * Counters of an app, kept per worker and added up when they are read.
 */
#ifndef BASEAPI_STATS_H
#define BASEAPI_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <baseapi/export.h>

BASEAPI_BEGIN_DECLS

struct baseapi_app;

/* Counters since the app was made; `size` is set by the caller to sizeof(struct baseapi_stats). */
struct baseapi_stats {
    size_t size;
    uint64_t requests; /* request lines read */
    uint64_t responses[5]; /* answers by class: 1xx to 5xx at index 0 to 4 */
    uint64_t cancelled; /* requests whose client went away before the answer */
    uint64_t connections; /* accepted */
    uint64_t active_connections; /* now */
    uint64_t active_requests; /* now */
    uint64_t refused_malformed; /* by the guard: 400, 417, 501, 505 */
    uint64_t refused_limit; /* 413, 414, 431 */
    uint64_t refused_connection; /* closed over max_connections or max_connections_per_ip */
    uint64_t refused_busy; /* 503: the queue of blocking handlers was full */
    uint64_t timeouts_header;
    uint64_t timeouts_body;
    uint64_t timeouts_handler;
    uint64_t timeouts_send;
};

#define BASEAPI_STATS_INIT BASEAPI_INIT_(baseapi_stats)

/*
 * Copies the counters, as many as fit into stats->size; those of different workers are not of the
 * very same moment.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API void baseapi_app_stats(const struct baseapi_app *app, struct baseapi_stats *stats);

BASEAPI_END_DECLS

#endif
