/*
 * Stream: sending and receiving on a non-blocking socket until a deadline. Part of each module that
 * speaks a protocol itself.
 */
#ifndef PROMON_SRC_PROBES_STREAM_H
#define PROMON_SRC_PROBES_STREAM_H

#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sends all of it; TIMEOUT or PROTOCOL with the verdict. */
enum promon_verdict promon__stream_send(const struct promon_host *host, int fd, const void *data,
                                        size_t size, int64_t deadline_ns,
                                        struct promon_result *result);

enum promon__received {
    PROMON__RECEIVED_SOME = 1,
    PROMON__RECEIVED_END = 2, /* the peer has closed */
    PROMON__RECEIVED_TIMEOUT = 3, /* nothing came until the deadline */
    PROMON__RECEIVED_BROKEN = 4 /* the connection was reset */
};

/* What comes next, at most `size` bytes; *received is set with SOME. */
enum promon__received promon__stream_receive(const struct promon_host *host, int fd, void *out,
                                             size_t size, int64_t deadline_ns, size_t *received);

#endif
