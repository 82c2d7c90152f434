/*
 * Filling a struct promon_error. Every function takes NULL as error, returns the status it was
 * given, and leaves an error that is already filled as it is (the first one wins). Nothing here
 * allocates.
 */
#ifndef PROMON_SRC_ERROR_H
#define PROMON_SRC_ERROR_H

#include <promon/status.h>

enum promon_status promon__fail(struct promon_error *error, enum promon_status status,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with an errno value, whose text ends the message. */
enum promon_status promon__fail_errno(struct promon_error *error, enum promon_status status,
                                      int system_errno, const char *what);

enum promon_status promon__fail_memory(struct promon_error *error);

/* The same with the status of an HTTP answer. */
enum promon_status promon__fail_http(struct promon_error *error, enum promon_status status,
                                     int http_status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Copies a filled error to the caller's. */
enum promon_status promon__fail_copy(struct promon_error *error, const struct promon_error *from);

#endif
