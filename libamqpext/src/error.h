/*
 * Filling a struct amqpext_error. Every function takes NULL as error, returns the status it was
 * given, and leaves an error that is already filled as it is (the first one wins). Nothing here
 * allocates.
 */
#ifndef AMQPEXT_SRC_ERROR_H
#define AMQPEXT_SRC_ERROR_H

#include <amqpext/status.h>

enum amqpext_status amqpext__fail(struct amqpext_error *error, enum amqpext_status status,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with an errno value, whose text ends the message. */
enum amqpext_status amqpext__fail_errno(struct amqpext_error *error, enum amqpext_status status,
                                        int system_errno, const char *what);

enum amqpext_status amqpext__fail_memory(struct amqpext_error *error);

/* The same with the code of the broker's reply. */
enum amqpext_status amqpext__fail_reply(struct amqpext_error *error, enum amqpext_status status,
                                        int reply_code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Copies a filled error to the caller's. */
enum amqpext_status amqpext__fail_copy(struct amqpext_error *error,
                                       const struct amqpext_error *from);

#endif
