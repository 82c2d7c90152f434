/*
 * Closing a connection whose client may still be sending: a plain close would answer the rest with
 * a reset, which can take the answer away from the client before it has read it.
 */
#ifndef BASEAPI_SRC_LINGER_H
#define BASEAPI_SRC_LINGER_H

#include "deadlines.h"

struct baseapi_worker;
struct connection;

/*
 * Keeps the socket of a connection whose last answer is on its way until the client has closed its
 * side, or has had time to. Best effort: without descriptor or memory the connection just closes.
 */
void baseapi__linger(const struct connection *connection);

/* What the worker's list of them calls. */
void baseapi__linger_expired(struct deadline *deadline);

/* Closes all of a worker. */
void baseapi__linger_end(struct baseapi_worker *worker);

#endif
