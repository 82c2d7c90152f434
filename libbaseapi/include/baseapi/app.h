/*
 * The app: an HTTP server of several worker threads, what it listens on, its limits and its life.
 *
 *     struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
 *     struct baseapi_app *app;
 *     options.port = 9000;
 *     baseapi_app_new(&options, &app, &error);
 *     baseapi_app_route(app, "GET", "/hello", hello, NULL, &error);
 *     baseapi_app_run(app, &error);
 *     baseapi_app_free(app);
 *
 * Order: new; routes, resources, middlewares, database; then run, or start and later stop; free.
 * An app that was stopped can be started again.
 *
 * Thread:  one thread at a time, except where a function says more.
 */
#ifndef BASEAPI_APP_H
#define BASEAPI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <miniorm/loop.h>

#include <baseapi/export.h>
#include <baseapi/log.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_app;
struct baseapi_worker;
struct miniorm_client;
struct miniorm_database;

#define BASEAPI_DEFAULT_PORT 9000
/* Value of `port`: the kernel chooses, baseapi_app_port tells. */
#define BASEAPI_PORT_ANY (-1)

/* Zero of every field means its default. Strings are copied, `_data` is borrowed. */
struct baseapi_app_options {
    size_t size; /* sizeof(struct baseapi_app_options) */
    /* Numeric IPv4 or IPv6; default "127.0.0.1"; "0.0.0.0" or "::" for every interface. */
    const char *address;
    int port; /* default 9000; BASEAPI_PORT_ANY: the kernel chooses */
    /* Listens beside other processes of this user, for restarts without a gap; default: refuses. */
    bool share_port;
    unsigned workers; /* threads that serve requests; default one per core, at most 256 */
    unsigned blocking_threads; /* for BASEAPI_BLOCKING handlers, if there are any; default 4 */
    unsigned blocking_queue; /* requests that may wait for one; default 256; more get 503 */

    /*
     * Of the whole app; default 4096; more are closed at once. Never more than seven eighths of the
     * descriptors that the process may open (RLIMIT_NOFILE) without eight for each worker.
     */
    unsigned max_connections;
    /* More are closed at once; default none, as a reverse proxy has one address. */
    unsigned max_connections_per_ip;
    size_t max_target_bytes; /* path and query; default 8192, at most 16384; more is 414 */
    size_t max_header_bytes; /* names and values; default 12288, at most 16384; more is 431 */
    unsigned max_header_count; /* default 64, at most 128; more is 431 */
    size_t max_body_bytes; /* default 1 MiB, at most 2 GiB; a route can have its own; more is 413 */

    /* From the first byte (or the connection) to the last header; default 10 s; then 408. */
    unsigned header_timeout_ms;
    unsigned body_timeout_ms; /* for the whole body; default 60 s; then 408 */
    unsigned min_bytes_per_s; /* least rate of bodies, and of answers being read; default 240 */
    /* Until a handler answers; default 30 s; a route can have its own; then 504. */
    unsigned handler_timeout_ms;
    unsigned send_timeout_ms; /* without progress of an answer at min_bytes_per_s; default 30 s */
    unsigned idle_timeout_ms; /* between two requests of a connection; default 60 s */
    unsigned drain_timeout_ms; /* of baseapi_app_run's stop; default 30 s */

    bool debug; /* a 500 tells its cause to the client; for development only */
    /* X-Request-Id of the client is kept, if it is 1 to 64 characters of A-Z a-z 0-9 . _ - */
    bool accept_request_id;

    baseapi_access_log_fn access_log; /* default none */
    void *access_log_data;
    baseapi_error_log_fn error_log; /* default none */
    void *error_log_data;
};

#define BASEAPI_APP_OPTIONS_INIT BASEAPI_INIT_(baseapi_app_options)

/*
 * Makes an app. `options` may be NULL. *out is untouched on failure; free it with baseapi_app_free.
 *
 * Errors:  BASEAPI_EINVALID    an option is out of range, the message names it.
 *          BASEAPI_ERESOURCES  no descriptor to be had.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_new(const struct baseapi_app_options *options,
                                                struct baseapi_app **out,
                                                struct baseapi_error *error);

/* Frees the app; one that still runs is stopped without drain. NULL is allowed. Since: 0.1 */
BASEAPI_API void baseapi_app_free(struct baseapi_app *app);

/*
 * Gives every worker a client of `database`, opened on its loop when it starts and closed when it
 * stops; handlers get it by baseapi_request_database. The database is borrowed and must outlive the
 * app.
 *
 * Errors:  BASEAPI_ESTATE  the app runs.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_set_database(struct baseapi_app *app,
                                                         struct miniorm_database *database,
                                                         struct baseapi_error *error);

/*
 * What each worker does when it starts, on its own thread, before it serves: for clients of other
 * servers on its loop. A start that fails makes baseapi_app_start fail with the same error. Stops
 * run in reverse order, of those whose start succeeded.
 */
struct baseapi_worker_hook {
    enum baseapi_status (*start)(struct baseapi_worker *worker, void *data,
                                 struct baseapi_error *error);
    void (*stop)(struct baseapi_worker *worker, void *data);
    void *data;
};

/*
 * Adds a hook; the structure is copied. Either function may be NULL.
 *
 * Errors:  BASEAPI_ESTATE  the app runs.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_add_worker_hook(struct baseapi_app *app,
                                                            const struct baseapi_worker_hook *hook,
                                                            struct baseapi_error *error);

/* Number of a worker, from 0. Since: 0.1 */
BASEAPI_API unsigned baseapi_worker_index(const struct baseapi_worker *worker);

/* The loop of a worker, to be used on its thread only. Since: 0.1 */
BASEAPI_API const struct miniorm_loop *baseapi_worker_loop(const struct baseapi_worker *worker);

/* A worker's database client, to be used on its thread only; NULL without any. Since: 0.1 */
BASEAPI_API struct miniorm_client *baseapi_worker_database(const struct baseapi_worker *worker);

/*
 * Starts the workers and returns when all of them listen.
 *
 * Errors:  BASEAPI_ESTATE      it runs already.
 *          BASEAPI_EINVALID    the address, a route or a resource is wrong: the message says which.
 *          BASEAPI_ELISTEN     address and port cannot be listened on.
 *          BASEAPI_EDATABASE   the database client of a worker cannot be opened.
 *          BASEAPI_ESERVER, BASEAPI_ERESOURCES, BASEAPI_ENOMEM, and what a worker hook returns.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_start(struct baseapi_app *app,
                                                  struct baseapi_error *error);

/*
 * Stops gracefully: no new connections, idle ones are closed, requests under way are finished and
 * answered with "Connection: close". What still runs after `drain_timeout_ms` is cut off; 0 cuts at
 * once. Returns when all threads have ended: a BASEAPI_BLOCKING handler is waited for even so.
 *
 * Errors:  BASEAPI_ESTATE     it does not run.
 *          BASEAPI_ETIMEDOUT  it was stopped, but requests were cut off.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_stop(struct baseapi_app *app, unsigned drain_timeout_ms,
                                                 struct baseapi_error *error);

/*
 * Starts, waits for baseapi_app_request_stop, and stops with the app's drain_timeout_ms.
 *
 * Errors:  those of baseapi_app_start and baseapi_app_stop.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_run(struct baseapi_app *app,
                                                struct baseapi_error *error);

/*
 * Makes baseapi_app_run return; one that comes before it is remembered.
 *
 * Thread:  any thread, and signal handlers.
 * Since:   0.1
 */
BASEAPI_API void baseapi_app_request_stop(struct baseapi_app *app);

/* The port listened on; 0 before the first start. Thread: any thread. Since: 0.1 */
BASEAPI_API unsigned baseapi_app_port(const struct baseapi_app *app);

BASEAPI_END_DECLS

#endif
