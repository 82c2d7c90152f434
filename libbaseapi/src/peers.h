/*
 * Connections of an app, in all and by client address.
 */
#ifndef BASEAPI_SRC_PEERS_H
#define BASEAPI_SRC_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>

struct peers;

/* `per_address` 0 counts no addresses. NULL when memory ran out. */
struct peers *baseapi__peers_new(unsigned total, unsigned per_address);

void baseapi__peers_free(struct peers *peers);

/* Before anybody enters: another total, no more than that of the beginning. */
void baseapi__peers_set_total(struct peers *peers, unsigned total);

/* Any thread: counts a connection, or refuses it. */
bool baseapi__peers_enter(struct peers *peers, const struct sockaddr *address);

void baseapi__peers_leave(struct peers *peers, const struct sockaddr *address);

#endif
