/*
 * Opening databases: URLs, options, and what is refused.
 */
#include "test.h"

#include <miniorm/miniorm.h>

#include "driver.h"
#include "options.h"

static void expect_refused(const char *url, const struct miniorm_database_options *options,
                           enum miniorm_status status, const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database = NULL;

    assert_int_equal(miniorm_database_open(url, options, &database, &error), status);
    assert_null(database);
    assert_string_equal(error.message, message);
}

static void database_in_memory_opens_and_closes(void **state)
{
    struct miniorm_database *database = NULL;
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};

    (void)state;
    assert_int_equal(miniorm_database_open("sqlite::memory:", NULL, &database, NULL), MINIORM_OK);
    assert_int_equal(miniorm_database_dialect(database), MINIORM_SQLITE);
    assert_non_null(miniorm_database_session(database));
    miniorm_database_pool_stats(database, &stats);
    assert_int_equal(stats.open, 0);
    miniorm_database_close(database);
    miniorm_database_close(NULL);
}

static void unknown_schemes_are_refused_without_showing_the_url(void **state)
{
    static const char message[] =
        "database URL: begins neither with postgresql:// nor with sqlite:";

    (void)state;
    expect_refused("mysql://user:secret@host/name", NULL, MINIORM_EINVALID, message);
    expect_refused("", NULL, MINIORM_EINVALID, message);
    expect_refused("SQLITE:x", NULL, MINIORM_EINVALID, message);
    expect_refused(NULL, NULL, MINIORM_EINVALID, "database: the URL is NULL");
    expect_refused("sqlite:", NULL, MINIORM_EINVALID,
                   "database URL: sqlite: is followed by a path or by :memory:");
}

static void missing_out_is_refused(void **state)
{
    (void)state;
    assert_int_equal(miniorm_database_open("sqlite::memory:", NULL, NULL, NULL), MINIORM_EINVALID);
}

static void options_have_defaults(void **state)
{
    struct miniorm_database *database = NULL;

    (void)state;
    assert_int_equal(miniorm_database_open("sqlite::memory:", NULL, &database, NULL), MINIORM_OK);
    assert_int_equal(database->options.pool_min, 0);
    assert_int_equal(database->options.pool_max, 10);
    assert_int_equal(database->options.acquire_timeout_ms, 5000);
    assert_int_equal(database->options.connect_timeout_ms, 5000);
    assert_int_equal(database->options.statement_timeout_ms, 0);
    assert_int_equal(database->options.max_pipeline, 256);
    assert_int_equal(database->options.queue_limit, 10000);
    assert_int_equal(database->options.reconnect_max_delay_ms, 1000);
    assert_int_equal(database->options.statement_cache, 256);
    assert_int_equal(database->options.idle_timeout_ms, 600000);
    assert_null(database->options.log);
    miniorm_database_close(database);
}

static void minimum_of_the_pool_is_opened_at_once(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_database *database = NULL;
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};

    (void)state;
    options.pool_min = 12;
    assert_int_equal(miniorm_database_open("sqlite::memory:", &options, &database, NULL),
                     MINIORM_OK);
    miniorm_database_pool_stats(database, &stats);
    assert_int_equal(stats.open, 12);
    assert_int_equal(database->options.pool_max, 12);
    miniorm_database_close(database);
}

static void contradicting_options_are_refused(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    (void)state;
    options.pool_min = 3;
    options.pool_max = 2;
    expect_refused("sqlite::memory:", &options, MINIORM_EINVALID,
                   "database options: pool_min is 3, more than pool_max, which is 2");
    options.size = 0;
    expect_refused("sqlite::memory:", &options, MINIORM_EINVALID,
                   "database options: size is not set");
}

static void options_of_an_older_program_are_understood(void **state)
{
    struct miniorm_database_options options;
    struct miniorm_database *database = NULL;

    (void)state;
    memset(&options, 0xee, sizeof(options));
    options.size = offsetof(struct miniorm_database_options, acquire_timeout_ms);
    options.pool_min = 0;
    options.pool_max = 7;
    assert_int_equal(miniorm_database_open("sqlite::memory:", &options, &database, NULL),
                     MINIORM_OK);
    assert_int_equal(database->options.pool_max, 7);
    assert_int_equal(database->options.acquire_timeout_ms, 5000);
    miniorm_database_close(database);
}

static void options_of_a_newer_program_must_be_unset_where_they_are_not_known(void **state)
{
    struct {
        struct miniorm_database_options known;
        uint64_t unknown;
    } options = {.known = MINIORM_DATABASE_OPTIONS_INIT};
    struct miniorm_database *database = NULL;

    (void)state;
    options.known.size = sizeof(options);
    assert_int_equal(miniorm_database_open("sqlite::memory:", &options.known, &database, NULL),
                     MINIORM_OK);
    miniorm_database_close(database);
    options.unknown = 1;
    expect_refused("sqlite::memory:", &options.known, MINIORM_EUNSUPPORTED,
                   "database options: an option is set that this version of the library lacks");
}

static void no_options_are_no_options(void **state)
{
    struct miniorm_transaction_options out;

    (void)state;
    memset(&out, 0xee, sizeof(out));
    assert_int_equal(miniorm__options_copy(&out, sizeof(out), NULL, "options", NULL), MINIORM_OK);
    assert_int_equal(out.size, sizeof(out));
    assert_int_equal(out.isolation, 0);
    assert_int_equal(out.attempts, 0);
}

static void open_once(void *context)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_database *database = NULL;
    enum miniorm_status status;

    (void)context;
    options.pool_min = 1;
    status = miniorm_database_open("sqlite::memory:", &options, &database, NULL);
    if (status != MINIORM_OK)
        assert_int_equal(status, MINIORM_ENOMEM);
    miniorm_database_close(database);
}

static void opening_survives_any_failed_allocation(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(open_once, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(database_in_memory_opens_and_closes),
        cmocka_unit_test(unknown_schemes_are_refused_without_showing_the_url),
        cmocka_unit_test(missing_out_is_refused),
        cmocka_unit_test(options_have_defaults),
        cmocka_unit_test(minimum_of_the_pool_is_opened_at_once),
        cmocka_unit_test(contradicting_options_are_refused),
        cmocka_unit_test(options_of_an_older_program_are_understood),
        cmocka_unit_test(options_of_a_newer_program_must_be_unset_where_they_are_not_known),
        cmocka_unit_test(no_options_are_no_options),
        cmocka_unit_test(opening_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
