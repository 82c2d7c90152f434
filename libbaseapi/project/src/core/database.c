/*
 * The database of the service: opened once, used by every worker.
 */
#include "core/database.h"

#include <stdio.h>

#include "core/log.h"
#include "migrations/migrations.h"

struct miniorm_database *database_open(const struct settings *settings)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database = NULL;

    options.log = log_database;
    if (miniorm_database_open(settings->database_url, &options, &database, &error) == MINIORM_OK &&
        migrations_apply(miniorm_database_session(database), &error) == MINIORM_OK)
        return database;
    fprintf(stderr, "database: %s\n", error.message);
    miniorm_database_close(database);
    return NULL;
}
