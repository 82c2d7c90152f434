/*
 * Filling a caller's struct baseapi_error.
 */
#ifndef BASEAPI_SRC_ERROR_H
#define BASEAPI_SRC_ERROR_H

#include <baseapi/status.h>

/*
 * Notes `status` and the message, unless `error` is NULL or holds an error already, and returns
 * `status`. Never allocates; errno is kept. The message loses its control characters.
 */
enum baseapi_status baseapi__fail(struct baseapi_error *error, enum baseapi_status status,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same for what the operating system refused, whose text is added: "cannot bind: Address
 * already in use".
 */
enum baseapi_status baseapi__fail_errno(struct baseapi_error *error, enum baseapi_status status,
                                        int system_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a fault with an answer for the client. */
enum baseapi_status baseapi__fail_http(struct baseapi_error *error, enum baseapi_status status,
                                       int http_status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
