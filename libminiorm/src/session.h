/*
 * Session: the database's own, or a transaction, or a savepoint inside one.
 *
 *   level 0     the database's: a connection of the pool for each operation; any thread
 *   level 1     a transaction: holds `connection`
 *   level n+1   the n-th savepoint: the same connection; its parent has it as `child`
 *
 * A transaction or savepoint whose `connection` is NULL was ended by its parent: it only waits to
 * be freed by its owner.
 */
#ifndef MINIORM_SRC_SESSION_H
#define MINIORM_SRC_SESSION_H

#include <miniorm/session.h>

#include "driver.h"

struct miniorm_session {
    struct miniorm_database *database;
    struct miniorm__connection *connection;
    struct miniorm_session *parent; /* of a savepoint */
    struct miniorm_session *child; /* the open savepoint; while there is one, nothing runs here */
    unsigned level;
    bool is_aborted; /* a statement failed: only a rollback helps */
};

/* The database's own session. */
enum miniorm_status miniorm__session_new(struct miniorm_database *database,
                                         struct miniorm_session **out, struct miniorm_error *error);
void miniorm__session_free(struct miniorm_session *session);

/* The deadline of an operation that begins now, by the database's statement_timeout_ms. */
uint64_t miniorm__session_deadline(const struct miniorm_session *session);

/* Whether statements can run in a session now. */
enum miniorm_status miniorm__session_check(const struct miniorm_session *session,
                                           struct miniorm_error *error);

/*
 * After a failure inside a transaction: the session is aborted, and so are its parents if the
 * connection is lost.
 */
void miniorm__session_abort(struct miniorm_session *session);

#endif
