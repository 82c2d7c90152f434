/*
 * Driver: SQLite behind the interface that the rest of the library knows (../driver.h).
 *
 * The database object keeps one connection open from beginning to end, the anchor; those of the
 * pool and of clients come and go.
 */
#include "../driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client_driver.h"
#include "../error.h"
#include "connection.h"
#include "execute.h"

#define SCHEME "sqlite:"
#define MEMORY ":memory:"
/* A name that begins with a slash is found by every connection of this process, and only as long as
 * one is open; the address makes it this object's own. */
#define MEMORY_FORMAT "file:/miniorm-%p?vfs=memdb"
#define MEMORY_NAME_SIZE 64

static struct miniorm__sqlite_connection *own(struct miniorm__connection *connection)
{
    return (struct miniorm__sqlite_connection *)(void *)connection;
}

static enum miniorm_status name_source(struct miniorm__sqlite_source *source, const char *path,
                                       struct miniorm_error *error)
{
    if (*path == '\0')
        return miniorm__fail(error, MINIORM_EINVALID,
                             "database URL: sqlite: is followed by a path or by :memory:");
    source->is_memory = strcmp(path, MEMORY) == 0;
    if (source->is_memory) {
        source->name = malloc(MEMORY_NAME_SIZE);
        if (source->name != NULL)
            (void)snprintf(source->name, MEMORY_NAME_SIZE, MEMORY_FORMAT, (void *)source);
    } else {
        /* SQLite may be built to read a path that begins with file: as a URI of its own; with ./
         * before it, it is a path. */
        const char *prefix = *path == '/' ? "" : "./";
        const size_t size = strlen(prefix) + strlen(path) + 1;

        source->name = malloc(size);
        if (source->name != NULL)
            (void)snprintf(source->name, size, "%s%s", prefix, path);
    }
    return source->name == NULL ? miniorm__fail_memory(error) : MINIORM_OK;
}

static void free_source(struct miniorm__sqlite_source *source)
{
    if (source->anchor != NULL)
        miniorm__sqlite_disconnect(own(source->anchor));
    miniorm__sqlite_gate_destroy(&source->gate);
    free(source->name);
    free(source);
}

static enum miniorm_status open_anchor(struct miniorm_database *database,
                                       struct miniorm__sqlite_source *source,
                                       struct miniorm_error *error)
{
    const uint64_t deadline_ms = miniorm__clock_ms() + database->options.connect_timeout_ms;
    struct miniorm__sqlite_connection *connection;
    enum miniorm_status status = miniorm__sqlite_connect(database, MINIORM__SQLITE_CREATE,
                                                         deadline_ms, NULL, &connection, error);

    if (status == MINIORM_OK)
        source->anchor = &connection->base;
    return status;
}

static enum miniorm_status open_database(struct miniorm_database *database, const char *url,
                                         struct miniorm_error *error)
{
    struct miniorm__sqlite_source *source;
    enum miniorm_status status;

    if (!sqlite3_threadsafe())
        return miniorm__fail(error, MINIORM_EUNSUPPORTED,
                             "SQLite: the library was built without support for threads");
    source = calloc(1, sizeof(*source));
    if (source == NULL)
        return miniorm__fail_memory(error);
    miniorm__sqlite_gate_init(&source->gate);
    database->driver_data = source;
    status = name_source(source, url + strlen(SCHEME), error);
    if (status == MINIORM_OK)
        status = open_anchor(database, source, error);
    if (status != MINIORM_OK) {
        free_source(source);
        database->driver_data = NULL;
    }
    return status;
}

static void close_database(struct miniorm_database *database)
{
    free_source(database->driver_data);
}

static enum miniorm_status connect_to(struct miniorm_database *database, uint64_t deadline_ms,
                                      struct miniorm__connection **out, struct miniorm_error *error)
{
    struct miniorm__sqlite_connection *connection;
    const enum miniorm_status status = miniorm__sqlite_connect(
        database, MINIORM__SQLITE_JOIN, deadline_ms, NULL, &connection, error);

    if (status == MINIORM_OK)
        *out = &connection->base;
    return status;
}

static void disconnect_from(struct miniorm__connection *connection)
{
    miniorm__sqlite_disconnect(own(connection));
}

static bool is_usable(struct miniorm__connection *connection)
{
    return miniorm__sqlite_is_usable(own(connection));
}

static enum miniorm_status execute(struct miniorm__connection *connection,
                                   const struct miniorm__operation *operation, uint64_t deadline_ms,
                                   struct miniorm_result **out, struct miniorm_error *error)
{
    return miniorm__sqlite_execute(own(connection), operation, deadline_ms, out, error);
}

static enum miniorm_status transact(struct miniorm__connection *connection,
                                    enum miniorm__transaction_verb verb,
                                    const struct miniorm_transaction_options *options,
                                    unsigned level, uint64_t deadline_ms,
                                    struct miniorm_error *error)
{
    return miniorm__sqlite_transact(own(connection), verb, options, level, deadline_ms, error);
}

const struct miniorm__driver miniorm__sqlite_driver = {
    .dialect = MINIORM_SQLITE,
    .open = open_database,
    .close = close_database,
    .connect = connect_to,
    .disconnect = disconnect_from,
    .is_usable = is_usable,
    .execute = execute,
    .transact = transact,
    .client = &miniorm__sqlite_client_driver,
};
