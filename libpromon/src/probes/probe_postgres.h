/*
 * The module "postgres", as its parts know it: a connection of libpq, made without waiting, and a
 * query on it.
 *
 * What goes wrong is kept as a trouble and not told to the result: a connection that was kept from
 * an earlier check may be replaced by a new one before anybody hears of it. The first trouble
 * stays.
 */
#ifndef PROMON_SRC_PROBES_PROBE_POSTGRES_H
#define PROMON_SRC_PROBES_PROBE_POSTGRES_H

#include <libpq-fe.h>
#include <netdb.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stdint.h>

#include "certificate.h"

struct promon__postgres {
    const struct promon_host *host;
    struct promon_target target;
    char port[8];
    const char *user, *password, *database; /* NULL: libpq's own default */
    const char *sslmode, *sslrootcert, *sslcert, *sslkey;
    const char *query, *expected; /* NULL: not given */
    bool keeps;
    X509_STORE *store; /* the authorities to trust */
    struct promon__certificate certificate;

    /* Of the check that runs. */
    struct promon_result *result;
    int64_t deadline_ns;
    enum promon_reason reason; /* of the trouble; 0: none */
    char why[200];

    PGconn *connection; /* NULL: none; open between checks if it is kept */
};

/* Keeps a trouble, unless there is one; false always. */
bool promon__postgres_trouble(struct promon__postgres *postgres, enum promon_reason reason,
                              const char *format, ...) PROMON_PRINTF_(3, 4);

/* The same with libpq's words, and the reason by the SQLSTATE in them; `otherwise` without one. */
bool promon__postgres_refused(struct promon__postgres *postgres, const char *message,
                              enum promon_reason otherwise);

/*
 * Connects and logs in. UP: there is a connection, or a trouble; else the name is not to be
 * resolved, which the result knows.
 */
enum promon_verdict promon__postgres_connect(struct promon__postgres *postgres);

/* Asks the question on a connection that is there. False: there is trouble. */
bool promon__postgres_ask(struct promon__postgres *postgres);

#endif
