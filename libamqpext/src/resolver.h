/*
 * Resolver: the addresses of a name, asked for on a thread of its own, because the system's
 * resolver waits as long as it likes. Whoever does not want the answer any more frees the resolver
 * at once; its thread then ends by itself, with nothing of the owner's in its hands.
 *
 * Thread:  one, the owner's.
 */
#ifndef AMQPEXT_SRC_RESOLVER_H
#define AMQPEXT_SRC_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "stream.h"

/* More addresses of one name are not tried: each may cost a socket at the same time. */
enum { ADDRESSES_MAX = 16 };

struct address {
    struct sockaddr_storage socket;
    socklen_t size;
};

struct addresses {
    struct address items[ADDRESSES_MAX]; /* in the order in which to try them */
    size_t count;
};

struct resolver;

/* The same at once for an address in digits; false when the host has a name. */
bool amqpext__resolve_numeric(const struct host *host, struct addresses *out);

enum amqpext_status amqpext__resolver_new(const struct host *host, struct resolver **out,
                                          struct amqpext_error *error);
/* Readable when there is an answer. */
int amqpext__resolver_fd(const struct resolver *resolver);
/* Errors: AMQPEXT_ERESOLVE, ERESOURCES, ENOMEM. */
enum dial_result amqpext__resolver_take(struct resolver *resolver, struct addresses *out,
                                        struct amqpext_error *error);
void amqpext__resolver_free(struct resolver *resolver);

#endif
