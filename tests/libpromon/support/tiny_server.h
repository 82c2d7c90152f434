/*
 * A server on a loopback port, with or without TLS, that does to each connection, one after the
 * other, what a test says.
 *
 * Thread:  the test's; `serve` runs on the server's own.
 */
#ifndef TESTS_TINY_SERVER_H
#define TESTS_TINY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tiny_server;
struct tiny_peer;

typedef void (*tiny_serve_fn)(struct tiny_peer *peer, void *data);

/* `certificate` is the path of NAME.pem and NAME.key without their ends; NULL: no TLS. */
struct tiny_server *tiny_server_new(const char *certificate, tiny_serve_fn serve, void *data);
/* The same at a Unix socket, which it removes in the end. */
struct tiny_server *tiny_server_new_at(const char *path, tiny_serve_fn serve, void *data);
/* Before the first connection: only clients with a certificate of this authority are let in. */
void tiny_server_demand_login(struct tiny_server *server, const char *ca_file);
void tiny_server_free(struct tiny_server *server);
uint16_t tiny_server_port(const struct tiny_server *server);
/* Connections taken so far. */
unsigned tiny_server_connections(struct tiny_server *server);

/* For `serve`. What cannot be sent because the peer has gone is not sent. */
void tiny_send(struct tiny_peer *peer, const void *data, size_t size);
void tiny_say(struct tiny_peer *peer, const char *text);
/* What comes, at most `size` bytes; 0 at the end. */
size_t tiny_receive(struct tiny_peer *peer, void *out, size_t size);
/* A request of HTTP up to its empty line, and its body if it has a length; false: none came. */
bool tiny_request(struct tiny_peer *peer, char *out, size_t size);
/* Holds the connection until the peer closes it, or the server ends. */
void tiny_hold(struct tiny_peer *peer);
/* A pause; false when the peer has closed, or the server ends. */
bool tiny_pause(struct tiny_peer *peer, int ms);
/* The connection will end by a reset. */
void tiny_reset(struct tiny_peer *peer);

/* A loopback port that lets nobody in and refuses nobody: its queue is full. */
struct black_hole;
struct black_hole *black_hole_new(void);
void black_hole_free(struct black_hole *hole);
uint16_t black_hole_port(const struct black_hole *hole);

/* A loopback port that nobody listens on, kept by a socket that the caller closes. */
int refused_port(uint16_t *port);

#endif
