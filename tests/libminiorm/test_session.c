/*
 * Sessions, with a fake database behind them.
 */
#include "fake_driver.h"

#include <stdio.h>

#define OPTIONS(...)                                                                     \
    (&(struct miniorm_database_options){.size = sizeof(struct miniorm_database_options), \
                                        __VA_ARGS__})

static struct miniorm_query *write_query(void)
{
    return miniorm_query_raw("UPDATE stock SET n = 1", NULL, 0);
}

static struct miniorm_query *read_query(void)
{
    return miniorm_query_read_only(miniorm_query_raw("SELECT 1", NULL, 0));
}

static enum miniorm_status run(struct fake *fake, struct miniorm_query *query,
                               struct miniorm_error *error)
{
    return miniorm_run_take(fake->database.session, query, NULL, error);
}

static void operation_borrows_a_connection(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    (void)state;
    assert_int_equal(miniorm_run_take(fake->database.session, read_query(), &result, &error),
                     MINIORM_OK);
    assert_non_null(result);
    miniorm_result_free(result);
    assert_int_equal(run(fake, write_query(), &error), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+xx");
    fake_free(fake);
}

static void query_can_be_run_again(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_query *query = read_query();

    (void)state;
    assert_int_equal(miniorm_run(fake->database.session, query, NULL, NULL), MINIORM_OK);
    assert_int_equal(miniorm_run(fake->database.session, query, NULL, NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+xx");
    miniorm_query_free(query);
    fake_free(fake);
}

static void missing_query_is_a_lack_of_memory(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(run(fake, NULL, &error), MINIORM_ENOMEM);
    assert_int_equal(error.status, MINIORM_ENOMEM);
    assert_string_equal(fake_journal(fake), "");
    fake_free(fake);
}

static void wrong_description_reaches_no_connection(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = (struct miniorm_result *)(void *)fake;

    (void)state;
    assert_int_equal(miniorm_run_take(fake->database.session,
                                      miniorm_query_raw("SELECT $1", NULL, 0), &result, &error),
                     MINIORM_EINVALID);
    assert_ptr_equal(result, fake);
    assert_string_equal(fake_journal(fake), "");
    fake_free(fake);
}

static void timeout_of_the_database_is_the_deadline(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.statement_timeout_ms = 1000));
    const uint64_t before = miniorm__clock_ms();

    (void)state;
    assert_int_equal(run(fake, read_query(), NULL), MINIORM_OK);
    assert_in_range(fake->deadline_ms, before + 1000, miniorm__clock_ms() + 1000);
    fake->database.options.statement_timeout_ms = 0;
    assert_int_equal(run(fake, read_query(), NULL), MINIORM_OK);
    assert_int_equal(fake->deadline_ms, 0);
    fake_free(fake);
}

static void read_is_repeated_once_on_a_new_connection(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->execute_status = MINIORM_ECONNECTION;
    fake->failures_break = true;
    fake->failures = 1;
    assert_int_equal(run(fake, read_query(), &error), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+x-+x");
    assert_int_equal(error.status, MINIORM_OK);
    fake->failures = 2;
    assert_int_equal(run(fake, read_query(), &error), MINIORM_ECONNECTION);
    assert_string_equal(error.message, "the fake fails");
    fake_free(fake);
}

static void repeating_does_not_try_the_other_idle_connections(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm__connection *held[2];

    (void)state;
    assert_int_equal(miniorm__pool_acquire(fake->database.pool, 0, &held[0], NULL), MINIORM_OK);
    assert_int_equal(miniorm__pool_acquire(fake->database.pool, 0, &held[1], NULL), MINIORM_OK);
    miniorm__pool_release(fake->database.pool, held[0]);
    miniorm__pool_release(fake->database.pool, held[1]);
    fake->execute_status = MINIORM_ECONNECTION;
    fake->failures_break = true;
    fake->failures = 1;
    assert_int_equal(run(fake, read_query(), NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "++x--+x");
    fake_free(fake);
}

static void write_under_way_is_never_repeated(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->execute_status = MINIORM_ECONNECTION;
    fake->failures_break = true;
    fake->failures = 1;
    assert_int_equal(run(fake, write_query(), &error), MINIORM_ECONNECTION);
    assert_string_equal(fake_journal(fake), "+x-");
    fake_free(fake);
}

static void write_that_was_not_sent_is_repeated(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    fake->execute_status = MINIORM_EUNAVAILABLE;
    fake->failures_break = true;
    fake->failures = 1;
    assert_int_equal(run(fake, write_query(), NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+x-+x");
    fake_free(fake);
}

static void other_failures_keep_the_connection_and_are_not_repeated(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->execute_status = MINIORM_EUNIQUE;
    fake->failures = 1;
    assert_int_equal(run(fake, read_query(), &error), MINIORM_EUNIQUE);
    assert_int_equal(error.status, MINIORM_EUNIQUE);
    assert_string_equal(fake_journal(fake), "+x");
    fake_free(fake);
}

static void failing_to_connect_is_not_repeated(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    fake->connect_status = MINIORM_EUNAVAILABLE;
    assert_int_equal(run(fake, read_query(), NULL), MINIORM_EUNAVAILABLE);
    assert_string_equal(fake_journal(fake), "+");
    fake_free(fake);
}

struct lines {
    unsigned n;
    enum miniorm_log_level level;
    char newest[4096];
};

static void keep_line(void *data, enum miniorm_log_level level, const char *message)
{
    struct lines *lines = data;

    lines->n++;
    lines->level = level;
    snprintf(lines->newest, sizeof(lines->newest), "%s", message);
}

static void log_shows_the_statement_without_its_values(void **state)
{
    struct lines lines = {0};
    struct fake *fake = fake_new(OPTIONS(.log = keep_line, .log_data = &lines));
    const struct miniorm_value value = miniorm_value_string("secret");

    (void)state;
    assert_int_equal(run(fake, miniorm_query_raw("SELECT\n$1", &value, 1), NULL), MINIORM_OK);
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.level, MINIORM_LOG_DEBUG);
    assert_string_equal(lines.newest, "SELECT ?1");
    fake_free(fake);
}

static void long_lines_are_logged_whole(void **state)
{
    struct lines lines = {0};
    struct fake *fake = fake_new(OPTIONS(.log = keep_line, .log_data = &lines));
    char text[2001];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    miniorm__log(&fake->database, MINIORM_LOG_INFO, "%s\t!", text);
    assert_int_equal(strlen(lines.newest), 2002);
    assert_string_equal(lines.newest + 2000, " !");
    oom_fail_at(1);
    miniorm__log(&fake->database, MINIORM_LOG_INFO, "%s", text);
    assert_true(oom_stop());
    assert_int_equal(strlen(lines.newest), 511);
    fake_free(fake);
}

static void run_once(void *context)
{
    struct fake *fake = context;
    const enum miniorm_status status = run(fake, read_query(), NULL);

    if (status != MINIORM_OK)
        assert_int_equal(status, MINIORM_ENOMEM);
    miniorm__pool_forget_idle(fake->database.pool);
}

static void running_survives_any_failed_allocation(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    assert_true(oom_for_every_allocation(run_once, fake) > 2);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operation_borrows_a_connection),
        cmocka_unit_test(query_can_be_run_again),
        cmocka_unit_test(missing_query_is_a_lack_of_memory),
        cmocka_unit_test(wrong_description_reaches_no_connection),
        cmocka_unit_test(timeout_of_the_database_is_the_deadline),
        cmocka_unit_test(read_is_repeated_once_on_a_new_connection),
        cmocka_unit_test(repeating_does_not_try_the_other_idle_connections),
        cmocka_unit_test(write_under_way_is_never_repeated),
        cmocka_unit_test(write_that_was_not_sent_is_repeated),
        cmocka_unit_test(other_failures_keep_the_connection_and_are_not_repeated),
        cmocka_unit_test(failing_to_connect_is_not_repeated),
        cmocka_unit_test(log_shows_the_statement_without_its_values),
        cmocka_unit_test(long_lines_are_logged_whole),
        cmocka_unit_test(running_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
