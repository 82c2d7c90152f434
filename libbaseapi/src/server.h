/*
 * The HTTP server underneath; server.c alone knows which one it is.
 *
 * Everything is called on the worker's thread.
 */
#ifndef BASEAPI_SRC_SERVER_H
#define BASEAPI_SRC_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <baseapi/status.h>

struct baseapi_worker;
struct canned;
struct connection;
struct server;

/*
 * Starts serving worker->listen_fd, which it takes over. Errors: BASEAPI_ENOMEM, BASEAPI_ESERVER.
 */
enum baseapi_status baseapi__server_start(struct baseapi_worker *worker, struct server **out,
                                          struct baseapi_error *error);

/* Becomes readable when baseapi__server_run has something to do. */
int baseapi__server_fd(const struct server *server);

/*
 * Milliseconds after which baseapi__server_run must be called whatever the descriptor says, or -1.
 */
int baseapi__server_timeout(struct server *server);

void baseapi__server_run(struct server *server);

/*
 * Accepts what the kernel has taken for us already, then stops listening and closes the listening
 * socket.
 */
void baseapi__server_quiesce(struct server *server);

/* Ends all connections. None may be suspended. NULL is allowed. */
void baseapi__server_stop(struct server *server);

/* Goes on with a suspended connection at the next run. */
void baseapi__server_resume(struct connection *connection);

/* Cuts a connection that is not suspended; with `canned`, after sending that past the server. */
void baseapi__server_cut(struct connection *connection, const struct canned *canned);

/* Bytes of the answer under way that the client has taken. */
uint64_t baseapi__server_taken(const struct connection *connection);

#endif
