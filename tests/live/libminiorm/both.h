/*
 * The same tests on both databases: both_run() runs them on a SQLite file and on the PostgreSQL server of
 * MINIORM_TEST_POSTGRES_URL, each time with a fresh place of its own that is dropped afterwards.
 *
 * A test gets a struct both as its state.
 */
#ifndef LIVE_BOTH_H
#define LIVE_BOTH_H

#include "test.h"

#include <miniorm/miniorm.h>

struct both {
    struct miniorm_database *database;
    struct miniorm_session *session;
    enum miniorm_dialect dialect;
    char url[1024];
};

/* Models whose tables exist while the tests run; created before and dropped after them. */
int both_run(const char *name, const struct CMUnitTest *tests, size_t n_tests,
             const struct miniorm_model *const *models, size_t n_models);

#define both_run_tests(name, tests, models)                           \
    both_run(name, tests, sizeof(tests) / sizeof((tests)[0]), models, \
             sizeof(models) / sizeof((models)[0]))

/* Fails the test with the error's message unless the status is MINIORM_OK. */
#define assert_ok(status, error) both_assert_ok((status), (error), __FILE__, __LINE__)
void both_assert_ok(enum miniorm_status status, const struct miniorm_error *error, const char *file,
                    int line);

/* Runs a statement that must succeed, and frees its answer. */
void both_execute(const struct both *both, const char *sql);

#endif
