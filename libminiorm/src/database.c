/*
 * Database: picks the driver by the URL's scheme, fills in the defaults and ties driver, pool and
 * session together.
 *
 * Order: miniorm_database_open, anything, miniorm_database_close.
 * Invariant: an open database has every option filled in and never changes, apart from its pool.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "driver.h"
#include "options.h"
#include "pool.h"
#include "session.h"

#define DEFAULT_POOL_MAX 10
#define DEFAULT_ACQUIRE_TIMEOUT_MS 5000
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_CLIENT_CONNECTIONS 4
#define DEFAULT_MAX_PIPELINE 256
#define DEFAULT_QUEUE_LIMIT 10000
#define DEFAULT_RECONNECT_MAX_DELAY_MS 1000
#define DEFAULT_STATEMENT_CACHE 256
#define DEFAULT_IDLE_TIMEOUT_MS 600000

/* The structure is part of the ABI: what is appended must not lie in a hole that old programs leave
 * undefined. */
_Static_assert(offsetof(struct miniorm_database_options, log_data) + sizeof(void *) ==
                   sizeof(struct miniorm_database_options),
               "struct miniorm_database_options has a hole at its end");

static const struct scheme {
    const char *prefix;
    const struct miniorm__driver *driver;
} schemes[] = {
    {"postgresql://", &miniorm__postgres_driver},
    {"postgres://", &miniorm__postgres_driver},
    {"sqlite:", &miniorm__sqlite_driver},
};

static const struct miniorm__driver *find_driver(const char *url)
{
    size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return schemes[i].driver;
    }
    return NULL;
}

static void set_default(unsigned *option, unsigned value)
{
    if (*option == 0)
        *option = value;
}

static enum miniorm_status fill_options(struct miniorm_database_options *out,
                                        const struct miniorm_database_options *options,
                                        struct miniorm_error *error)
{
    const enum miniorm_status status =
        miniorm__options_copy(out, sizeof(*out), options, "database options", error);

    if (status != MINIORM_OK)
        return status;
    if (out->pool_max == 0 && out->pool_min > DEFAULT_POOL_MAX)
        out->pool_max = out->pool_min;
    set_default(&out->pool_max, DEFAULT_POOL_MAX);
    set_default(&out->acquire_timeout_ms, DEFAULT_ACQUIRE_TIMEOUT_MS);
    set_default(&out->connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT_MS);
    set_default(&out->client_connections, DEFAULT_CLIENT_CONNECTIONS);
    set_default(&out->max_pipeline, DEFAULT_MAX_PIPELINE);
    set_default(&out->queue_limit, DEFAULT_QUEUE_LIMIT);
    set_default(&out->reconnect_max_delay_ms, DEFAULT_RECONNECT_MAX_DELAY_MS);
    set_default(&out->statement_cache, DEFAULT_STATEMENT_CACHE);
    set_default(&out->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS);
    if (out->pool_min > out->pool_max)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "database options: pool_min is %u, more than pool_max, which is %u",
                             out->pool_min, out->pool_max);
    return MINIORM_OK;
}

static enum miniorm_status prepare(struct miniorm_database *database, const char *url,
                                   struct miniorm_error *error)
{
    const struct miniorm__driver *driver = find_driver(url);
    enum miniorm_status status;

    if (driver == NULL)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "database URL: begins neither with postgresql:// nor with sqlite:");
    status = driver->open(database, url, error);
    if (status != MINIORM_OK)
        return status;
    database->driver = driver;
    status = miniorm__session_new(database, &database->session, error);
    if (status == MINIORM_OK)
        status = miniorm__pool_new(database, &database->pool, error);
    if (status == MINIORM_OK)
        status = miniorm__pool_fill(database->pool, error);
    return status;
}

enum miniorm_status miniorm_database_open(const char *url,
                                          const struct miniorm_database_options *options,
                                          struct miniorm_database **out,
                                          struct miniorm_error *error)
{
    struct miniorm_database *database;
    enum miniorm_status status;

    if (url == NULL || out == NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "database: %s is NULL",
                             url == NULL ? "the URL" : "out");
    database = calloc(1, sizeof(*database));
    if (database == NULL)
        return miniorm__fail_memory(error);
    status = fill_options(&database->options, options, error);
    if (status == MINIORM_OK)
        status = prepare(database, url, error);
    if (status != MINIORM_OK) {
        miniorm_database_close(database);
        return status;
    }
    *out = database;
    return MINIORM_OK;
}

void miniorm_database_close(struct miniorm_database *database)
{
    if (database == NULL)
        return;
    miniorm__pool_free(database->pool);
    miniorm__session_free(database->session);
    if (database->driver != NULL)
        database->driver->close(database);
    free(database);
}

enum miniorm_dialect miniorm_database_dialect(const struct miniorm_database *database)
{
    return database->driver->dialect;
}

struct miniorm_session *miniorm_database_session(struct miniorm_database *database)
{
    return database->session;
}

void miniorm_database_pool_stats(const struct miniorm_database *database,
                                 struct miniorm_pool_stats *out)
{
    struct miniorm_pool_stats figures = {.size = sizeof(figures)};

    miniorm__pool_figures(database->pool, &figures);
    miniorm__figures_copy(out, &figures, sizeof(figures));
}
