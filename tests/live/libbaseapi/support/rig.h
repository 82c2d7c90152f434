/*
 * An app for tests of the HTTP layer itself: handlers of every kind, and nothing underneath.
 *
 *     GET  /hello            {"hello":"world"}
 *     GET  /after            the same; asked behind other requests
 *     POST /echo             the body, and in X-Body-Size its size
 *     POST /json             the body parsed and written again
 *     GET  /books/{id:\d+}   {"id":N}
 *     GET  /names/{name}     {"name":"…"}, decoded
 *     GET  /query            the query as it came
 *     GET  /large/{size:\d+} that many bytes
 *     GET  /later/{ms:\d+}   hello after that time
 *     GET  /patient/{ms:\d+} the same, with a deadline beyond all waiting
 *     GET  /never            no answer; cancelling is counted, and lets the request go
 *     GET  /forget           no answer at all
 *     GET  /block/{ms:\d+}   hello from a thread of the pool, after that time
 *     GET  /careless         a blocking handler that returns without an answer
 *     GET  /twice            answers twice
 *     GET  /thread           hello from a thread of its own
 *     GET  /quick            never answered, with a deadline of 100 ms
 *     POST /small            at most 10 bytes of body
 */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include <baseapi/baseapi.h>

struct rig {
    struct baseapi_app_options options;
    struct baseapi_app *app;
    unsigned port;
    atomic_uint entered; /* handlers that were called */
    atomic_uint cancelled; /* cancellations told */
    atomic_uint second; /* status of the second of two answers */
    atomic_uint accesses; /* lines of the access log */
    atomic_uint errors; /* lines of the error log that somebody has to look at */
    pthread_mutex_t lock; /* for the two lines, which are kept with one worker only */
    char last_access[2048];
    char last_log[512];
};

/* Makes the app: options with two workers and a port of the kernel's choice, its routes, no middlewares. */
void rig_prepare(struct rig *rig);
void rig_declare(struct rig *rig);
void rig_start(struct rig *rig);

/* All three. */
void rig_run(struct rig *rig);

/* Stops, waiting up to drain_ms, and frees; returns what baseapi_app_stop did. */
enum baseapi_status rig_stop(struct rig *rig, unsigned drain_ms);

/* Whether the last line of the access log, or of the error log, has `part` in it. */
bool rig_has_accessed(struct rig *rig, const char *part);
bool rig_has_logged(struct rig *rig, const char *part);

struct baseapi_stats rig_stats(const struct rig *rig);

/* Waits, not for ever, until a counter reaches `count`; false when it did not. */
bool rig_await(const atomic_uint *counter, unsigned count);

/* Waits, not for ever, until the app has no connection any more. */
bool rig_await_idle(const struct rig *rig);

#endif
