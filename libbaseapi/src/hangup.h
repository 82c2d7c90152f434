/*
 * Clients that go away: the server underneath does not look at a connection whose request waits for
 * its answer, and overlooks an end of input that comes together with the last data.
 */
#ifndef BASEAPI_SRC_HANGUP_H
#define BASEAPI_SRC_HANGUP_H

#include <baseapi/status.h>

struct baseapi_worker;
struct connection;
struct hangups;

/* Errors: BASEAPI_ENOMEM, BASEAPI_ERESOURCES. */
enum baseapi_status baseapi__hangups_new(struct baseapi_worker *worker, struct hangups **out,
                                         struct baseapi_error *error);

void baseapi__hangups_free(struct hangups *hangups);

/* Looks out for the client's hang-up. Best effort: what is missed is left to the deadlines. */
void baseapi__hangup_watch(struct connection *connection);

/*
 * Ends that, before the connection's memory goes: closing the descriptor would not do, while a
 * lingering one or a forked process shares its socket.
 */
void baseapi__hangup_unwatch(struct connection *connection);

/* Acts on a hang-up that was seen a while ago. */
void baseapi__hangup_act(struct connection *connection);

#endif
