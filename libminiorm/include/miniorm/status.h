/*
 * Status codes and the error structure of libminiorm.
 *
 * Every function that can fail returns an `enum miniorm_status` and fills the caller's
 * `struct miniorm_error`, if one is given. A server's own code decides the status: PostgreSQL by
 * SQLSTATE, SQLite by extended result code, so that the same fault has the same status on both.
 */
#ifndef MINIORM_STATUS_H
#define MINIORM_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/export.h>

MINIORM_BEGIN_DECLS

/* Numbers are part of the ABI: never reused, new ones appended. */
enum miniorm_status {
    MINIORM_OK = 0,
    MINIORM_ENOMEM = 2001, /* memory ran out; nothing was done */
    MINIORM_EINVALID = 2002, /* an argument or a description is wrong: a fault of the program */
    MINIORM_ESTATE = 2003, /* the object cannot do this now (finished transaction, closed client) */
    MINIORM_EUNSUPPORTED = 2004, /* this database cannot do what was asked */
    MINIORM_ELIMIT = 2005, /* a named limit was reached: queue full, too many parameters */
    MINIORM_ETIMEDOUT = 2006, /* the deadline of the operation, or of a connection for it, passed */
    MINIORM_ECANCELLED = 2007, /* cancelled by the caller, or the client was closed */
    /* No connection to be had now; the statement was never sent: safe to repeat. */
    MINIORM_EUNAVAILABLE = 2008,
    /* The connection broke with the statement under way: its outcome is not known. */
    MINIORM_ECONNECTION = 2009,
    /* The connection broke with COMMIT under way: it may or may not have happened. */
    MINIORM_ECOMMIT_UNKNOWN = 2010,
    /* The server refuses this user, password or database: repeating will not help. */
    MINIORM_EAUTH = 2011,
    MINIORM_EPERMISSION = 2012, /* the user lacks a privilege */
    MINIORM_ENOTFOUND = 2013, /* a row that must exist does not */
    /* Unique or primary key violated; constraint, table and column are named. */
    MINIORM_EUNIQUE = 2014,
    MINIORM_EFOREIGNKEY = 2015, /* foreign key violated */
    MINIORM_ENOTNULL = 2016, /* NULL in a column that forbids it */
    MINIORM_ECHECK = 2017, /* CHECK or exclusion constraint violated */
    MINIORM_EVALUE = 2018, /* a value does not fit its type: out of range, too long, malformed */
    MINIORM_ECONFLICT = 2019, /* serialization failure or deadlock: repeat the whole transaction */
    MINIORM_EBUSY = 2020, /* a lock was not obtained in time */
    MINIORM_ESTATEMENT = 2021, /* the statement is wrong: syntax, unknown table or column */
    MINIORM_EABORTED = 2022, /* an earlier error aborted this transaction: roll back */
    MINIORM_ERESOURCES = 2023, /* the server is out of disk, memory or connections */
    MINIORM_EPROTOCOL = 2024, /* the server answered what it may not answer */
    MINIORM_EDATABASE = 2025 /* any other error of the database; see sqlstate and native_code */
};

/* Longest identifier that PostgreSQL keeps (NAMEDATALEN - 1) and its terminator. */
#define MINIORM_NAME_SIZE 64

/*
 * What failed and why. Owned by the caller, who sets it to zero or uses MINIORM_ERROR_INIT; a
 * function that succeeds does not touch it. The first error stays: a filled structure is not
 * overwritten.
 */
struct miniorm_error {
    enum miniorm_status status;
    int system_errno; /* errno where the operating system refused, else 0 */
    int native_code; /* SQLite extended result code, else 0 */
    char sqlstate[8]; /* five characters and NUL from PostgreSQL, else empty */
    char constraint[MINIORM_NAME_SIZE]; /* names as the database gives them, else empty */
    char table[MINIORM_NAME_SIZE];
    char column[MINIORM_NAME_SIZE];
    char message[256]; /* one line without newline; never holds a password */
    uint64_t reserved[4];
};

#ifdef __cplusplus
#define MINIORM_ERROR_INIT \
    {                      \
    }
#else
#define MINIORM_ERROR_INIT   \
    {                        \
        .status = MINIORM_OK \
    }
#endif

/*
 * The name of a status, such as "MINIORM_EUNIQUE"; "MINIORM_E?" for a number that is none. A
 * constant string, never NULL.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API const char *miniorm_status_name(enum miniorm_status status);

/*
 * Whether repeating the same work later can help: EUNAVAILABLE, ECONFLICT, EBUSY, ERESOURCES,
 * ETIMEDOUT. ECONNECTION and ECOMMIT_UNKNOWN are not among them: whether to repeat depends on what
 * the work was.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API int miniorm_status_is_temporary(enum miniorm_status status);

/*
 * Fills an error and returns `status`: for hooks and for work inside transactions, so that they
 * fail as the library does. `error` may be NULL; one that is filled already stays. Line breaks
 * become spaces, and what is too long is cut.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_error_set(struct miniorm_error *error,
                                                  enum miniorm_status status, const char *format,
                                                  ...) MINIORM_PRINTF_(3, 4);

MINIORM_END_DECLS

#endif
