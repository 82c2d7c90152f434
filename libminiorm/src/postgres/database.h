/*
 * What a PostgreSQL database keeps while it is open: the options of its URL as libpq takes them.
 */
#ifndef MINIORM_SRC_POSTGRES_DATABASE_H
#define MINIORM_SRC_POSTGRES_DATABASE_H

#include <miniorm/status.h>

#include "../arena.h"

struct miniorm__pg_database {
    struct arena arena; /* of everything below */
    const char **keywords; /* ended by NULL, as the values */
    const char ***values; /* one array for each host, which it has first */
    unsigned n_hosts; /* at least 1 */
};

/* Reads a URL. The message of an error shows nothing of it. */
enum miniorm_status miniorm__pg_database_open(const char *url, struct miniorm__pg_database **out,
                                              struct miniorm_error *error);

void miniorm__pg_database_close(struct miniorm__pg_database *database);

/* The values to connect with, so that the host of that number is tried first. */
static inline const char *const *miniorm__pg_database_values(
    const struct miniorm__pg_database *database, unsigned host)
{
    return database->values[host % database->n_hosts];
}

#endif
