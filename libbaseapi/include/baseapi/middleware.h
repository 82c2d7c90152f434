/*
 * Middlewares: what happens around handlers, such as authentication, headers of every answer, or
 * measuring.
 *
 * `before` functions run in the order of baseapi_app_use, then those of the route, then the
 * handler; `after` functions of those that were entered run in reverse order, just before the
 * answer is sent. The app's middlewares see every complete request, also one that no route matches;
 * what the guard refuses (malformed, too large) reaches none, and an answer that the library gives
 * in a handler's place (no memory, deadline) passes no `after`.
 */
#ifndef BASEAPI_MIDDLEWARE_H
#define BASEAPI_MIDDLEWARE_H

#include <baseapi/app.h>
#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_request;
struct baseapi_response;

enum baseapi_flow {
    BASEAPI_CONTINUE = 0, /* go on with the next middleware or the handler */
    /* Wait: baseapi_request_resume goes on, or an answer has been or will be given. */
    BASEAPI_PENDING = 1
};

/*
 * Declared as a constant; it must outlive the app. Functions run on the worker's loop, must not
 * block, and may be NULL. A `before` that answers (baseapi_request_respond and its kin) returns
 * BASEAPI_PENDING.
 */
struct baseapi_middleware {
    const char *name; /* for messages; may be NULL */
    enum baseapi_flow (*before)(struct baseapi_request *request, void *data);
    void (*after)(struct baseapi_request *request, struct baseapi_response *response, void *data);
    void *data;
};

/*
 * Adds a middleware around all routes; it is borrowed.
 *
 * Errors:  BASEAPI_ESTATE  the app runs.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_use(struct baseapi_app *app,
                                                const struct baseapi_middleware *middleware,
                                                struct baseapi_error *error);

/*
 * Goes on behind a `before` that returned BASEAPI_PENDING. May be called before it has returned.
 * Whatever is returned, the request is not the caller's any more.
 *
 * Thread:  any thread; from another one than the worker's it is always BASEAPI_OK, as the worker
 *          goes on later.
 * Errors:  BASEAPI_EANSWERED   the request has its answer.
 *          BASEAPI_ECANCELLED  it ended meanwhile and is freed by this call.
 *          BASEAPI_ESTATE      no middleware waits.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_resume(struct baseapi_request *request);

BASEAPI_END_DECLS

#endif
