/*
 * What an app consists of; for the files that make, start and stop it.
 */
#ifndef BASEAPI_SRC_APP_STATE_H
#define BASEAPI_SRC_APP_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <baseapi/app.h>
#include <baseapi/middleware.h>
#include <baseapi/stats.h>

#include "app.h"
#include "arena.h"
#include "worker.h"

/* Most workers an app can have: more than cores of any machine it was meant for. */
#define MAX_WORKERS 256

struct blocking;
struct peers;
struct router;

struct hook_node {
    struct baseapi_worker_hook hook;
    struct hook_node *next;
};

struct part_node {
    struct app_part part;
    struct part_node *next, *previous;
};

struct baseapi_app {
    struct baseapi_app_options options; /* with defaults filled in; strings in the arena */
    struct arena arena;
    struct router *router;
    const struct baseapi_middleware **middlewares;
    size_t middleware_count, middleware_capacity;
    struct hook_node *hooks, *last_hook; /* in order of addition */
    struct part_node *parts, *last_part;
    struct miniorm_database *database;
    struct peers *peers;
    struct blocking *blocking;
    unsigned timeout_ms[MAX_TIMEOUT_CLASSES]; /* of handlers; the first is the app's */
    unsigned timeout_count;

    bool is_running;
    atomic_uint port;
    int stop_fd; /* an eventfd: baseapi_app_request_stop makes it readable */
    struct baseapi_worker *workers[MAX_WORKERS];
    unsigned worker_count;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a worker changed its state */
    struct baseapi_stats past; /* of workers that are gone */
};

/* Fills in defaults and checks ranges. Errors: BASEAPI_EINVALID, BASEAPI_ENOMEM. */
enum baseapi_status baseapi__options_fill(struct baseapi_app_options *options, struct arena *arena,
                                          struct baseapi_error *error);

/* Adds the counters of a worker to `stats`. */
void baseapi__stats_collect(const struct baseapi_worker *worker, struct baseapi_stats *stats);

#endif
