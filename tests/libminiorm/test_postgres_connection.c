/*
 * One connection of PostgreSQL whose server ends it: wherever in an answer that happens, and
 * whatever the client does meanwhile, each answer is whole or is none.
 */
#include "test.h"

#include <poll.h>

#include <miniorm/database.h>

#include "fake_server.h"
#include "postgres/blocking.h"
#include "postgres/connection.h"

enum { ROWS = 2, TURNS_MAX = 100, SENDS_MAX = 3 };

/* What came back for the statement that is looked at, and for its Sync. */
struct outcome {
    unsigned statements;
    unsigned syncs;
    unsigned others; /* answers to what was sent later */
    PGresult *answer; /* NULL: none */
    bool is_synced;
};

struct talk {
    struct fake_server server;
    struct miniorm_database *database;
    struct miniorm__pg_connection *connection;
    struct outcome outcome;
};

static void answered(void *owner, const struct miniorm__pg_expectation *expected, PGresult *result)
{
    struct talk *talk = owner;
    struct outcome *outcome = &talk->outcome;

    if (expected->waiter == NULL) {
        outcome->others += result != NULL;
        PQclear(result);
    } else if (expected->step == MINIORM__PG_SYNC) {
        outcome->syncs++;
        outcome->is_synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    } else {
        outcome->statements++;
        outcome->answer = result;
    }
}

static void go_on(struct talk *talk, unsigned events)
{
    miniorm__pg_connection_ready(talk->connection, events);
}

/* Waits until the client has something to read, or has noticed the end. */
static void wait_for(const struct talk *talk, short events)
{
    struct pollfd descriptor = {.fd = miniorm__pg_connection_fd(talk->connection),
                                .events = events};

    assert_int_equal(poll(&descriptor, 1, -1), 1);
}

static void connect_client(struct talk *talk)
{
    unsigned i;

    assert_int_equal(miniorm__pg_connection_start(talk->database, 0, &talk->connection, NULL),
                     MINIORM_OK);
    talk->connection->answered = answered;
    talk->connection->owner = talk;
    go_on(talk, MINIORM_WRITABLE);
    fake_server_accept(&talk->server);
    for (i = 0; i < TURNS_MAX && talk->connection->state == MINIORM__PG_CONNECTING; i++)
        go_on(talk, MINIORM_READABLE | MINIORM_WRITABLE);
    assert_int_equal(talk->connection->state, MINIORM__PG_READY);
}

static void send_statement(struct talk *talk, const char *sql, void *waiter)
{
    const struct miniorm__statement statement = {
        .sql = sql, .sql_size = strlen(sql), .hash = strlen(sql)};

    if (miniorm__pg_connection_send(talk->connection, &statement, waiter, false, NULL) ==
        MINIORM_OK)
        miniorm__pg_connection_sync(talk->connection, waiter, NULL);
    miniorm__pg_connection_flush(talk->connection);
}

static void expect_whole(struct talk *talk, const struct fake_reply *reply)
{
    fake_server_send(&talk->server, reply->data, reply->size);
    while (talk->outcome.syncs == 0) {
        wait_for(talk, POLLIN);
        go_on(talk, MINIORM_READABLE);
    }
    assert_true(talk->outcome.is_synced);
    PQclear(talk->outcome.answer);
    memset(&talk->outcome, 0, sizeof(talk->outcome));
}

/* A statement that is prepared has no ParseComplete before its answer. */
static void begin(struct talk *talk, const char *sql, const struct fake_reply *reply)
{
    struct fake_reply first = {.size = 0};

    memset(&talk->outcome, 0, sizeof(talk->outcome));
    connect_client(talk);
    send_statement(talk, sql, talk);
    fake_reply_parsed(&first);
    memcpy(first.data + first.size, reply->data, reply->size);
    first.size += reply->size;
    expect_whole(talk, &first);
    send_statement(talk, sql, talk);
    fake_server_skip(&talk->server);
}

static void finish(struct talk *talk)
{
    unsigned i;

    for (i = 0; i < TURNS_MAX && talk->connection->state == MINIORM__PG_READY; i++)
        go_on(talk, MINIORM_READABLE);
    assert_int_equal(talk->connection->state, MINIORM__PG_BROKEN);
    assert_int_equal(talk->connection->reason.status, MINIORM_ECONNECTION);
    miniorm__pg_connection_lose(talk->connection);
    miniorm__pg_connection_free(talk->connection);
    assert_int_equal(talk->outcome.statements, 1);
    assert_int_equal(talk->outcome.syncs, 1);
    assert_int_equal(talk->outcome.others, 0);
}

/* The first `size` bytes of the reply and the end of the connection reach a client that sends
 * `sends` times more before it looks. */
static void cut(struct talk *talk, const struct fake_reply *reply, size_t size, unsigned sends,
                bool is_reset)
{
    unsigned i;

    fake_server_send(&talk->server, reply->data, size);
    if (is_reset) {
        fake_server_reset(&talk->server);
        wait_for(talk, 0);
    } else {
        fake_server_end(&talk->server);
        wait_for(talk, POLLRDHUP);
    }
    for (i = 0; i < sends; i++)
        send_statement(talk, "SELECT 'more'", NULL);
    finish(talk);
}

static void check_rows(const struct outcome *outcome)
{
    int row;

    if (outcome->answer == NULL) {
        assert_false(outcome->is_synced);
        return;
    }
    assert_int_equal(PQresultStatus(outcome->answer), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(outcome->answer), ROWS);
    for (row = 0; row < ROWS; row++)
        assert_int_equal(PQgetvalue(outcome->answer, row, 0)[3], row + 1);
}

static void check_done(const struct outcome *outcome)
{
    if (outcome->answer == NULL) {
        assert_false(outcome->is_synced);
        return;
    }
    assert_int_equal(PQresultStatus(outcome->answer), PGRES_COMMAND_OK);
    assert_string_equal(PQcmdTuples(outcome->answer), "1");
}

static void end_talk(struct talk *talk)
{
    PQclear(talk->outcome.answer);
    fake_server_end(&talk->server);
}

static void cut_everywhere(struct talk *talk, const char *sql, const struct fake_reply *reply,
                           void (*check)(const struct outcome *outcome))
{
    struct fake_reply last = *reply;
    size_t size;
    unsigned i;

    fake_reply_farewell(&last);
    for (size = 0; size <= last.size; size++) {
        for (i = 0; i < (SENDS_MAX + 1) * 2; i++) {
            begin(talk, sql, reply);
            cut(talk, &last, size, i / 2, i % 2 != 0);
            check(&talk->outcome);
            end_talk(talk);
        }
    }
}

static void rows_are_all_there_or_none_wherever_the_server_ends(void **state)
{
    struct fake_reply reply = {.size = 0};

    fake_reply_rows(&reply, ROWS);
    fake_reply_synced(&reply);
    cut_everywhere(*state, "SELECT n FROM numbers", &reply, check_rows);
}

static void write_is_answered_or_not_wherever_the_server_ends(void **state)
{
    struct fake_reply reply = {.size = 0};

    fake_reply_done(&reply, "INSERT 0 1");
    fake_reply_synced(&reply);
    cut_everywhere(*state, "INSERT INTO numbers VALUES (1)", &reply, check_done);
}

static void answer_that_was_read_while_sending_is_handed_over(void **state)
{
    struct talk *talk = *state;
    struct fake_reply reply = {.size = 0};

    fake_reply_rows(&reply, ROWS);
    fake_reply_synced(&reply);
    begin(talk, "SELECT n FROM numbers", &reply);
    /* The first attempt to send notices the reset, the second reads what came before it. */
    cut(talk, &reply, reply.size, 2, true);
    assert_non_null(talk->outcome.answer);
    check_rows(&talk->outcome);
    assert_true(talk->outcome.is_synced);
    end_talk(talk);
}

static void reason_is_the_server_s_when_it_gave_one(void **state)
{
    struct talk *talk = *state;
    struct miniorm__pg_connection *connection;
    struct fake_reply reply = {.size = 0}, farewell = {.size = 0};

    fake_reply_rows(&reply, ROWS);
    fake_reply_synced(&reply);
    fake_reply_farewell(&farewell);
    begin(talk, "SELECT n FROM numbers", &reply);
    connection = talk->connection;
    fake_server_send(&talk->server, farewell.data, farewell.size);
    fake_server_reset(&talk->server);
    wait_for(talk, 0);
    send_statement(talk, "SELECT 'more'", NULL);
    send_statement(talk, "SELECT 'more'", NULL);
    go_on(talk, MINIORM_READABLE);
    assert_int_equal(connection->state, MINIORM__PG_BROKEN);
    assert_string_equal(connection->reason.sqlstate, "57P01");
    finish(talk);
    end_talk(talk);
}

static void connection_is_not_usable_after_a_farewell(void **state)
{
    struct talk *talk = *state;
    struct fake_reply farewell = {.size = 0};

    connect_client(talk);
    assert_true(miniorm__pg_is_usable(&talk->connection->base));
    fake_reply_farewell(&farewell);
    fake_server_send(&talk->server, farewell.data, farewell.size);
    fake_server_end(&talk->server);
    wait_for(talk, POLLRDHUP);
    assert_false(miniorm__pg_is_usable(&talk->connection->base));
    miniorm__pg_disconnect(&talk->connection->base);
}

static int set_up(void **state)
{
    static struct talk talk;

    memset(&talk, 0, sizeof(talk));
    fake_server_open(&talk.server);
    *state = &talk;
    return miniorm_database_open(talk.server.url, NULL, &talk.database, NULL) == MINIORM_OK ? 0
                                                                                            : -1;
}

static int tear_down(void **state)
{
    struct talk *talk = *state;

    miniorm_database_close(talk->database);
    fake_server_close(&talk->server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_all_there_or_none_wherever_the_server_ends),
        cmocka_unit_test(write_is_answered_or_not_wherever_the_server_ends),
        cmocka_unit_test(answer_that_was_read_while_sending_is_handed_over),
        cmocka_unit_test(reason_is_the_server_s_when_it_gave_one),
        cmocka_unit_test(connection_is_not_usable_after_a_farewell),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
