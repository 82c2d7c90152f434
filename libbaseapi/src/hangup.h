/*
 * Clients that go away while their request waits for an answer: the server underneath does not look
 * at the connection then.
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

/*
 * Gives the request of `connection` up when its client hangs up. Best effort: without it the
 * deadline still acts.
 */
void baseapi__hangup_watch(struct connection *connection);

void baseapi__hangup_unwatch(struct connection *connection);

#endif
