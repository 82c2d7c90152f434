/*
 * Failure: what PostgreSQL and libpq report, as statuses and error structures of the library. The
 * only place that knows SQLSTATEs.
 */
#ifndef MINIORM_SRC_POSTGRES_FAILURE_H
#define MINIORM_SRC_POSTGRES_FAILURE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include <miniorm/status.h>

/* The status of a five-character SQLSTATE. */
enum miniorm_status miniorm__pg_status(const char *sqlstate);

/* Fills `error` from a result with status PGRES_FATAL_ERROR. */
enum miniorm_status miniorm__pg_fail_result(struct miniorm_error *error, const PGresult *result);

/*
 * Fills `error` from a connection that could not be made. PQERRORS_VERBOSE must be set, because
 * only the text of such a failure carries its SQLSTATE.
 */
enum miniorm_status miniorm__pg_fail_connect(struct miniorm_error *error, const PGconn *connection);

/* Fills `error` with the reason for which a connection broke: libpq's own words. */
enum miniorm_status miniorm__pg_fail_broken(struct miniorm_error *error, const PGconn *connection);

/* Whether the server ends the connection with this error. */
bool miniorm__pg_is_fatal(const PGresult *result);

/* Whether the prepared statement is gone or out of date: preparing it again helps. */
bool miniorm__pg_is_stale(const PGresult *result);

/* Whether the statement was stopped by a cancel request. */
bool miniorm__pg_is_cancelled(const PGresult *result);

/* Copies the first line of libpq's text; the rest gives hints only. */
void miniorm__pg_first_line(char *out, size_t size, const char *text);

#endif
