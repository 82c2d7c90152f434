/*
 * Routes: which handler answers which method and path.
 *
 * A pattern is a path whose parts may be parameters: "/books/{id:\\d+}" (in C source),
 * "/files/{name}.txt". `{name}` takes one or more characters up to the next slash; `{name:regex}`
 * takes what the PCRE2 expression matches, slashes included if it says so. Routing is done on the
 * path as sent: a %2f never separates. Parameters are percent-decoded afterwards. No path is
 * rewritten: "/books" and "/books/" are two paths, and "." and ".." mean nothing.
 *
 * The first route added whose pattern and method match answers. A path that only other methods
 * match is answered 405 with Allow, no match at all 404. HEAD is answered by GET's handler, OPTIONS
 * by the library with 204 and Allow, unless a route says otherwise.
 */
#ifndef BASEAPI_ROUTE_H
#define BASEAPI_ROUTE_H

#include <stddef.h>

#include <baseapi/app.h>
#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_middleware;
struct baseapi_request;

/*
 * Answers `request`, now or later, exactly once: baseapi_request_respond and its kin. It runs on
 * the worker's loop and must not block, unless the route is BASEAPI_BLOCKING; then it runs on a
 * thread of the pool and answers before it returns.
 */
typedef void (*baseapi_handler_fn)(struct baseapi_request *request, void *data);

enum baseapi_route_flags {
    BASEAPI_BLOCKING = 1, /* the handler may block: it runs on the app's pool of threads */
    BASEAPI_UNLISTED = 2 /* left out of the listing of routes */
};

/*
 * One route; members after `handler` may be left zero. Strings are copied; `data` and the
 * middlewares with their list must outlive the app.
 */
struct baseapi_route {
    const char *method; /* "GET"; upper or lower case matters; at most 32 characters */
    const char *pattern; /* at most 1024 bytes and 16 parameters; NULL ends a table */
    baseapi_handler_fn handler;
    void *data; /* given to the handler */
    unsigned flags; /* of enum baseapi_route_flags */
    const char *name; /* for baseapi_app_route_url; unique */
    const struct baseapi_middleware *const *middleware; /* NULL-terminated; run inside the app's */
    size_t max_body_bytes; /* default: the app's */
    unsigned handler_timeout_ms; /* default: the app's; at most 7 other values in an app */
};

/*
 * Adds one route without options; `data` is borrowed.
 *
 * Errors:  BASEAPI_EINVALID  method or pattern is malformed, the message says where; or both are
 *                            there already.
 *          BASEAPI_ESTATE    the app runs.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_route(struct baseapi_app *app, const char *method,
                                                  const char *pattern, baseapi_handler_fn handler,
                                                  void *data, struct baseapi_error *error);

/*
 * Adds a table of routes below `prefix`, which is put before every pattern ("" or "/shop"; it may
 * hold parameters). The table ends with a row whose pattern is NULL. Either all rows are added or
 * none.
 *
 * Errors:  as baseapi_app_route; also two routes of one name.
 * Since:   0.1
 */
#define baseapi_app_routes(app, prefix, table, error) \
    baseapi_app_routes_sized((app), (prefix), (table), sizeof(struct baseapi_route), (error))

/* What baseapi_app_routes calls; `row_size` lets rows grow in later versions. Since: 0.1 */
BASEAPI_API enum baseapi_status baseapi_app_routes_sized(struct baseapi_app *app,
                                                         const char *prefix,
                                                         const struct baseapi_route *table,
                                                         size_t row_size,
                                                         struct baseapi_error *error);

/*
 * Writes the path of the route named `name` into `url`, its parameters replaced in order by
 * `values` (NULL-terminated), which are percent-encoded. The result is NUL-terminated.
 *
 * Thread:  any thread while the app runs.
 * Errors:  BASEAPI_ENOTFOUND  no route has this name.
 *          BASEAPI_EINVALID   not as many values as parameters.
 *          BASEAPI_ELIMIT     `size` is too small.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_app_route_url(const struct baseapi_app *app,
                                                      const char *name, const char *const *values,
                                                      char *url, size_t size,
                                                      struct baseapi_error *error);

/*
 * A handler that lists the routes in the order in which they were added, parameters reduced to
 * their names; those of OPTIONS and BASEAPI_UNLISTED ones are left out:
 *
 *     {"available_resources":[{"method":"GET","url":"/books"},…]}
 *
 * Since:   0.1
 */
BASEAPI_API void baseapi_list_routes(struct baseapi_request *request, void *data);

BASEAPI_END_DECLS

#endif
