/*
 * Answers: a status, header fields and a body.
 *
 * Every answer gets, unless set: Content-Type "application/json; charset=utf-8" (with a body),
 * Cache-Control "no-store", X-Request-Id, Content-Length, Date. Statuses 204 and 304 never have a
 * body.
 *
 * Functions that answer give the request back: it must not be used after them, whatever they
 * return. Should memory run out while an answer is made, the client gets a 500 that needs none.
 * Responses, with what they hold, belong to their request.
 *
 * Thread:  whoever has the request; functions that answer from any thread.
 */
#ifndef BASEAPI_RESPONSE_H
#define BASEAPI_RESPONSE_H

#include <stddef.h>

#include <jansson.h>

#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_request;
struct baseapi_response;

/*
 * Makes an answer with `status` (200 to 599) and no body. It lives as long as the request, so there
 * is nothing to free. NULL when memory ran out or the status is none.
 *
 * Since:   0.1
 */
BASEAPI_API struct baseapi_response *baseapi_response_new(struct baseapi_request *request,
                                                          unsigned status);

/* The status set so far. Since: 0.1 */
BASEAPI_API unsigned baseapi_response_status(const struct baseapi_response *response);

/*
 * Replaces the status.
 *
 * Errors:  BASEAPI_EINVALID  not 200 to 599: nothing was set.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_response_set_status(struct baseapi_response *response,
                                                            unsigned status);

/*
 * Sets a header field in place of those of the same name, or adds one more. Both are copied. A NULL
 * value only removes. Connection, Content-Length, Transfer-Encoding and Date are the server's and
 * refused.
 *
 * Errors:  BASEAPI_EINVALID  the name is no token or the server's, or the value is empty or holds a
 *                            control character other than tab: nothing was set.
 *          BASEAPI_ELIMIT    more than 64 fields, or more than 7 KiB of names and values.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_response_set_header(struct baseapi_response *response,
                                                            const char *name, const char *value);
BASEAPI_API enum baseapi_status baseapi_response_add_header(struct baseapi_response *response,
                                                            const char *name, const char *value);

/* Value of the first field of that name (in any case) set so far, or NULL. Since: 0.1 */
BASEAPI_API const char *baseapi_response_header(const struct baseapi_response *response,
                                                const char *name);

/*
 * Sets the body in place of the one before: a copy of `data`, or `data` itself, which `free_data`
 * frees on the worker's thread once it is not needed any more (NULL: it outlives the request).
 *
 * Errors:  BASEAPI_ENOMEM  of the copy: the body is as before. Taking cannot fail.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_response_set_body(struct baseapi_response *response,
                                                          const void *data, size_t size);
BASEAPI_API enum baseapi_status baseapi_response_set_body_take(struct baseapi_response *response,
                                                               void *data, size_t size,
                                                               void (*free_data)(void *data));

/* The body set so far; NULL and 0 without one. `size` may be NULL. Since: 0.1 */
BASEAPI_API const void *baseapi_response_body(const struct baseapi_response *response,
                                              size_t *size);

/*
 * Answers with `response`; NULL (from a baseapi_response_new that failed) answers 500.
 *
 * Errors:  BASEAPI_EANSWERED   its handler has answered before: the first answer stands.
 *          BASEAPI_ECANCELLED  nobody waits any more: the answer was dropped.
 *          BASEAPI_ENOMEM      500 was answered.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_respond(struct baseapi_request *request,
                                                        struct baseapi_response *response);

/* Answers without a body, such as 204. Errors: as baseapi_request_respond. Since: 0.1 */
BASEAPI_API enum baseapi_status baseapi_respond_status(struct baseapi_request *request,
                                                       unsigned status);

/*
 * Answers with JSON, written compactly; the second form takes the caller's reference to `body`.
 * NULL answers 500.
 *
 * Errors:  as baseapi_request_respond.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_respond_json(struct baseapi_request *request,
                                                     unsigned status, const json_t *body);
BASEAPI_API enum baseapi_status baseapi_respond_json_take(struct baseapi_request *request,
                                                          unsigned status, json_t *body);

/*
 * Answers with text, which is copied; content_type NULL is "text/plain; charset=utf-8".
 *
 * Errors:  as baseapi_request_respond.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_respond_text(struct baseapi_request *request,
                                                     unsigned status, const char *content_type,
                                                     const char *text);

BASEAPI_END_DECLS

#endif
