/*
 * Places for tests: a folder with a SQLite file, or a schema of PostgreSQL that comes first in the
 * search path of the database's URL.
 */
#include "both.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct miniorm_model *const *place_models;
static size_t n_place_models;
static char folder[64];

void both_assert_ok(enum miniorm_status status, const struct miniorm_error *error, const char *file,
                    int line)
{
    if (status == MINIORM_OK)
        return;
    print_error("%s: %s\n", miniorm_status_name(status), error == NULL ? "" : error->message);
    _fail(file, line);
}

void both_execute(const struct both *both, const char *sql)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(miniorm_run_take(both->session, miniorm_query_raw(sql, NULL, 0), NULL, &error),
              &error);
}

static int open_place(struct both *both, void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(miniorm_database_open(both->url, NULL, &both->database, &error), &error);
    both->session = miniorm_database_session(both->database);
    both->dialect = miniorm_database_dialect(both->database);
    if (both->dialect == MINIORM_POSTGRESQL) {
        char sql[64];

        snprintf(sql, sizeof(sql), "CREATE SCHEMA both_%ld", (long)getpid());
        both_execute(both, sql);
    }
    if (n_place_models != 0)
        assert_ok(miniorm_schema_create(both->session, place_models, n_place_models, &error),
                  &error);
    *state = both;
    return 0;
}

static int set_up_sqlite(void **state)
{
    struct both *both = calloc(1, sizeof(*both));

    assert_non_null(both);
    snprintf(folder, sizeof(folder), "/tmp/miniorm-both-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(both->url, sizeof(both->url), "sqlite:%s/database", folder);
    return open_place(both, state);
}

static int tear_down_sqlite(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    struct both *both = *state;
    char path[128];
    size_t i;

    miniorm_database_close(both->database);
    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s/database%s", folder, suffixes[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
    free(both);
    return 0;
}

static int set_up_postgres(void **state)
{
    const char *server = getenv("MINIORM_TEST_POSTGRES_URL");
    struct both *both = calloc(1, sizeof(*both));

    assert_non_null(both);
    assert_non_null(server);
    /* The schema carries the process, so that programs may run side by side. */
    snprintf(both->url, sizeof(both->url), "%s%coptions=-csearch_path%%3Dboth_%ld", server,
             strchr(server, '?') == NULL ? '?' : '&', (long)getpid());
    return open_place(both, state);
}

static int tear_down_postgres(void **state)
{
    struct both *both = *state;
    char sql[64];

    snprintf(sql, sizeof(sql), "DROP SCHEMA both_%ld CASCADE", (long)getpid());
    both_execute(both, sql);
    miniorm_database_close(both->database);
    free(both);
    return 0;
}

int both_run(const char *name, const struct CMUnitTest *tests, size_t n_tests,
             const struct miniorm_model *const *models, size_t n_models)
{
    char group[128];
    int failed;

    place_models = models;
    n_place_models = n_models;
    snprintf(group, sizeof(group), "%s on SQLite", name);
    failed = _cmocka_run_group_tests(group, tests, n_tests, set_up_sqlite, tear_down_sqlite);
    snprintf(group, sizeof(group), "%s on PostgreSQL", name);
    return failed +
           _cmocka_run_group_tests(group, tests, n_tests, set_up_postgres, tear_down_postgres);
}
