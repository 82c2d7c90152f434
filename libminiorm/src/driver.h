/*
 * Driver: what a kind of database must be able to do. postgres/driver.c and sqlite/driver.c each
 * define one table; nothing else of the library calls libpq or sqlite3.
 *
 * The blocking half works on connections that the pool (pool.c) owns: one thread uses a connection
 * at a time. The asynchronous half is a client on a loop (client.c), described in client.h.
 *
 * Deadlines are absolute milliseconds of miniorm__clock_ms; 0 means none.
 */
#ifndef MINIORM_SRC_DRIVER_H
#define MINIORM_SRC_DRIVER_H

#include <miniorm/client.h>
#include <miniorm/database.h>
#include <miniorm/session.h>

#include "operation.h"
#include "result.h"

/* Base of a driver's own connection structure. */
struct miniorm__connection {
    struct miniorm_database *database;
    struct miniorm__connection *next; /* the pool's */
    struct miniorm__connection *previous; /* the pool's */
    uint64_t since_ms; /* the pool's: when it became idle or busy */
};

enum miniorm__transaction_verb {
    MINIORM__BEGIN = 1, /* with options; may be kept back and sent with the next statement */
    MINIORM__COMMIT = 2,
    MINIORM__ROLLBACK = 3,
    MINIORM__SAVEPOINT = 4, /* level counts from 1 */
    MINIORM__RELEASE = 5,
    MINIORM__ROLLBACK_TO = 6
};

struct miniorm__driver {
    enum miniorm_dialect dialect;

    /* Reads the URL into the driver's own data (database->driver_data); connects nothing. */
    enum miniorm_status (*open)(struct miniorm_database *database, const char *url,
                                struct miniorm_error *error);
    void (*close)(struct miniorm_database *database);

    /* Blocking half. */
    enum miniorm_status (*connect)(struct miniorm_database *database, uint64_t deadline_ms,
                                   struct miniorm__connection **out, struct miniorm_error *error);
    void (*disconnect)(struct miniorm__connection *connection);
    /*
     * False when the connection must not be used again. Cheap: called at each acquire and release.
     */
    bool (*is_usable)(struct miniorm__connection *connection);
    enum miniorm_status (*execute)(struct miniorm__connection *connection,
                                   const struct miniorm__operation *operation, uint64_t deadline_ms,
                                   struct miniorm_result **out, struct miniorm_error *error);
    enum miniorm_status (*transact)(struct miniorm__connection *connection,
                                    enum miniorm__transaction_verb verb,
                                    const struct miniorm_transaction_options *options,
                                    unsigned level, uint64_t deadline_ms,
                                    struct miniorm_error *error);

    /* Asynchronous half: see client_driver.h. */
    const struct miniorm__client_driver *client;
};

extern const struct miniorm__driver miniorm__postgres_driver;
extern const struct miniorm__driver miniorm__sqlite_driver;

struct miniorm_database {
    const struct miniorm__driver *driver;
    void *driver_data;
    struct miniorm_database_options options; /* with every default filled in */
    struct miniorm__pool *pool;
    struct miniorm_session *session;
};

/* Monotonic clock in milliseconds. */
uint64_t miniorm__clock_ms(void);

/* Calls the database's log if there is one; `message` must not hold a password. */
void miniorm__log(const struct miniorm_database *database, enum miniorm_log_level level,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
