/*
 * A database: where it is and the pool of connections to it.
 *
 * URLs: postgresql://user:password@host:port/name?option=value in every form that libpq takes, also
 * with several hosts and postgres://; sqlite:PATH and sqlite::memory: (one database shared by
 * everything opened through this object).
 *
 * Thread:  any thread, apart from miniorm_database_close. A child made by fork opens its own.
 */
#ifndef MINIORM_DATABASE_H
#define MINIORM_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/export.h>
#include <miniorm/query.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

struct miniorm_database;
struct miniorm_session;

enum miniorm_log_level {
    MINIORM_LOG_ERROR = 1,
    MINIORM_LOG_WARNING = 2,
    MINIORM_LOG_INFO = 3,
    MINIORM_LOG_DEBUG = 4 /* every statement's text, without its values */
};

/*
 * Called from any thread that uses the database, with no lock held; `message` is one line, without
 * a password, borrowed for the call.
 */
typedef void (*miniorm_log_fn)(void *data, enum miniorm_log_level level, const char *message);

/* Zero of every member means its default. `log_data` is borrowed. */
struct miniorm_database_options {
    size_t size; /* sizeof(struct miniorm_database_options) */
    unsigned pool_min; /* connections of the blocking pool opened at once and kept; default 0 */
    unsigned pool_max; /* most connections of the blocking pool; default 10 */
    unsigned acquire_timeout_ms; /* longest wait for a connection of the pool; default 5000 */
    unsigned connect_timeout_ms; /* longest try to connect to one server; default 5000 */
    unsigned statement_timeout_ms; /* deadline of every operation that sets none; default 0: none */
    unsigned client_connections; /* of each client on a loop; SQLite: reader threads; default 4 */
    unsigned max_pipeline; /* statements under way per connection; default 256; 1 behind a pooler */
    unsigned queue_limit; /* waiting in one client; more fail with MINIORM_ELIMIT; default 10000 */
    /* Backoff starts at 50 ms and doubles, with jitter, up to this; default 1000. */
    unsigned reconnect_max_delay_ms;
    unsigned statement_cache; /* prepared statements kept per connection; default 256 */
    /* Idle connections of the pool above pool_min are closed after this, when the pool is used;
     * default 600000. */
    unsigned idle_timeout_ms;
    miniorm_log_fn log; /* default: no log */
    void *log_data;
};

#define MINIORM_DATABASE_OPTIONS_INIT MINIORM_INIT_(miniorm_database_options)

/*
 * Opens a database. PostgreSQL is not contacted unless pool_min is set; SQLite's file is opened,
 * and made if it is missing. `options` may be NULL. Free with miniorm_database_close.
 *
 * Errors:  MINIORM_EINVALID      the URL is malformed or its scheme unknown (the message shows no
 *                                password), or pool_min is more than pool_max.
 *          MINIORM_EUNAVAILABLE  pool_min connections could not be opened, or the file cannot be.
 *          MINIORM_EAUTH         the server refuses the user.
 *          MINIORM_ENOMEM, and what else connecting reports.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_database_open(
    const char *url, const struct miniorm_database_options *options, struct miniorm_database **out,
    struct miniorm_error *error);

/*
 * Closes the database. Every transaction and every client of it must be over before; NULL is
 * allowed.
 *
 * Thread:  once, when no other thread uses the database.
 * Since:   0.1
 */
MINIORM_API void miniorm_database_close(struct miniorm_database *database);

/* Which SQL it speaks. Since: 0.1 */
MINIORM_API enum miniorm_dialect miniorm_database_dialect(const struct miniorm_database *database);

/*
 * The session that runs each operation by itself, outside any transaction. Borrowed; lives as long
 * as the database.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_session *miniorm_database_session(struct miniorm_database *database);

/* Figures of the blocking pool. Set `size`; later versions append members. Since: 0.1 */
struct miniorm_pool_stats {
    size_t size;
    unsigned open; /* connections */
    unsigned busy; /* of them, in use */
    unsigned waiting; /* threads waiting for one */
    unsigned reserved;
    uint64_t acquired; /* since the database was opened */
    uint64_t timeouts; /* waits that ended without a connection */
    uint64_t connect_failures;
};

/* Copies the figures, as many as fit into out->size. Since: 0.1 */
MINIORM_API void miniorm_database_pool_stats(const struct miniorm_database *database,
                                             struct miniorm_pool_stats *out);

MINIORM_END_DECLS

#endif
