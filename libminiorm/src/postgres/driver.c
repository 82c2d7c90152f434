/*
 * The driver of PostgreSQL: its table of functions. The files of this folder are the only ones that
 * know libpq.
 */
#include "../client_driver.h"

#include "blocking.h"
#include "database.h"

static enum miniorm_status driver_open(struct miniorm_database *database, const char *url,
                                       struct miniorm_error *error)
{
    struct miniorm__pg_database *data = NULL;
    const enum miniorm_status status = miniorm__pg_database_open(url, &data, error);

    if (status == MINIORM_OK)
        database->driver_data = data;
    return status;
}

static void driver_close(struct miniorm_database *database)
{
    miniorm__pg_database_close(database->driver_data);
}

const struct miniorm__driver miniorm__postgres_driver = {
    .dialect = MINIORM_POSTGRESQL,
    .open = driver_open,
    .close = driver_close,
    .connect = miniorm__pg_connect,
    .disconnect = miniorm__pg_disconnect,
    .is_usable = miniorm__pg_is_usable,
    .execute = miniorm__pg_execute,
    .transact = miniorm__pg_transact,
    .client = &miniorm__postgres_client_driver,
};
