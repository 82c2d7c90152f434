/*
 * Channel: a connection of a probe, plain or by TLS, on which everything waits until one deadline.
 * Part of each module that speaks a protocol of requests and answers itself.
 *
 * What goes wrong is kept here and not told to the result: a connection that was kept from an
 * earlier check may be replaced by a new one before anybody hears of it. The first trouble stays.
 *
 * Order: init; open, secure if wanted; send, read; close. Or, kept: is_idle, resume, send, read.
 */
#ifndef PROMON_SRC_PROBES_CHANNEL_H
#define PROMON_SRC_PROBES_CHANNEL_H

#include <openssl/ssl.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secure.h"

enum { PROMON__TROUBLE_BYTES = 200 };

struct promon__channel {
    const struct promon_host *host;
    struct promon_result *result;
    int64_t deadline_ns;
    int fd; /* -1: closed */
    SSL *ssl; /* NULL: plain */

    /* What it means when the peer closes the connection or is silent now. */
    enum promon_reason closed_as; /* 0: PROMON_REASON_PROTOCOL */
    const char *stage; /* "while logging in"; NULL: nothing is added */

    enum promon_reason reason; /* of the trouble; 0: none */
    char why[PROMON__TROUBLE_BYTES];
    bool is_broken; /* the trouble is that the connection has ended */
};

void promon__channel_init(struct promon__channel *channel, const struct promon_host *host);

/* The parameter "connect": false when it is neither "fresh" nor "keep". */
bool promon__channel_keeps(const struct promon_host *host, const struct promon_params *params,
                           bool *keeps);
#define PROMON__CONNECT_WRONG "params.connect: expected \"fresh\" or \"keep\""

/* Connects; a failure is told to the result. */
enum promon_verdict promon__channel_open(struct promon__channel *channel,
                                         const struct promon_target *target, int64_t deadline_ns,
                                         struct promon_result *result);

/* Goes on with a connection of an earlier check. */
void promon__channel_resume(struct promon__channel *channel, int64_t deadline_ns,
                            struct promon_result *result);

/* Whether a kept connection is open and has nothing to say. */
bool promon__channel_is_idle(const struct promon__channel *channel);

/* Also when it is closed already. */
void promon__channel_close(struct promon__channel *channel);

/* The TLS handshake; tells phase and certificate. False: there is trouble. */
bool promon__channel_secure(struct promon__channel *channel, struct promon__secure *secure);

/* Sends all of it. False: there is trouble. */
bool promon__channel_send(struct promon__channel *channel, const void *data, size_t size);

/* Some bytes, at most `size`; how many, 0: there is trouble. */
size_t promon__channel_some(struct promon__channel *channel, void *out, size_t size);

/* Exactly `size` bytes. False: there is trouble. */
bool promon__channel_read(struct promon__channel *channel, void *out, size_t size);

/* Keeps a trouble, unless there is one; false always. Texts of the peer become one line. */
bool promon__channel_trouble(struct promon__channel *channel, enum promon_reason reason,
                             const char *format, ...) PROMON_PRINTF_(3, 4);

/* Tells the trouble to the result. */
enum promon_verdict promon__channel_fail(const struct promon__channel *channel);

#endif
