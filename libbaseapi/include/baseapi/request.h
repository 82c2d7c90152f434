/*
 * A request as handlers and middlewares see it.
 *
 * It belongs to whoever has to answer it: from the moment a handler (or a middleware that returned
 * BASEAPI_PENDING) gets it until that calls baseapi_request_respond or one of its kin. The pointer
 * and everything borrowed from it is valid until then and not afterwards, even if the client has
 * gone or a deadline has answered meanwhile; the late answer is dropped, and gives the request
 * back. The end of an app's stop frees what was never given back.
 *
 * Thread:  the worker's thread, or the pool's thread that runs its BASEAPI_BLOCKING handler; one at
 *          a time.
 */
#ifndef BASEAPI_REQUEST_H
#define BASEAPI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <baseapi/app.h>
#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_request;

/*
 * Depth of JSON that a body may have: deeper nesting costs a reader stack and no interface of this
 * library needs it.
 */
#define BASEAPI_MAX_JSON_DEPTH 64

/* "GET". Since: 0.1 */
BASEAPI_API const char *baseapi_request_method(const struct baseapi_request *request);

/* Path and query as sent, also in absolute form ("http://host/…"). Since: 0.1 */
BASEAPI_API const char *baseapi_request_target(const struct baseapi_request *request);

/* The path as sent, percent-encoding and all, without scheme and host. Since: 0.1 */
BASEAPI_API const char *baseapi_request_path(const struct baseapi_request *request);

/* What follows the first '?', as sent, "" when nothing does. Since: 0.1 */
BASEAPI_API const char *baseapi_request_query(const struct baseapi_request *request);

/* Value of the first header field of that name (in any case), or NULL. Since: 0.1 */
BASEAPI_API const char *baseapi_request_header(const struct baseapi_request *request,
                                               const char *name);

/*
 * The header fields in the order sent; *name and *value are set, and true returned, when `index` is
 * below the count.
 *
 * Since:   0.1
 */
BASEAPI_API size_t baseapi_request_header_count(const struct baseapi_request *request);
BASEAPI_API bool baseapi_request_header_at(const struct baseapi_request *request, size_t index,
                                           const char **name, const char **value);

/* The whole body, NUL behind its `*size` bytes; "" without one. `size` may be NULL. Since: 0.1 */
BASEAPI_API const char *baseapi_request_body(const struct baseapi_request *request, size_t *size);

/*
 * The body as JSON of at most BASEAPI_MAX_JSON_DEPTH levels, parsed at the first call; *out is
 * borrowed. A member that comes twice in an object is refused. baseapi_respond_error makes the
 * answer 400 `invalid_format` of the error.
 *
 * Errors:  BASEAPI_EFORMAT  no body, not UTF-8, not JSON or too deep.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_json(struct baseapi_request *request, json_t **out,
                                                     struct baseapi_error *error);

/* The pattern of the route that answers, or NULL when none matched. Since: 0.1 */
BASEAPI_API const char *baseapi_request_route(const struct baseapi_request *request);

/* A parameter of the route, percent-decoded; NULL when it has none of that name. Since: 0.1 */
BASEAPI_API const char *baseapi_request_path_parameter(const struct baseapi_request *request,
                                                       const char *name);

/*
 * The same as a decimal number with an optional '-'.
 *
 * Errors:  BASEAPI_ENOTFOUND  no parameter of that name.
 *          BASEAPI_EINVALID   not a number, or beyond 64 bits.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_path_integer(const struct baseapi_request *request,
                                                             const char *name, int64_t *out);

/* Identifies the request in logs and as X-Request-Id of the answer. Since: 0.1 */
BASEAPI_API const char *baseapi_request_id(const struct baseapi_request *request);

/* Numeric address of the client without port, "" if not known. Since: 0.1 */
BASEAPI_API const char *baseapi_request_peer(struct baseapi_request *request);

/* Monotonic microseconds when its request line was complete. Since: 0.1 */
BASEAPI_API uint64_t baseapi_request_started_us(const struct baseapi_request *request);

/* The app and the worker that serve the request. Since: 0.1 */
BASEAPI_API struct baseapi_app *baseapi_request_app(const struct baseapi_request *request);
BASEAPI_API struct baseapi_worker *baseapi_request_worker(const struct baseapi_request *request);

/*
 * The worker's database client, for its thread only: NULL on a pool thread (use the blocking
 * functions of libminiorm there) and without baseapi_app_set_database.
 *
 * Since:   0.1
 */
BASEAPI_API struct miniorm_client *baseapi_request_database(const struct baseapi_request *request);

/* Memory as long as the request lives, aligned for any type; NULL when it ran out. Since: 0.1 */
BASEAPI_API void *baseapi_request_alloc(struct baseapi_request *request, size_t size);

/*
 * What middlewares hand on to handlers: a pointer, borrowed, under the address of any object of the
 * program, such as a static variable. Setting replaces; NULL when nothing was set.
 *
 * Errors:  BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_set_data(struct baseapi_request *request,
                                                         const void *key, void *value);
BASEAPI_API void *baseapi_request_data(const struct baseapi_request *request, const void *key);

/*
 * Calls `cancelled` once on the worker's thread if the client goes away or a deadline answers
 * before the handler does: the chance to stop work nobody waits for. The handler still has to
 * answer, which gives the request back. A second call replaces the first, NULL takes it back.
 *
 * Thread:  the worker's thread.
 * Since:   0.1
 */
typedef void (*baseapi_cancelled_fn)(struct baseapi_request *request, void *data);
BASEAPI_API void baseapi_request_on_cancel(struct baseapi_request *request,
                                           baseapi_cancelled_fn cancelled, void *data);

/*
 * Whether nobody waits for the answer any more.
 *
 * Thread:  any thread, while whoever has the request keeps it.
 * Since:   0.1
 */
BASEAPI_API bool baseapi_request_is_cancelled(const struct baseapi_request *request);

BASEAPI_END_DECLS

#endif
