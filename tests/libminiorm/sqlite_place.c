/*
 * Places for tests of SQLite.
 */
#include "sqlite_place.h"

MINIORM_DEFINE(item, ITEM_COLUMNS, "items");

static const char create_table[] =
    "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL "
    "DEFAULT 1 CONSTRAINT size_is_positive CHECK (size > 0), parent_id INTEGER REFERENCES items(id) "
    "DEFERRABLE INITIALLY DEFERRED, tag TEXT, UNIQUE (size, tag))";

static struct sqlite_place *new_place(const char *url)
{
    struct sqlite_place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    if (url == NULL)
        temporary_make(&place->temporary);
    assert_int_equal(miniorm_database_open(url == NULL ? place->temporary.url : url, NULL,
                                           &place->database, NULL),
                     MINIORM_OK);
    place->session = miniorm_database_session(place->database);
    place_must_run(place->session, create_table);
    return place;
}

int place_in_memory(void **state)
{
    *state = new_place("sqlite::memory:");
    return 0;
}

int place_in_file(void **state)
{
    *state = new_place(NULL);
    return 0;
}

int place_end(void **state)
{
    struct sqlite_place *place = *state;

    miniorm_database_close(place->database);
    if (place->temporary.folder[0] != '\0')
        temporary_remove(&place->temporary);
    free(place);
    return 0;
}

void place_reopen(struct sqlite_place *place, const struct miniorm_database_options *options)
{
    miniorm_database_close(place->database);
    place->database = NULL;
    assert_int_equal(miniorm_database_open(place->temporary.url, options, &place->database, NULL),
                     MINIORM_OK);
    place->session = miniorm_database_session(place->database);
}

enum miniorm_status place_run(struct miniorm_session *session, const char *sql,
                              struct miniorm_error *error)
{
    return miniorm_run_take(session, miniorm_query_raw(sql, NULL, 0), NULL, error);
}

void place_must_run(struct miniorm_session *session, const char *sql)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (place_run(session, sql, &error) != MINIORM_OK)
        fail_msg("%s: %s", sql, error.message);
}

int64_t place_ask(struct miniorm_session *session, const char *sql)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;
    struct miniorm_value value;

    if (miniorm_run_take(session, miniorm_query_read_only(miniorm_query_raw(sql, NULL, 0)), &result,
                         &error) != MINIORM_OK)
        fail_msg("%s: %s", sql, error.message);
    assert_int_equal(miniorm_result_value(result, 0, 0, &value, NULL), MINIORM_OK);
    miniorm_result_free(result);
    return value.as.integer;
}
