/*
 * Endpoint: everything that is known about how to reach a broker, from the URL and the options of a
 * connection, checked and with defaults filled in. Immutable once made; any thread may read it.
 */
#ifndef AMQPEXT_SRC_ENDPOINT_H
#define AMQPEXT_SRC_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/connection.h>

#include "arena.h"

enum {
    HEARTBEAT_MAX_S = 65535, /* the field of connection.tune has 16 bits */
    FRAME_MAX_LEAST = 4096, /* what every peer has to take */
    FRAME_MAX_MOST = 16777216 /* a frame is held in memory until it is whole */
};

struct host {
    const char *name; /* without brackets; an IPv6 address may end with "%" and its zone */
    uint16_t port;
    const char *text; /* "name:port", "[::1]:port" */
};

struct endpoint {
    struct arena arena;
    struct host *hosts; /* in an order of this endpoint's own */
    size_t n_hosts;
    const char *user, *password, *vhost;
    const char *name; /* of the connection */
    bool has_tls;
    struct amqpext_tls_options tls; /* strings in the arena */
    unsigned heartbeat_s;
    unsigned connect_timeout_ms, reply_timeout_ms;
    unsigned reconnect_min_delay_ms, reconnect_max_delay_ms, permanent_delay_ms, stable_after_ms;
    uint32_t frame_max;
    size_t max_message_bytes;
    amqpext_log_fn log;
    void *log_data;
    enum amqpext_log_level log_level;
    amqpext_state_fn state;
    void *state_data;
};

/* `url` NULL means "amqp://localhost:5672/", `options` NULL all defaults. */
enum amqpext_status amqpext__endpoint_make(const char *url,
                                           const struct amqpext_connection_options *options,
                                           struct endpoint *out, struct amqpext_error *error);

/* Overwrites the password before the memory goes back. */
void amqpext__endpoint_free(struct endpoint *endpoint);

#endif
