/*
 * Cancel: asks the server to stop what a connection runs, from a thread of its own, because libpq
 * waits for the server while it does so.
 *
 * The request may reach the server when the next statement already runs: whoever asks sends nothing
 * more on the connection before miniorm__pg_cancel_is_done.
 */
#ifndef MINIORM_SRC_POSTGRES_CANCEL_H
#define MINIORM_SRC_POSTGRES_CANCEL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct miniorm__pg_cancel;

/*
 * Starts; NULL when that was not possible. `notify`: an eventfd that is written to at the end (a
 * duplicate of it is taken), or -1.
 */
struct miniorm__pg_cancel *miniorm__pg_cancel_start(PGconn *connection, int notify);

bool miniorm__pg_cancel_is_done(const struct miniorm__pg_cancel *cancel);

/*
 * Waits until the thread has ended, but not beyond `until_ms` of miniorm__clock_ms. For the end of
 * things only: a program that exits should not leave a thread inside libpq.
 */
void miniorm__pg_cancel_wait(const struct miniorm__pg_cancel *cancel, uint64_t until_ms);

/* How long to wait at most; a server that works has done in a fraction of it. */
#define MINIORM__PG_CANCEL_WAIT_MS 100

/* Lets go of it; a thread that is still waiting for the server ends by itself. NULL is allowed. */
void miniorm__pg_cancel_free(struct miniorm__pg_cancel *cancel);

#endif
