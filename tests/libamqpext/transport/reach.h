/*
 * Reaching a peer as the link does, and moving bytes with waiting in between.
 */
#ifndef TESTS_TRANSPORT_REACH_H
#define TESTS_TRANSPORT_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"
#include "stream.h"

/* Ample on a loaded machine; reached only when a test fails. */
#define REACH_TIMEOUT_MS 20000

struct reach {
    struct endpoint endpoint;
    struct stream *stream; /* NULL: not reached */
    struct amqpext_error error;
    unsigned steps; /* of the dial */
};

/* Dials the first host of the URL for `timeout_ms`. False: `error` says why. */
bool reach(struct reach *reach, const char *url, const struct amqpext_tls_options *tls,
           unsigned timeout_ms);
void reach_end(struct reach *reach);

/*
 * Each waits for up to REACH_TIMEOUT_MS; anything but STREAM_MOVED ends them. Writing does not
 * read, and ends with STREAM_END when the stream takes nothing any more.
 */
enum stream_result reach_write(struct reach *reach, const void *data, size_t size);
enum stream_result reach_read(struct reach *reach, void *buffer, size_t size);
/* Reads until the end; returns how it ended, and in *total how much there was. */
enum stream_result reach_drain(struct reach *reach, size_t *total);
/* False: nothing came in that time. */
bool reach_wait_readable(const struct reach *reach, int timeout_ms);
bool reach_wait_writable(const struct reach *reach, int timeout_ms);

#endif
