/*
 * Peer: a server on a loopback port and a thread of its own, for one connection after the other,
 * with or without TLS, that does with each what the test says.
 */
#ifndef TESTS_TRANSPORT_PEER_H
#define TESTS_TRANSPORT_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

/* Serves one connection, on the thread of the peer; the connection is closed afterwards. */
typedef void (*peer_serve_fn)(struct peer *peer, void *data);

struct peer_options {
    const char *address; /* default 127.0.0.1 */
    uint16_t port; /* default: any */
    bool is_deaf; /* connections are never accepted, and soon not even made */
    const char *certificate; /* PEM with its key: TLS */
    const char *client_authority; /* wants a certificate of the client by it */
    int max_version; /* of TLS, as OpenSSL has them; default: the newest */
    int min_version;
    peer_serve_fn serve; /* default: sends everything back */
    void *data;
};

struct peer *peer_start(const struct peer_options *options);
uint16_t peer_port(const struct peer *peer);
/* Ends what is under way. */
void peer_stop(struct peer *peer);

/* For serve. Each waits; false and less than size: the connection is over. */
bool peer_read(struct peer *peer, void *buffer, size_t size);
/* Up to `size` bytes; 0: the connection is over. */
size_t peer_read_some(struct peer *peer, void *buffer, size_t size);
bool peer_write(struct peer *peer, const void *data, size_t size);
int peer_fd(const struct peer *peer);
/* Makes the close that follows a reset. */
void peer_reset(struct peer *peer);
/* Until the peer is stopped or `peer_release` was called by the test. */
void peer_wait(struct peer *peer);
void peer_release(struct peer *peer);

/* What the test may look at. */
unsigned peer_connections(const struct peer *peer); /* accepted */
unsigned peer_handshakes(const struct peer *peer); /* of TLS, done */
bool peer_saw_farewell(const struct peer *peer); /* close_notify, in the last connection */
const char *peer_server_name(const struct peer *peer); /* SNI of the last one, or "" */

#endif
