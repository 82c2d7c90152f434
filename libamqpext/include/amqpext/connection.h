/*
 * The connection of a producer, a consumer or an RPC client: where the broker is, how it is reached
 * and what is told about it.
 *
 * Each such object has one connection and one thread of its own that does all I/O, answers
 * heartbeats whatever handlers do, and connects again for ever with growing, jittered pauses.
 * What only a human can mend (wrong password, unknown virtual host, a certificate that is not
 * accepted, a queue that exists with other arguments) is told through the state callback as
 * permanent and tried again at long intervals only.
 *
 * URLs:
 *
 *     amqp://user:password@host1:5672,host2,[::1]:5673/vhost?heartbeat=15&connection_timeout=5000
 *     amqps://host/%2F?cacertfile=ca.pem&certfile=me.pem&keyfile=me.key&verify=verify_none
 *             &server_name_indication=name&auth_mechanism=external&frame_max=131072
 *
 * Without user: guest, guest. Without vhost, and with an empty one ("amqp://host/"): "/".
 * Without port: 5672, with TLS 5671. Bytes other than unreserved ones and sub-delimiters (RFC
 * 3986) are %-escaped, UTF-8 included; %00 is refused. heartbeat is in seconds, from 1, because
 * without one a dead broker would not be noticed; connection_timeout is in milliseconds. Hosts
 * are tried in an order that is shuffled per object. Unknown and repeated parameters are
 * errors, and so are those of TLS without TLS; no error shows any part of a URL in which a
 * password may stand.
 */
#ifndef AMQPEXT_CONNECTION_H
#define AMQPEXT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

enum amqpext_log_level {
    AMQPEXT_LOG_ERROR = 1, /* somebody has to look: a permanent error, a message given up */
    AMQPEXT_LOG_WARNING = 2, /* connection lost, message refused or dead-lettered, slow handler */
    AMQPEXT_LOG_INFO = 3, /* connected, topology declared, stopped */
    AMQPEXT_LOG_DEBUG = 4
};

/*
 * Called from any thread of the object, with no lock held; `message` is one line without newline
 * and without a password, borrowed for the call.
 */
typedef void (*amqpext_log_fn)(void *data, enum amqpext_log_level level, const char *message);

enum amqpext_state {
    AMQPEXT_STATE_IDLE = 1, /* made, not needed yet */
    AMQPEXT_STATE_CONNECTING = 2,
    AMQPEXT_STATE_READY = 3, /* connected, everything declared */
    AMQPEXT_STATE_BLOCKED = 4, /* connected, but the broker takes no messages for now */
    AMQPEXT_STATE_WAITING = 5, /* not connected; the next try comes after a pause */
    AMQPEXT_STATE_CLOSED = 6
};

/* What has changed. Borrowed for the call; `size` is that of the library's structure. */
struct amqpext_state_event {
    size_t size;
    enum amqpext_state state;
    enum amqpext_state previous;
    const char *host; /* "host:port" that is meant, or "" */
    const char *broker; /* "RabbitMQ 3.10.8" while connected, or "" */
    bool is_permanent; /* with WAITING: somebody has to act */
    unsigned retry_in_ms; /* with WAITING */
    /* Why: with WAITING what went wrong, with BLOCKED the broker's reason; else status 0. */
    const struct amqpext_error *error;
};

typedef void (*amqpext_state_fn)(void *data, const struct amqpext_state_event *event);

/* The name of a state, such as "ready"; "?" for a number that is none. Since: 0.1 */
AMQPEXT_API const char *amqpext_state_name(enum amqpext_state state);

/* Where callbacks and handlers run. */
enum amqpext_callbacks {
    AMQPEXT_CALLBACKS_DEFAULT = 0, /* outcomes: IO_THREAD; handlers of messages: WORKERS */
    /* On the thread that does the I/O: fastest, and must not block. */
    AMQPEXT_CALLBACKS_IO_THREAD = 1,
    /* On threads of the object's own. */
    AMQPEXT_CALLBACKS_WORKERS = 2,
    /* On the caller's, inside of …_dispatch(), which is due when …_fd() is readable. */
    AMQPEXT_CALLBACKS_DISPATCH = 3
};

/*
 * Peer and host name are verified against the system's authorities unless something else is said;
 * TLS 1.2 is the least. Files are read anew for every connection, so that renewed certificates need
 * no restart; one that cannot be used is AMQPEXT_ETLS. An empty string is as NULL.
 */
struct amqpext_tls_options {
    size_t size; /* sizeof(struct amqpext_tls_options) */
    bool enable; /* TLS also without amqps:// */
    const char *ca_file; /* PEM; in place of the system's authorities */
    const char *ca_path; /* folder of hashed certificates; the same */
    const char *cert_file; /* PEM, our own certificate and its chain: mutual TLS */
    const char *key_file; /* PEM; default: in cert_file */
    const char *key_password;
    const char *server_name; /* to verify and to send; default: the host of the URL */
    bool skip_verify; /* accepts any peer: tests only */
    bool skip_verify_name; /* accepts any name that a trusted authority has signed */
    bool external_auth; /* log in by certificate (mechanism EXTERNAL); an error without TLS */
};

#define AMQPEXT_TLS_OPTIONS_INIT AMQPEXT_INIT_(amqpext_tls_options)

/* Zero of every member means its default. Strings are copied, `…_data` is borrowed. */
struct amqpext_connection_options {
    size_t size; /* sizeof(struct amqpext_connection_options) */
    const char *name; /* shown in the broker's lists; default: "libamqpext" and the process id */
    const struct amqpext_tls_options *tls; /* what the URL says wins */
    unsigned heartbeat_s; /* asked for; the broker may want less; default 15; the URL wins */
    /* Longest try of one host: name, TCP, TLS and login together; default 10000; the URL wins. */
    unsigned connect_timeout_ms;
    unsigned reply_timeout_ms; /* longest wait for an answer of the broker; default 10000 */
    /*
     * A pause between tries is random, from the first to three times the pause before, and never
     * above the second; defaults 200, 30000.
     */
    unsigned reconnect_min_delay_ms;
    unsigned reconnect_max_delay_ms;
    unsigned permanent_delay_ms; /* pause after a permanent error; default 60000 */
    unsigned stable_after_ms; /* uptime after which pauses start from the first; default 10000 */
    uint32_t frame_max; /* bytes; 4096 to 16777216; default 131072; the URL wins */
    size_t max_message_bytes; /* larger ones are refused before memory is taken; default 16 MiB */
    amqpext_log_fn log; /* default: no log */
    void *log_data;
    enum amqpext_log_level log_level; /* the least important that is told; default INFO */
    /*
     * On the I/O thread, or inside of dispatch (the last one also inside of close, stop or free),
     * where states that follow each other may be merged.
     */
    amqpext_state_fn state;
    void *state_data;
};

#define AMQPEXT_CONNECTION_OPTIONS_INIT AMQPEXT_INIT_(amqpext_connection_options)

/*
 * Writes `url` into `out` with the password as "***" and what follows a '?' left out; text that is
 * no URL becomes "***" as a whole. `size` counts the terminator; what is too long is cut.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_url_mask(const char *url, char *out, size_t size);

AMQPEXT_END_DECLS

#endif
