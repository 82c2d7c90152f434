/* Plain operations of a client on PostgreSQL: grouping, errors beside others, placement, limits. */
#include "async.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_up(void **state)
{
    static struct async async;

    async_execute("DROP TABLE IF EXISTS client_rows");
    async_execute("CREATE TABLE client_rows (id int4 PRIMARY KEY, parent int4 REFERENCES "
                  "client_rows (id) DEFERRABLE INITIALLY DEFERRED)");
    async_execute("INSERT INTO client_rows SELECT n FROM generate_series(1, 100) n");
    async_open(&async, NULL);
    *state = &async;
    return 0;
}

static int tear_down(void **state)
{
    async_close(*state);
    async_execute("DROP TABLE client_rows");
    return 0;
}

/* A client of its own with one connection. */
static void open_narrow(struct async *async, unsigned max_pipeline)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.client_connections = 1;
    options.max_pipeline = max_pipeline;
    async_open(async, &options);
}

static void reads_of_one_turn_share_a_round_trip(void **state)
{
    struct async *async = *state;
    struct call calls[50];
    struct miniorm_client_stats before, after;
    size_t i;

    async_ask(async, "SELECT 1");
    before = async_stats(async);
    for (i = 0; i < COUNT(calls); i++)
        async_read(async, &calls[i], "SELECT count(*) FROM client_rows", 0);
    assert_int_equal(async_stats(async).waiting, COUNT(calls));
    async_wait(async, calls, COUNT(calls));
    after = async_stats(async);
    for (i = 0; i < COUNT(calls); i++) {
        assert_status(&calls[i], MINIORM_OK);
        assert_int_equal(calls[i].number, 100);
    }
    assert_int_equal(after.syncs - before.syncs, 1);
    assert_int_equal(after.completed - before.completed, COUNT(calls));
    assert_int_equal(after.waiting + after.in_flight, 0);
}

static void many_reads_are_split_into_groups(void **state)
{
    struct async *async = *state;
    static struct call calls[1000];
    uint64_t before;
    size_t i;

    async_ask(async, "SELECT 1");
    before = async_stats(async).syncs;
    for (i = 0; i < COUNT(calls); i++)
        async_read(async, &calls[i], "SELECT max(id) FROM client_rows", 0);
    async_wait(async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_int_equal(calls[i].number, 100);
    assert_in_range(async_stats(async).syncs - before, 16, 40);
}

static void error_of_one_read_does_not_reach_its_neighbours(void **state)
{
    struct async *async = *state;
    struct call calls[20];
    uint64_t before;
    size_t i;

    async_ask(async, "SELECT 1");
    before = async_stats(async).requeued;
    for (i = 0; i < COUNT(calls); i++)
        async_read(async, &calls[i],
                   i == 7 ? "SELECT 1 / (count(*) - count(*)) FROM client_rows" : "SELECT 42", 0);
    async_wait(async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], i == 7 ? MINIORM_EVALUE : MINIORM_OK);
    assert_string_equal(calls[7].error.sqlstate, "22012");
    assert_int_equal(async_stats(async).requeued - before, 12);
}

static void several_errors_in_one_group_find_their_owners(void **state)
{
    struct async *async = *state;
    struct call calls[60];
    size_t i;

    for (i = 0; i < COUNT(calls); i++)
        async_read(async, &calls[i],
                   i % 3 == 0   ? "SELEC"
                   : i % 3 == 1 ? "SELECT 3"
                                : "SELECT 1/0",
                   0);
    async_wait(async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], i % 3 == 0   ? MINIORM_ESTATEMENT
                                 : i % 3 == 1 ? MINIORM_OK
                                              : MINIORM_EVALUE);
}

static void writes_stand_by_themselves(void **state)
{
    struct async *async = *state;
    struct call calls[30];
    size_t i;

    for (i = 0; i < COUNT(calls); i++)
        async_write(async, &calls[i],
                    i % 2 ? "INSERT INTO client_rows VALUES (1)"
                          : "INSERT INTO client_rows SELECT max(id) + 1000 FROM client_rows",
                    0);
    async_wait(async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++) {
        if (i % 2 == 0 && calls[i].status == MINIORM_EUNIQUE)
            continue; /* two connections may compute the same maximum */
        assert_status(&calls[i], i % 2 ? MINIORM_EUNIQUE : MINIORM_OK);
    }
    assert_string_equal(calls[1].error.constraint, "client_rows_pkey");
    assert_string_equal(calls[1].error.table, "client_rows");
    async_execute("DELETE FROM client_rows WHERE id > 100");
}

static void write_is_reported_when_it_is_committed(void **state)
{
    struct async *async = *state;
    struct call calls[3];

    async_write(async, &calls[0], "INSERT INTO client_rows VALUES (500, 499)", 0);
    async_write(async, &calls[1], "INSERT INTO client_rows VALUES (501, 501) RETURNING id", 0);
    async_write(async, &calls[2], "INSERT INTO client_rows VALUES (502, 499)", 0);
    async_wait(async, calls, 3);
    assert_status(&calls[0], MINIORM_EFOREIGNKEY);
    assert_status(&calls[1], MINIORM_OK);
    assert_int_equal(calls[1].number, 501);
    assert_status(&calls[2], MINIORM_EFOREIGNKEY);
    assert_int_equal(async_ask(async, "SELECT count(*) FROM client_rows WHERE id >= 500"), 1);
    async_execute("DELETE FROM client_rows WHERE id > 100");
}

static void slow_write_does_not_hold_up_reads(void **state)
{
    struct async *async = *state;
    struct call write, reads[10];
    size_t i;

    async_write(async, &write, "SELECT pg_sleep(600)", 0);
    async_turn_for(async, 50);
    for (i = 0; i < COUNT(reads); i++)
        async_read(async, &reads[i], "SELECT 1", 0);
    async_wait(async, reads, COUNT(reads));
    assert_int_equal(write.outcomes, 0);
    miniorm_request_cancel(write.request);
    async_wait(async, &write, 1);
    assert_status(&write, MINIORM_ECANCELLED);
}

static void slow_read_does_not_hold_up_other_reads(void **state)
{
    struct async *async = *state;
    struct call slow, read;

    async_read(async, &slow, "SELECT pg_sleep(600)", 0);
    async_turn_for(async, 50);
    async_read(async, &read, "SELECT 1", 0);
    async_wait(async, &read, 1);
    assert_int_equal(slow.outcomes, 0);
    miniorm_request_cancel(slow.request);
    async_wait(async, &slow, 1);
}

static void statement_is_prepared_once_for_all_who_wait(void **state)
{
    struct async async;
    struct call calls[40];
    size_t i;

    (void)state;
    open_narrow(&async, 0);
    for (i = 0; i < COUNT(calls); i++)
        async_read(&async, &calls[i], "SELECT count(*), 'shared' FROM client_rows", 0);
    async_wait(&async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], MINIORM_OK);
    assert_int_equal(async_ask(&async, "SELECT count(*) FROM pg_prepared_statements WHERE "
                                       "statement LIKE '%''shared''%' AND statement NOT LIKE "
                                       "'%pg_prepared%'"),
                     1);
    async_close(&async);
}

static void statement_whose_table_changed_is_prepared_again(void **state)
{
    struct async async;
    struct call calls[10];
    size_t round, i;

    (void)state;
    async_execute("CREATE TABLE client_changing (a int4)");
    open_narrow(&async, 0);
    for (round = 0; round < 4; round++) {
        for (i = 0; i < COUNT(calls); i++)
            async_read(&async, &calls[i], "SELECT * FROM client_changing", 0);
        async_wait(&async, calls, COUNT(calls));
        for (i = 0; i < COUNT(calls); i++)
            assert_status(&calls[i], MINIORM_OK);
        async_execute("ALTER TABLE client_changing ADD COLUMN b int4, ADD COLUMN c int4");
        async_execute("ALTER TABLE client_changing DROP COLUMN b");
        async_execute("ALTER TABLE client_changing RENAME COLUMN c TO d");
        async_execute("ALTER TABLE client_changing RENAME TO client_changed");
        async_execute("CREATE TABLE client_changing (a int8)");
        async_execute("DROP TABLE client_changed");
    }
    async_write(&async, &calls[0], "DEALLOCATE ALL", 0);
    async_wait(&async, calls, 1);
    async_read(&async, &calls[0], "SELECT * FROM client_changing", 0);
    async_write(&async, &calls[1], "DEALLOCATE ALL", 0);
    async_write(&async, &calls[2], "INSERT INTO client_changing VALUES (1)", 0);
    async_wait(&async, calls, 3);
    for (i = 0; i < 3; i++)
        assert_status(&calls[i], MINIORM_OK);
    async_close(&async);
    async_execute("DROP TABLE client_changing");
}

static void cache_of_statements_keeps_its_size(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct async async;
    struct call calls[100];
    char sql[100];
    size_t round, i;

    (void)state;
    options.client_connections = 1;
    options.statement_cache = 8;
    async_open(&async, &options);
    for (round = 0; round < 5; round++) {
        for (i = 0; i < COUNT(calls); i++) {
            snprintf(sql, sizeof(sql), "SELECT %d, %s", (int)(i * 7 % 30),
                     i == 50 ? "1/0" : "'cached'");
            async_read(&async, &calls[i], sql, 0);
            if (i % 10 == 0)
                async_turn_for(&async, 1);
        }
        async_wait(&async, calls, COUNT(calls));
        for (i = 0; i < COUNT(calls); i++)
            assert_status(&calls[i], i == 50 ? MINIORM_EVALUE : MINIORM_OK);
    }
    async_ask(&async, "SELECT 1");
    assert_in_range(async_ask(&async, "SELECT count(*) FROM pg_prepared_statements"), 1, 10);
    async_close(&async);
}

static void pooler_gets_one_unnamed_statement_at_a_time(void **state)
{
    struct async async;
    struct call calls[20];
    size_t i;

    (void)state;
    open_narrow(&async, 1);
    for (i = 0; i < COUNT(calls); i++) {
        if (i % 4 == 3)
            async_write(&async, &calls[i], "UPDATE client_rows SET id = id WHERE id = 1", 0);
        else
            async_read(&async, &calls[i], "SELECT 5", 0);
        assert_in_range(async_stats(&async).in_flight, 0, 1);
    }
    async_wait(&async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], MINIORM_OK);
    assert_int_equal(async_ask(&async, "SELECT count(*) FROM pg_prepared_statements"), 0);
    async_close(&async);
}

static void queue_has_a_limit(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct async async;
    struct call calls[6];
    size_t i;

    (void)state;
    options.queue_limit = 5;
    async_open(&async, &options);
    for (i = 0; i < 5; i++)
        async_read(&async, &calls[i], "SELECT 1", 0);
    assert_int_equal(async_submit(&async, &calls[5], miniorm_query_raw("SELECT 1", NULL, 0), 0),
                     MINIORM_ELIMIT);
    async_wait(&async, calls, 5);
    assert_int_equal(calls[5].outcomes, 0);
    async_read(&async, &calls[5], "SELECT 1", 0);
    async_wait(&async, &calls[5], 1);
    async_close(&async);
}

static void wrong_descriptions_fail_at_once(void **state)
{
    struct async *async = *state;
    struct call call;
    const struct miniorm_value zero = miniorm_value_text(miniorm_text_from("a\0b", 3));

    assert_int_equal(async_submit(async, &call, NULL, 0), MINIORM_ENOMEM);
    async_submit(async, &call, miniorm_query_raw("SELECT $1::text", &zero, 1), 0);
    if (call.request != NULL) {
        async_wait(async, &call, 1);
        assert_status(&call, MINIORM_EVALUE);
    }
}

static void deadline_ends_a_wait_and_the_statement(void **state)
{
    struct async *async = *state;
    struct call calls[3];
    uint64_t start;

    async_ask(async, "SELECT 1");
    start = async_now_ms();
    async_read(async, &calls[0], "SELECT pg_sleep(600), 'victim'", 100);
    async_read(async, &calls[1], "SELECT 2", 0);
    async_read(async, &calls[2], "SELECT 3", 0);
    async_wait(async, calls, 3);
    assert_status(&calls[0], MINIORM_ETIMEDOUT);
    assert_status(&calls[1], MINIORM_OK);
    assert_status(&calls[2], MINIORM_OK);
    assert_true(calls[0].ended_ms >= start + 100);
    while (async_ask(async, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                            "'%''victim''%' AND query NOT LIKE '%activity%' AND state = "
                            "'active'") != 0) {
        assert_true(async_now_ms() < start + ASYNC_PATIENCE_MS);
        async_turn_for(async, 10);
    }
}

static void cancelled_request_is_told_in_a_later_turn(void **state)
{
    struct async *async = *state;
    struct call calls[3];

    async_read(async, &calls[0], "SELECT 1", 0);
    async_read(async, &calls[1], "SELECT pg_sleep(30)", 0);
    async_read(async, &calls[2], "SELECT 1", 0);
    miniorm_request_cancel(calls[0].request);
    assert_int_equal(calls[0].outcomes, 0);
    async_turn_for(async, 50);
    miniorm_request_cancel(calls[1].request);
    assert_int_equal(calls[1].outcomes, 0);
    async_wait(async, calls, 3);
    assert_status(&calls[0], MINIORM_ECANCELLED);
    assert_status(&calls[1], MINIORM_ECANCELLED);
    assert_status(&calls[2], MINIORM_OK);
}

static void cancelling_a_write_spares_other_writes(void **state)
{
    struct async async;
    struct call calls[3];

    (void)state;
    open_narrow(&async, 0);
    async_ask(&async, "SELECT 1");
    async_write(&async, &calls[0], "SELECT pg_sleep(2)", 0);
    async_write(&async, &calls[1], "UPDATE client_rows SET id = id WHERE id = 1", 0);
    async_turn_for(&async, 50);
    miniorm_request_cancel(calls[0].request);
    async_wait(&async, calls, 2);
    assert_status(&calls[0], MINIORM_ECANCELLED);
    assert_status(&calls[1], MINIORM_OK);
    async_close(&async);
}

static void copy_ends_the_connection_and_nothing_else(void **state)
{
    struct async *async = *state;
    struct call calls[2];

    async_write(async, &calls[0], "COPY client_rows TO STDOUT", 0);
    async_wait(async, calls, 1);
    assert_true(calls[0].status != MINIORM_OK);
    async_read(async, &calls[1], "SELECT 1", 0);
    async_wait(async, calls, 2);
    assert_status(&calls[1], MINIORM_OK);
}

struct chain {
    struct async *async;
    struct call call;
    unsigned left;
};

static void go_on(void *data, enum miniorm_status status, struct miniorm_result *result,
                  const struct miniorm_error *error)
{
    struct chain *chain = data;
    struct call call = {0};

    async_done(&call, status, result, error);
    if (chain->left-- == 0) {
        chain->call = call;
        return;
    }
    assert_int_equal(miniorm_client_submit_take(chain->async->client,
                                                miniorm_query_raw("SELECT 1", NULL, 0), NULL, go_on,
                                                chain, NULL, NULL),
                     MINIORM_OK);
}

static void completion_may_submit(void **state)
{
    struct chain chain = {.async = *state, .left = 100};

    miniorm_client_submit_take(chain.async->client, miniorm_query_raw("SELECT 1", NULL, 0), NULL,
                               go_on, &chain, NULL, NULL);
    async_wait(chain.async, &chain.call, 1);
    assert_status(&chain.call, MINIORM_OK);
}

struct closer {
    struct async async;
    struct call first;
    struct call others[20];
};

static void close_client(void *data, enum miniorm_status status, struct miniorm_result *result,
                         const struct miniorm_error *error)
{
    struct closer *closer = data;

    async_done(&closer->first, status, result, error);
    miniorm_client_close(closer->async.client);
    closer->async.client = NULL;
}

static void completion_may_close_the_client(void **state)
{
    static struct closer closer;
    size_t i;

    (void)state;
    memset(&closer, 0, sizeof(closer));
    async_open(&closer.async, NULL);
    for (i = 0; i < 10; i++)
        async_read(&closer.async, &closer.others[i], "SELECT 1", 0);
    miniorm_client_submit_take(closer.async.client, miniorm_query_raw("SELECT 2", NULL, 0), NULL,
                               close_client, &closer, NULL, NULL);
    for (; i < 20; i++)
        async_write(&closer.async, &closer.others[i], "SELECT pg_sleep(1)", 0);
    async_wait(&closer.async, &closer.first, 1);
    for (i = 0; i < 20; i++) {
        assert_int_equal(closer.others[i].outcomes, 1);
        assert_true(closer.others[i].status == MINIORM_OK ||
                    closer.others[i].status == MINIORM_ECANCELLED);
    }
    async_close(&closer.async);
}

static void closing_completes_everything(void **state)
{
    struct async async;
    struct call calls[30];
    size_t i;

    (void)state;
    async_open(&async, NULL);
    for (i = 0; i < COUNT(calls); i++)
        async_write(&async, &calls[i], "SELECT pg_sleep(10)", 0);
    async_turn_for(&async, 50);
    async_close(&async);
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], MINIORM_ECANCELLED);
}

static void closing_before_the_first_turn_is_fine(void **state)
{
    struct async async;
    struct call call;

    (void)state;
    async_open(&async, NULL);
    async_read(&async, &call, "SELECT 1", 0);
    async_close(&async);
    assert_status(&call, MINIORM_ECANCELLED);
}

static void large_statements_and_answers_pass_in_both_directions(void **state)
{
    static char text[300000];
    struct async *async = *state;
    struct miniorm_value value;
    struct call calls[40];
    size_t i;

    memset(text, 'x', sizeof(text));
    value = miniorm_value_text(miniorm_text_from(text, sizeof(text)));
    for (i = 0; i < COUNT(calls); i++)
        assert_int_equal(async_submit(async, &calls[i],
                                      miniorm_query_read_only(miniorm_query_raw(
                                          "SELECT length($1::text), $1::text, repeat('y', "
                                          "200000)",
                                          &value, 1)),
                                      0),
                         MINIORM_OK);
    async_wait(async, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++) {
        assert_status(&calls[i], MINIORM_OK);
        assert_int_equal(calls[i].number, sizeof(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_of_one_turn_share_a_round_trip),
        cmocka_unit_test(many_reads_are_split_into_groups),
        cmocka_unit_test(error_of_one_read_does_not_reach_its_neighbours),
        cmocka_unit_test(several_errors_in_one_group_find_their_owners),
        cmocka_unit_test(writes_stand_by_themselves),
        cmocka_unit_test(write_is_reported_when_it_is_committed),
        cmocka_unit_test(slow_write_does_not_hold_up_reads),
        cmocka_unit_test(slow_read_does_not_hold_up_other_reads),
        cmocka_unit_test(statement_is_prepared_once_for_all_who_wait),
        cmocka_unit_test(statement_whose_table_changed_is_prepared_again),
        cmocka_unit_test(cache_of_statements_keeps_its_size),
        cmocka_unit_test(pooler_gets_one_unnamed_statement_at_a_time),
        cmocka_unit_test(queue_has_a_limit),
        cmocka_unit_test(wrong_descriptions_fail_at_once),
        cmocka_unit_test(deadline_ends_a_wait_and_the_statement),
        cmocka_unit_test(cancelled_request_is_told_in_a_later_turn),
        cmocka_unit_test(cancelling_a_write_spares_other_writes),
        cmocka_unit_test(copy_ends_the_connection_and_nothing_else),
        cmocka_unit_test(completion_may_submit),
        cmocka_unit_test(completion_may_close_the_client),
        cmocka_unit_test(closing_completes_everything),
        cmocka_unit_test(closing_before_the_first_turn_is_fine),
        cmocka_unit_test(large_statements_and_answers_pass_in_both_directions),
    };

    return cmocka_run_group_tests_name("client", tests, set_up, tear_down);
}
