/*
 * SQLite from a loop: threads behind the client, transactions, deadlines, cancelling, closing.
 */
#include "sqlite_place.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#include <miniorm/epoll.h>

/* What a completion was told. */
struct outcome {
    unsigned calls;
    enum miniorm_status status;
    int64_t value; /* first cell, if there is one */
    char message[256];
    struct miniorm_client *to_close; /* inside the completion */
};

struct desk {
    struct sqlite_place *place;
    struct miniorm_epoll *loop;
    struct miniorm_client *client;
};

static void note(void *data, enum miniorm_status status, struct miniorm_result *result,
                 const struct miniorm_error *error)
{
    struct outcome *outcome = data;
    struct miniorm_value value;

    outcome->calls++;
    outcome->status = status;
    assert_true((error == NULL) == (status == MINIORM_OK));
    if (error != NULL) {
        assert_int_equal(error->status, status);
        memcpy(outcome->message, error->message, sizeof(outcome->message));
    }
    if (result != NULL && miniorm_result_rows(result) > 0 &&
        miniorm_result_value(result, 0, 0, &value, NULL) == MINIORM_OK &&
        value.type == MINIORM_T_int8)
        outcome->value = value.as.integer;
    miniorm_result_free(result);
    if (outcome->to_close != NULL)
        miniorm_client_close(outcome->to_close);
}

static struct miniorm_query *read_query(const char *sql)
{
    return miniorm_query_read_only(miniorm_query_raw(sql, NULL, 0));
}

static struct miniorm_query *write_query(const char *sql)
{
    return miniorm_query_raw(sql, NULL, 0);
}

static void submit(struct desk *desk, struct miniorm_query *query, struct outcome *outcome)
{
    assert_int_equal(
        miniorm_client_submit_take(desk->client, query, NULL, note, outcome, NULL, NULL),
        MINIORM_OK);
}

static void turn(struct desk *desk)
{
    assert_int_equal(miniorm_epoll_turn(desk->loop, 1000, NULL), MINIORM_OK);
}

static void await(struct desk *desk, const struct outcome *outcome)
{
    while (outcome->calls == 0)
        turn(desk);
    assert_int_equal(outcome->calls, 1);
}

static void expect(struct desk *desk, struct outcome *outcome, enum miniorm_status status)
{
    await(desk, outcome);
    if (outcome->status != status)
        fail_msg("%s instead of %s: %s", miniorm_status_name(outcome->status),
                 miniorm_status_name(status), outcome->message);
    memset(outcome, 0, sizeof(*outcome));
}

static int64_t ask(struct desk *desk, const char *sql)
{
    struct outcome outcome = {0};

    submit(desk, read_query(sql), &outcome);
    await(desk, &outcome);
    assert_int_equal(outcome.status, MINIORM_OK);
    return outcome.value;
}

static void do_write(struct desk *desk, const char *sql)
{
    struct outcome outcome = {0};

    submit(desk, write_query(sql), &outcome);
    expect(desk, &outcome, MINIORM_OK);
}

static void open_client(struct desk *desk)
{
    assert_int_equal(miniorm_client_open(desk->place->database, miniorm_epoll_loop(desk->loop),
                                         &desk->client, NULL),
                     MINIORM_OK);
}

static int set_up(void **state, int (*place)(void **state))
{
    struct desk *desk = calloc(1, sizeof(*desk));
    void *inner = NULL;

    assert_non_null(desk);
    place(&inner);
    desk->place = inner;
    assert_int_equal(miniorm_epoll_new(&desk->loop, NULL), MINIORM_OK);
    open_client(desk);
    *state = desk;
    return 0;
}

static int set_up_file(void **state)
{
    return set_up(state, place_in_file);
}

static int set_up_memory(void **state)
{
    return set_up(state, place_in_memory);
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    void *inner = desk->place;

    miniorm_client_close(desk->client);
    miniorm_epoll_free(desk->loop);
    place_end(&inner);
    free(desk);
    return 0;
}

static void reopen(struct desk *desk, const struct miniorm_database_options *options)
{
    miniorm_client_close(desk->client);
    place_reopen(desk->place, options);
    open_client(desk);
}

static struct miniorm_async_transaction *begin_with(struct desk *desk, int read_only)
{
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_async_transaction *transaction = NULL;

    options.read_only = read_only;
    assert_int_equal(miniorm_async_transaction_begin(desk->client, &options, &transaction, NULL),
                     MINIORM_OK);
    return transaction;
}

static struct miniorm_async_transaction *begin(struct desk *desk)
{
    return begin_with(desk, 0);
}

static void add(struct miniorm_async_transaction *transaction, const char *sql,
                struct outcome *outcome)
{
    assert_int_equal(miniorm_async_transaction_submit_take(transaction, write_query(sql), NULL,
                                                           note, outcome, NULL, NULL),
                     MINIORM_OK);
}

static void completions_come_later_on_the_loop(void **state)
{
    struct desk *desk = *state;
    struct outcome outcome = {0};

    submit(desk, read_query("SELECT 42"), &outcome);
    assert_int_equal(outcome.calls, 0);
    await(desk, &outcome);
    assert_int_equal(outcome.status, MINIORM_OK);
    assert_int_equal(outcome.value, 42);
}

static void every_operation_completes_once(void **state)
{
    struct desk *desk = *state;
    struct miniorm_client_stats stats = {.size = sizeof(stats)};
    struct outcome outcomes[300] = {{0}};
    char sql[64];
    unsigned i;

    for (i = 0; i < 300; i++) {
        snprintf(sql, sizeof(sql),
                 i % 3 == 0 ? "INSERT INTO items(name) VALUES ('n%u')" : "SELECT %u", i);
        submit(desk, i % 3 == 0 ? write_query(sql) : read_query(sql), &outcomes[i]);
    }
    for (i = 0; i < 300; i++) {
        await(desk, &outcomes[i]);
        assert_int_equal(outcomes[i].status, MINIORM_OK);
        assert_int_equal(outcomes[i].value, i % 3 == 0 ? 0 : i);
    }
    miniorm_client_stats(desk->client, &stats);
    assert_int_equal(stats.submitted, 300);
    assert_int_equal(stats.completed, 300);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.in_flight, 0);
    assert_true(stats.connections >= 2);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 100);
}

static void errors_are_told_in_full(void **state)
{
    struct desk *desk = *state;
    struct outcome outcome = {0};

    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
    submit(desk, write_query("INSERT INTO items(name) VALUES ('a')"), &outcome);
    await(desk, &outcome);
    assert_int_equal(outcome.status, MINIORM_EUNIQUE);
    assert_string_equal(outcome.message, "SQLite: UNIQUE constraint failed: items.name");
}

static void slow_statement_stops_neither_the_loop_nor_readers(void **state)
{
    struct desk *desk = *state;
    struct miniorm_request *request = NULL;
    struct outcome slow = {0};

    assert_int_equal(miniorm_client_submit_take(desk->client, write_query(PLACE_ENDLESS), NULL,
                                                note, &slow, &request, NULL),
                     MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT 1"), 1);
    assert_int_equal(ask(desk, "SELECT 2"), 2);
    assert_int_equal(slow.calls, 0);
    miniorm_request_cancel(request);
    expect(desk, &slow, MINIORM_ECANCELLED);
    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
}

static void slow_read_leaves_the_other_reader(void **state)
{
    struct desk *desk = *state;
    struct miniorm_request *request = NULL;
    struct outcome slow = {0};

    assert_int_equal(miniorm_client_submit_take(desk->client, read_query(PLACE_ENDLESS), NULL, note,
                                                &slow, &request, NULL),
                     MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT 1"), 1);
    assert_int_equal(ask(desk, "SELECT 2"), 2);
    miniorm_request_cancel(request);
    expect(desk, &slow, MINIORM_ECANCELLED);
}

static void deadline_interrupts_what_runs_and_drops_what_waits(void **state)
{
    struct desk *desk = *state;
    struct miniorm_submit_options options = MINIORM_SUBMIT_OPTIONS_INIT;
    struct outcome running = {0};
    struct outcome waiting = {0};
    struct outcome after = {0};

    options.timeout_ms = 50;
    assert_int_equal(miniorm_client_submit_take(desk->client, write_query(PLACE_ENDLESS), &options,
                                                note, &running, NULL, NULL),
                     MINIORM_OK);
    options.timeout_ms = 20;
    assert_int_equal(miniorm_client_submit_take(
                         desk->client, write_query("INSERT INTO items(name) VALUES ('late')"),
                         &options, note, &waiting, NULL, NULL),
                     MINIORM_OK);
    submit(desk, write_query("INSERT INTO items(name) VALUES ('in time')"), &after);
    expect(desk, &waiting, MINIORM_ETIMEDOUT);
    expect(desk, &running, MINIORM_ETIMEDOUT);
    expect(desk, &after, MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 1);
}

static void transaction_commits_in_order(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcomes[3] = {{0}};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    add(transaction, "UPDATE items SET size = 5 WHERE name = 'a'", &outcomes[1]);
    add(transaction, "SELECT size FROM items", &outcomes[2]);
    miniorm_async_transaction_commit(transaction, note, &end);
    await(desk, &outcomes[2]);
    assert_int_equal(outcomes[2].value, 5);
    expect(desk, &end, MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT size FROM items"), 5);
}

static void transaction_rolls_back(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcome = {0};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcome);
    expect(desk, &outcome, MINIORM_OK);
    miniorm_async_transaction_rollback(transaction, note, &end);
    expect(desk, &end, MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
}

static void empty_transactions_end(void **state)
{
    struct desk *desk = *state;
    struct outcome end = {0};

    miniorm_async_transaction_commit(begin(desk), note, &end);
    expect(desk, &end, MINIORM_OK);
    miniorm_async_transaction_rollback(begin(desk), note, &end);
    expect(desk, &end, MINIORM_OK);
    miniorm_async_transaction_rollback(begin(desk), NULL, NULL);
    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
}

static void reads_go_on_while_a_transaction_is_open_and_writes_wait(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome inside = {0};
    struct outcome outside = {0};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &inside);
    expect(desk, &inside, MINIORM_OK);
    submit(desk, write_query("INSERT INTO items(name) VALUES ('b')"), &outside);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
    assert_int_equal(outside.calls, 0);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &end, MINIORM_OK);
    expect(desk, &outside, MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 2);
}

static void transactions_take_turns(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *first = begin(desk);
    struct miniorm_async_transaction *second = begin(desk);
    struct outcome outcomes[4] = {{0}};
    struct outcome ends[2] = {{0}};
    unsigned i;

    add(first, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    add(second, "SELECT count(*) FROM items", &outcomes[1]);
    add(second, "INSERT INTO items(name) VALUES ('b')", &outcomes[2]);
    add(first, "SELECT count(*) FROM items", &outcomes[3]);
    miniorm_async_transaction_commit(second, note, &ends[1]);
    await(desk, &outcomes[3]);
    assert_int_equal(outcomes[1].calls, 0);
    miniorm_async_transaction_commit(first, note, &ends[0]);
    for (i = 0; i < 2; i++)
        expect(desk, &ends[i], MINIORM_OK);
    for (i = 0; i < 4; i++)
        await(desk, &outcomes[i]);
    assert_int_equal(outcomes[1].value, 1);
    assert_int_equal(outcomes[3].value, 1);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 2);
}

static void read_only_transaction_sees_one_state_beside_writers(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin_with(desk, 1);
    struct outcome outcome = {0};
    struct outcome end = {0};

    add(transaction, "SELECT count(*) FROM items", &outcome);
    expect(desk, &outcome, MINIORM_OK);
    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
    add(transaction, "SELECT count(*) FROM items", &outcome);
    await(desk, &outcome);
    assert_int_equal(outcome.value, 0);
    memset(&outcome, 0, sizeof(outcome));
    add(transaction, "DELETE FROM items", &outcome);
    expect(desk, &outcome, MINIORM_ESTATEMENT);
    miniorm_async_transaction_rollback(transaction, note, &end);
    expect(desk, &end, MINIORM_OK);
}

static void failure_aborts_until_rollback(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcomes[3] = {{0}};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    add(transaction, "INSERT INTO items(name) VALUES (NULL)", &outcomes[1]);
    add(transaction, "INSERT INTO items(name) VALUES ('b')", &outcomes[2]);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &outcomes[0], MINIORM_OK);
    expect(desk, &outcomes[1], MINIORM_ENOTNULL);
    expect(desk, &outcomes[2], MINIORM_EABORTED);
    expect(desk, &end, MINIORM_EABORTED);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
}

static void savepoint_rescues_what_came_before(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcomes[4] = {{0}};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    assert_int_equal(miniorm_async_transaction_savepoint(transaction, NULL), MINIORM_OK);
    add(transaction, "INSERT INTO items(name) VALUES ('b')", &outcomes[1]);
    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcomes[2]);
    assert_int_equal(miniorm_async_transaction_rollback_to(transaction, NULL), MINIORM_OK);
    assert_int_equal(miniorm_async_transaction_release(transaction, NULL), MINIORM_OK);
    add(transaction, "INSERT INTO items(name) VALUES ('c')", &outcomes[3]);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &outcomes[2], MINIORM_EUNIQUE);
    expect(desk, &outcomes[3], MINIORM_OK);
    expect(desk, &end, MINIORM_OK);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items WHERE name IN ('a', 'c')"), 2);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 2);
}

static void savepoint_submitted_after_the_failure_is_no_way_back(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcomes[3] = {{0}};
    struct outcome end = {0};

    assert_int_equal(miniorm_async_transaction_savepoint(transaction, NULL), MINIORM_OK);
    add(transaction, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    add(transaction, "INSERT INTO items(name) VALUES (NULL)", &outcomes[1]);
    assert_int_equal(miniorm_async_transaction_release(transaction, NULL), MINIORM_OK);
    assert_int_equal(miniorm_async_transaction_savepoint(transaction, NULL), MINIORM_OK);
    assert_int_equal(miniorm_async_transaction_rollback_to(transaction, NULL), MINIORM_OK);
    add(transaction, "INSERT INTO items(name) VALUES ('b')", &outcomes[2]);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &outcomes[2], MINIORM_EABORTED);
    expect(desk, &end, MINIORM_EABORTED);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
}

static void cancelled_step_aborts_its_transaction(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct miniorm_request *request = NULL;
    struct outcome first = {0};
    struct outcome cancelled = {0};
    struct outcome last = {0};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name) VALUES ('a')", &first);
    assert_int_equal(miniorm_async_transaction_submit_take(
                         transaction, write_query("INSERT INTO items(name) VALUES ('b')"), NULL,
                         note, &cancelled, &request, NULL),
                     MINIORM_OK);
    add(transaction, "INSERT INTO items(name) VALUES ('c')", &last);
    miniorm_request_cancel(request);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &cancelled, MINIORM_ECANCELLED);
    expect(desk, &first, MINIORM_OK);
    expect(desk, &last, MINIORM_EABORTED);
    expect(desk, &end, MINIORM_EABORTED);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
}

static void interrupted_step_aborts_its_transaction(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct miniorm_submit_options options = MINIORM_SUBMIT_OPTIONS_INIT;
    struct outcome outcome = {0};
    struct outcome end = {0};

    options.timeout_ms = 30;
    assert_int_equal(miniorm_async_transaction_submit_take(transaction, write_query(PLACE_ENDLESS),
                                                           &options, note, &outcome, NULL, NULL),
                     MINIORM_OK);
    expect(desk, &outcome, MINIORM_ETIMEDOUT);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &end, MINIORM_EABORTED);
    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
}

static void deferred_check_fails_the_commit(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *transaction = begin(desk);
    struct outcome outcome = {0};
    struct outcome end = {0};

    add(transaction, "INSERT INTO items(name, parent_id) VALUES ('a', 99)", &outcome);
    miniorm_async_transaction_commit(transaction, note, &end);
    expect(desk, &outcome, MINIORM_OK);
    expect(desk, &end, MINIORM_EFOREIGNKEY);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
}

static void queue_has_its_limit(void **state)
{
    struct desk *desk = *state;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct outcome outcomes[5] = {{0}};
    unsigned i;

    options.queue_limit = 4;
    reopen(desk, &options);
    for (i = 0; i < 4; i++)
        submit(desk, read_query("SELECT 1"), &outcomes[i]);
    assert_int_equal(miniorm_client_submit_take(desk->client, read_query("SELECT 1"), NULL, note,
                                                &outcomes[4], NULL, NULL),
                     MINIORM_ELIMIT);
    for (i = 0; i < 4; i++)
        expect(desk, &outcomes[i], MINIORM_OK);
    assert_int_equal(outcomes[4].calls, 0);
}

static void closing_tells_everybody_once(void **state)
{
    struct desk *desk = *state;
    struct miniorm_async_transaction *first = begin(desk);
    struct miniorm_async_transaction *second = begin(desk);
    struct miniorm_async_transaction *silent = begin(desk);
    struct outcome outcomes[6] = {{0}};
    struct outcome end = {0};
    unsigned i;

    (void)silent;
    add(first, "INSERT INTO items(name) VALUES ('a')", &outcomes[0]);
    expect(desk, &outcomes[0], MINIORM_OK);
    add(first, PLACE_ENDLESS, &outcomes[0]);
    add(first, "SELECT 1", &outcomes[1]);
    add(second, "SELECT 1", &outcomes[2]);
    add(second, "SELECT 1", &outcomes[3]);
    miniorm_async_transaction_commit(second, note, &end);
    submit(desk, read_query(PLACE_ENDLESS), &outcomes[4]);
    submit(desk, write_query("INSERT INTO items(name) VALUES ('b')"), &outcomes[5]);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
    miniorm_client_close(desk->client);
    desk->client = NULL;
    for (i = 0; i < 6; i++) {
        assert_int_equal(outcomes[i].calls, 1);
        assert_int_equal(outcomes[i].status, MINIORM_ECANCELLED);
    }
    assert_int_equal(end.calls, 1);
    assert_int_equal(end.status, MINIORM_ECANCELLED);
    assert_int_equal(place_ask(desk->place->session, "SELECT count(*) FROM items"), 0);
    place_must_run(desk->place->session, "INSERT INTO items(name) VALUES ('a')");
}

static void client_can_be_closed_in_a_completion(void **state)
{
    struct desk *desk = *state;
    struct outcome first = {.to_close = desk->client};
    struct outcome others[3] = {{0}};
    unsigned i;

    submit(desk, read_query("SELECT 1"), &first);
    for (i = 0; i < 3; i++)
        submit(desk, write_query(PLACE_ENDLESS), &others[i]);
    await(desk, &first);
    desk->client = NULL;
    for (i = 0; i < 3; i++) {
        assert_int_equal(others[i].calls, 1);
        assert_int_equal(others[i].status, MINIORM_ECANCELLED);
    }
}

static void closing_does_not_wait_for_the_locks_of_others(void **state)
{
    struct desk *desk = *state;
    struct miniorm_session *session = NULL;
    struct outcome outcome = {0};

    assert_int_equal(miniorm_transaction_begin(desk->place->session, NULL, &session, NULL),
                     MINIORM_OK);
    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    submit(desk, write_query("INSERT INTO items(name) VALUES ('b')"), &outcome);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
    miniorm_client_close(desk->client);
    desk->client = NULL;
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.status, MINIORM_ECANCELLED);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
}

static void lock_of_another_program_ends_in_busy(void **state)
{
    struct desk *desk = *state;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct outcome outcome = {0};
    sqlite3 *other;

    options.connect_timeout_ms = 100;
    reopen(desk, &options);
    assert_int_equal(sqlite3_open(desk->place->temporary.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    submit(desk, write_query("INSERT INTO items(name) VALUES ('b')"), &outcome);
    assert_int_equal(ask(desk, "SELECT count(*) FROM items"), 0);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    expect(desk, &outcome, MINIORM_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void deleted_file_makes_writes_unavailable(void **state)
{
    struct desk *desk = *state;
    struct outcome outcome = {0};

    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(remove(desk->place->temporary.path), 0);
    submit(desk, write_query("INSERT INTO items(name) VALUES ('b')"), &outcome);
    expect(desk, &outcome, MINIORM_EUNAVAILABLE);
}

static void replaced_file_is_used_from_then_on(void **state)
{
    struct desk *desk = *state;
    char other[128];
    char *sql;
    int length;

    do_write(desk, "INSERT INTO items(name) VALUES ('a')");
    snprintf(other, sizeof(other), "%s/other", desk->place->temporary.folder);
    length = asprintf(&sql, "VACUUM INTO '%s'", other);
    assert_true(length > 0);
    place_must_run(desk->place->session, sql);
    free(sql);
    do_write(desk, "INSERT INTO items(name) VALUES ('b')");
    assert_int_equal(rename(other, desk->place->temporary.path), 0);
    do_write(desk, "INSERT INTO items(name) VALUES ('c')");
    assert_int_equal(ask(desk, "SELECT count(*) FROM items WHERE name = 'c'"), 1);
}

struct worker {
    struct sqlite_place *place;
    pthread_t thread;
    unsigned failures;
};

/* A loop of its own: as many increments as there are transactions and writes. */
static void *work(void *data)
{
    struct worker *worker = data;
    struct desk desk = {.place = worker->place};
    unsigned i;

    if (miniorm_epoll_new(&desk.loop, NULL) != MINIORM_OK)
        return data;
    open_client(&desk);
    for (i = 0; i < 30; i++) {
        static const char sql[] = "UPDATE items SET size = size + 1 WHERE name = 'counter'";
        struct miniorm_async_transaction *transaction = begin(&desk);
        struct outcome outcomes[3] = {{0}};

        submit(&desk, write_query(sql), &outcomes[0]);
        add(transaction, sql, &outcomes[1]);
        miniorm_async_transaction_commit(transaction, note, &outcomes[2]);
        ask(&desk, "SELECT size FROM items WHERE name = 'counter'");
        while (outcomes[0].calls + outcomes[1].calls + outcomes[2].calls != 3)
            turn(&desk);
        worker->failures += outcomes[0].status != MINIORM_OK || outcomes[1].status != MINIORM_OK ||
                            outcomes[2].status != MINIORM_OK;
    }
    miniorm_client_close(desk.client);
    miniorm_epoll_free(desk.loop);
    return NULL;
}

static void clients_of_several_loops_share_the_database(void **state)
{
    struct desk *desk = *state;
    struct worker workers[3] = {{0}};
    void *failed;
    unsigned i;

    do_write(desk, "INSERT INTO items(name, size) VALUES ('counter', 1)");
    for (i = 0; i < 3; i++) {
        workers[i].place = desk->place;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (i = 0; i < 3; i++) {
        pthread_join(workers[i].thread, &failed);
        assert_null(failed);
        assert_int_equal(workers[i].failures, 0);
    }
    assert_int_equal(ask(desk, "SELECT size FROM items WHERE name = 'counter'"), 1 + 3 * 30 * 2);
}

static void use_once(struct desk *desk)
{
    struct outcome outcome = {0};
    enum miniorm_status status;

    status = miniorm_client_open(desk->place->database, miniorm_epoll_loop(desk->loop),
                                 &desk->client, NULL);
    if (status == MINIORM_OK) {
        status = miniorm_client_submit_take(desk->client, read_query("SELECT count(*) FROM items"),
                                            NULL, note, &outcome, NULL, NULL);
        if (status == MINIORM_OK) {
            await(desk, &outcome);
            status = outcome.status;
        }
        miniorm_client_close(desk->client);
    }
    desk->client = NULL;
    if (status != MINIORM_OK && status != MINIORM_ENOMEM)
        fail_msg("%s: %s", miniorm_status_name(status), outcome.message);
}

static void clients_survive_any_failed_allocation(void **state)
{
    struct desk *desk = *state;
    size_t n = 0;

    miniorm_client_close(desk->client);
    do {
        oom_fail_at(++n);
        use_once(desk);
    } while (oom_stop());
    assert_true(n > 5);
}

#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, set_up_memory, tear_down)
#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, set_up_file, tear_down)

int main(void)
{
    const struct CMUnitTest in_memory[] = {
        IN_MEMORY(completions_come_later_on_the_loop),
        IN_MEMORY(every_operation_completes_once),
        IN_MEMORY(transaction_commits_in_order),
        IN_MEMORY(transaction_rolls_back),
        IN_MEMORY(failure_aborts_until_rollback),
        IN_MEMORY(savepoint_rescues_what_came_before),
        IN_MEMORY(clients_of_several_loops_share_the_database),
    };
    const struct CMUnitTest in_file[] = {
        IN_FILE(completions_come_later_on_the_loop),
        IN_FILE(every_operation_completes_once),
        IN_FILE(errors_are_told_in_full),
        IN_FILE(slow_statement_stops_neither_the_loop_nor_readers),
        IN_FILE(slow_read_leaves_the_other_reader),
        IN_FILE(deadline_interrupts_what_runs_and_drops_what_waits),
        IN_FILE(transaction_commits_in_order),
        IN_FILE(transaction_rolls_back),
        IN_FILE(empty_transactions_end),
        IN_FILE(reads_go_on_while_a_transaction_is_open_and_writes_wait),
        IN_FILE(transactions_take_turns),
        IN_FILE(read_only_transaction_sees_one_state_beside_writers),
        IN_FILE(failure_aborts_until_rollback),
        IN_FILE(savepoint_rescues_what_came_before),
        IN_FILE(savepoint_submitted_after_the_failure_is_no_way_back),
        IN_FILE(cancelled_step_aborts_its_transaction),
        IN_FILE(interrupted_step_aborts_its_transaction),
        IN_FILE(deferred_check_fails_the_commit),
        IN_FILE(queue_has_its_limit),
        IN_FILE(closing_tells_everybody_once),
        IN_FILE(client_can_be_closed_in_a_completion),
        IN_FILE(closing_does_not_wait_for_the_locks_of_others),
        IN_FILE(lock_of_another_program_ends_in_busy),
        IN_FILE(deleted_file_makes_writes_unavailable),
        IN_FILE(replaced_file_is_used_from_then_on),
        IN_FILE(clients_of_several_loops_share_the_database),
        IN_FILE(clients_survive_any_failed_allocation),
    };

    return cmocka_run_group_tests_name("in memory", in_memory, NULL, NULL) +
           cmocka_run_group_tests_name("in a file", in_file, NULL, NULL);
}
