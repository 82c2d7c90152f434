/*
 * Database: a URL to libpq's keywords and values.
 *
 * Where several hosts are given, libpq goes on to the next one when a host refuses, but a host that
 * does not answer at all would take the whole time. So there is one array of values for each host,
 * with the lists turned round to begin with it, and an attempt that timed out is followed by one
 * that starts with the next.
 */
#include "database.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* What is always said: the encoding that the library promises, and who is asking unless the URL
 * says it. */
#define FIXED_OPTIONS 2
static const char *const fixed[FIXED_OPTIONS][2] = {
    {"client_encoding", "UTF8"},
    {"fallback_application_name", "libminiorm"},
};

static unsigned count_items(const char *list)
{
    unsigned count = 1;

    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

static bool is_host_list(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* The list begun with its item of that number; the same list if it has one item only. */
static const char *turn(struct arena *arena, const char *list, unsigned first)
{
    const char *at = list;
    char *turned;
    size_t rest;

    for (; first != 0; first--) {
        at = strchr(at, ',');
        if (at == NULL)
            return list;
        at++;
    }
    if (at == list)
        return list;
    turned = arena_alloc(arena, strlen(list) + 1);
    if (turned == NULL)
        return NULL;
    rest = strlen(at);
    memcpy(turned, at, rest);
    turned[rest] = ',';
    memcpy(turned + rest + 1, list, (size_t)(at - list) - 1);
    turned[strlen(list)] = '\0';
    return turned;
}

static bool is_given(const PQconninfoOption *option)
{
    return option->val != NULL && strcmp(option->keyword, fixed[0][0]) != 0;
}

static bool copy_values(struct miniorm__pg_database *database, const PQconninfoOption *options,
                        unsigned host, size_t count)
{
    const char **values = arena_zeroed(&database->arena, count + 1, sizeof(*values));
    size_t n = 0, i;

    if (values == NULL)
        return false;
    for (; options->keyword != NULL; options++) {
        const char *value;

        if (!is_given(options))
            continue;
        value = arena_string(&database->arena, options->val);
        if (value != NULL && is_host_list(options->keyword))
            value = turn(&database->arena, value, host);
        if (value == NULL)
            return false;
        values[n++] = value;
    }
    for (i = 0; i < FIXED_OPTIONS; i++)
        values[n++] = fixed[i][1];
    database->values[host] = values;
    return true;
}

static bool copy_keywords(struct miniorm__pg_database *database, const PQconninfoOption *options,
                          size_t *count)
{
    size_t n = FIXED_OPTIONS, i;
    const PQconninfoOption *option;

    for (option = options; option->keyword != NULL; option++)
        n += is_given(option);
    database->keywords = arena_zeroed(&database->arena, n + 1, sizeof(*database->keywords));
    if (database->keywords == NULL)
        return false;
    *count = n;
    n = 0;
    for (option = options; option->keyword != NULL; option++) {
        if (!is_given(option))
            continue;
        database->keywords[n] = arena_string(&database->arena, option->keyword);
        if (database->keywords[n++] == NULL)
            return false;
    }
    for (i = 0; i < FIXED_OPTIONS; i++)
        database->keywords[n++] = fixed[i][0];
    return true;
}

static bool copy_options(struct miniorm__pg_database *database, const PQconninfoOption *options)
{
    const PQconninfoOption *option;
    unsigned host;
    size_t count;

    database->n_hosts = 1;
    for (option = options; option->keyword != NULL; option++) {
        if (is_given(option) && is_host_list(option->keyword) &&
            count_items(option->val) > database->n_hosts)
            database->n_hosts = count_items(option->val);
    }
    database->values = arena_zeroed(&database->arena, database->n_hosts, sizeof(*database->values));
    if (database->values == NULL || !copy_keywords(database, options, &count))
        return false;
    for (host = 0; host < database->n_hosts; host++) {
        if (!copy_values(database, options, host, count))
            return false;
    }
    return true;
}

/* libpq's message quotes what it does not understand, which may be the password. */
static enum miniorm_status malformed(const char *message, struct miniorm_error *error)
{
    size_t size = message == NULL ? 0 : strcspn(message, "\"\n");

    while (size != 0 && (message[size - 1] == ' ' || message[size - 1] == ':'))
        size--;
    return miniorm__fail(error, MINIORM_EINVALID, "database URL: it is malformed: %.*s", (int)size,
                         size == 0 ? "" : message);
}

enum miniorm_status miniorm__pg_database_open(const char *url, struct miniorm__pg_database **out,
                                              struct miniorm_error *error)
{
    struct miniorm__pg_database *database;
    enum miniorm_status status = MINIORM_OK;
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);

    if (options == NULL) {
        status = message == NULL ? miniorm__fail_memory(error) : malformed(message, error);
        PQfreemem(message);
        return status;
    }
    database = calloc(1, sizeof(*database));
    if (database == NULL || !copy_options(database, options)) {
        miniorm__pg_database_close(database);
        status = miniorm__fail_memory(error);
    } else {
        *out = database;
    }
    PQconninfoFree(options);
    return status;
}

void miniorm__pg_database_close(struct miniorm__pg_database *database)
{
    if (database == NULL)
        return;
    arena_free(&database->arena);
    free(database);
}
