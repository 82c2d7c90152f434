/*
 * Changes that many clients make at once, on SQLite and on PostgreSQL: one of many wins, nothing is
 * lost, and what is refused to one does not touch the answers of the others, although they share
 * connections to the database.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <jansson.h>

#include "support/http_client.h"
#include "support/service.h"

enum { TIMEOUT_MS = 20000, THREADS = 8, ROUNDS = 60 };

static struct service service;

struct crowd {
    atomic_uint next; /* number of the next thread */
    atomic_uint statuses[600]; /* how often each was answered */
    atomic_uint winners[ROUNDS]; /* 201 or 204, by round */
    atomic_uint wrong; /* answers that were not as expected */
    char first_wrong[512];
};

struct member {
    struct crowd *crowd;
    struct http_client *client;
    unsigned number;
};

typedef void (*member_fn)(struct member *member);

static int set_up_sqlite(void **state)
{
    (void)state;
    return service_start(&service, NULL) ? 0 : -1;
}

static int set_up_postgres(void **state)
{
    (void)state;
    return service_start(&service, getenv("MINIORM_TEST_POSTGRES_URL")) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return service_stop(&service) ? 0 : -1;
}

static int restore_rows(void **state)
{
    (void)state;
    return service_reset(&service) ? 0 : -1;
}

static void tell(struct crowd *crowd, const char *target, unsigned status, const char *body)
{
    if (atomic_fetch_add(&crowd->wrong, 1) == 0)
        snprintf(crowd->first_wrong, sizeof(crowd->first_wrong), "%s: %u %s", target, status, body);
}

/* Sends a request; the status of its answer and, if it has one and `body` is not NULL, the body. */
static unsigned ask(struct member *member, const char *method, const char *target, const char *text,
                    json_t **body)
{
    const struct http_message message = {.method = method,
                                         .target = target,
                                         .body = text,
                                         .body_size = text == NULL ? 0 : strlen(text)};
    struct http_reply reply;
    unsigned status;

    if (!http_client_exchange(member->client, &message, &reply)) {
        tell(member->crowd, target, 0, "no answer");
        return 0;
    }
    status = reply.status;
    atomic_fetch_add(&member->crowd->statuses[status], 1);
    if (status >= 500)
        tell(member->crowd, target, status, reply.body);
    if (body != NULL)
        *body = json_loadb(reply.body, reply.body_size, 0, NULL);
    http_reply_clear(&reply);
    return status;
}

static void note_winner(struct member *member, int round, unsigned status, unsigned winning,
                        unsigned losing)
{
    if (status == winning)
        atomic_fetch_add(&member->crowd->winners[round], 1);
    else if (status != losing)
        tell(member->crowd, "race", status, "");
}

static member_fn function_of_all;

static void *run_member(void *data)
{
    struct member member = {.crowd = data};

    member.number = atomic_fetch_add(&member.crowd->next, 1);
    member.client = http_client_open(service.port, TIMEOUT_MS);
    function_of_all(&member);
    http_client_close(member.client);
    return NULL;
}

/* Runs the function in all threads at once; no answer may be wrong. */
static void run_crowd(struct crowd *crowd, member_fn function)
{
    pthread_t threads[THREADS];

    memset(crowd, 0, sizeof(*crowd));
    function_of_all = function;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_member, crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&crowd->wrong) != 0)
        fail_msg("%u wrong answers, the first: %s", atomic_load(&crowd->wrong), crowd->first_wrong);
    if (atomic_load(&service.n_errors) != 0)
        fail_msg("the error log says: %s", service.first_error);
}

static void assert_one_winner_each(struct crowd *crowd)
{
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(atomic_load(&crowd->winners[round]), 1);
}

static void post_the_same(struct member *member)
{
    for (int round = 0; round < ROUNDS; round++) {
        char text[64];

        snprintf(text, sizeof(text), "{\"data\":{\"code\":\"race%d\"}}", round);
        note_winner(member, round, ask(member, "POST", "/things", text, NULL), 201, 409);
    }
}

static void one_of_many_equal_posts_wins(void **state)
{
    struct crowd crowd;

    (void)state;
    run_crowd(&crowd, post_the_same);
    assert_one_winner_each(&crowd);
}

static void delete_the_same(struct member *member)
{
    for (int round = 0; round < ROUNDS; round++) {
        char target[64];

        snprintf(target, sizeof(target), "/authors/%d", 4 + round);
        note_winner(member, round, ask(member, "DELETE", target, NULL, NULL), 204, 404);
    }
}

static void post_authors(struct member *member)
{
    for (int round = 0; member->number == 0 && round < ROUNDS; round++)
        (void)ask(member, "POST", "/authors", "{\"data\":{\"name\":\"a\",\"surname\":\"b\"}}",
                  NULL);
}

static void one_of_many_equal_deletes_wins(void **state)
{
    struct crowd crowd;

    (void)state;
    run_crowd(&crowd, post_authors);
    run_crowd(&crowd, delete_the_same);
    assert_one_winner_each(&crowd);
}

/* Each thread changes a column of its own of the same row. */
static void change_own_column(struct member *member)
{
    static const char *const columns[THREADS] = {"level", "tiny",  "order", "big",
                                                 "score", "title", "doc",   "extra"};

    for (int round = 1; round <= ROUNDS; round++) {
        const char *quote = member->number == 5 ? "\"" : "";
        char text[96];

        snprintf(text, sizeof(text), "{\"data\":{\"%s\":%s%d%s}}", columns[member->number], quote,
                 round, quote);
        if (ask(member, member->number % 2 == 0 ? "PUT" : "PATCH", "/things/2", text, NULL) != 200)
            tell(member->crowd, "/things/2", 0, text);
    }
}

static void changes_of_different_columns_do_not_undo_each_other(void **state)
{
    struct member member;
    struct crowd crowd;
    json_t *thing = NULL;

    (void)state;
    run_crowd(&crowd, change_own_column);
    member = (struct member){.crowd = &crowd, .client = http_client_open(service.port, TIMEOUT_MS)};
    assert_int_equal(ask(&member, "GET", "/things/2", NULL, &thing), 200);
    http_client_close(member.client);
    assert_int_equal(json_integer_value(json_object_get(thing, "level")), ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(thing, "tiny")), ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(thing, "order")), ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(thing, "big")), ROUNDS);
    assert_int_equal((int)json_number_value(json_object_get(thing, "score")), ROUNDS);
    assert_int_equal(strtol(json_string_value(json_object_get(thing, "title")), NULL, 10), ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(thing, "doc")), ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(thing, "extra")), ROUNDS);
    json_decref(thing);
}

static void read_one_book(struct member *member)
{
    const int id = 1 + (int)member->number % 7;
    char target[32];
    json_t *book = NULL;

    snprintf(target, sizeof(target), "/books/%d", id);
    if (ask(member, "GET", target, NULL, &book) != 200 ||
        json_integer_value(json_object_get(book, "id")) != id)
        tell(member->crowd, target, 0, "another book, or none");
    json_decref(book);
}

static void read_authors_with_books(struct member *member)
{
    json_t *list = NULL;
    const json_t *author;

    if (ask(member, "GET", "/authors?include=books&fields=id,books.author_id", NULL, &list) != 200)
        tell(member->crowd, "/authors", 0, "no list");
    for (size_t i = 0; i < json_array_size(json_object_get(list, "data")); i++) {
        const json_t *books;

        author = json_array_get(json_object_get(list, "data"), i);
        books = json_object_get(json_object_get(author, "books"), "data");
        for (size_t j = 0; j < json_array_size(books); j++) {
            if (json_integer_value(json_object_get(json_array_get(books, j), "author_id")) !=
                json_integer_value(json_object_get(author, "id")))
                tell(member->crowd, "/authors", 0, "a book of another author");
        }
    }
    json_decref(list);
}

/* Half of the threads only send what the database refuses, the others read. */
static void refuse_or_read(struct member *member)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (member->number % 2 == 0) {
            const unsigned unique =
                ask(member, "POST", "/things", "{\"data\":{\"code\":\"full\"}}", NULL);
            const unsigned foreign =
                ask(member, "PUT", "/books/1", "{\"data\":{\"author_id\":99}}", NULL);
            const unsigned referred = ask(member, "DELETE", "/authors/1", NULL, NULL);

            if (unique != 409 || foreign != 422 || referred != 409)
                tell(member->crowd, "refusals", unique, "not refused as they should be");
        } else {
            read_one_book(member);
            read_authors_with_books(member);
        }
    }
}

static void refusals_do_not_touch_the_answers_of_others(void **state)
{
    struct crowd crowd;

    (void)state;
    run_crowd(&crowd, refuse_or_read);
    assert_int_equal(atomic_load(&crowd.statuses[503]), 0);
}

static void post_own(struct member *member)
{
    for (int round = 0; round < ROUNDS; round++) {
        char text[96];
        json_t *body = NULL;
        const char *name;

        snprintf(text, sizeof(text), "{\"data\":{\"name\":\"%u-%d\",\"surname\":\"x\"}}",
                 member->number, round);
        if (ask(member, "POST", "/authors", text, &body) != 201)
            tell(member->crowd, "/authors", 0, text);
        name = json_string_value(json_object_get(json_object_get(body, "data"), "name"));
        if (name == NULL || strstr(text, name) == NULL)
            tell(member->crowd, "/authors", 201, name == NULL ? "no name" : name);
        json_decref(body);
    }
}

static void posts_of_many_are_all_there(void **state)
{
    struct member member;
    struct crowd crowd;
    json_t *list = NULL;

    (void)state;
    run_crowd(&crowd, post_own);
    assert_int_equal(atomic_load(&crowd.statuses[201]), THREADS * ROUNDS);
    member = (struct member){.crowd = &crowd, .client = http_client_open(service.port, TIMEOUT_MS)};
    assert_int_equal(ask(&member, "GET", "/authors?filter[surname]=x&page[limit]=0", NULL, &list),
                     200);
    http_client_close(member.client);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(list, "meta"), "total_count")),
        THREADS * ROUNDS);
    json_decref(list);
}

/* A change and the reading of it in one go: answers come in order, so the reading sees it. */
static void pipelined_reading_sees_the_change_before_it(void **state)
{
    struct http_client *client = http_client_open(service.port, TIMEOUT_MS);
    const struct http_message read = {.method = "GET", .target = "/things/2?fields=order"};

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char text[64];
        char expected[64];
        struct http_message change = {.method = "PATCH", .target = "/things/2", .body = text};
        struct http_reply reply;

        change.body_size = (size_t)snprintf(text, sizeof(text), "{\"data\":{\"order\":%d}}", round);
        snprintf(expected, sizeof(expected), "{\"order\":%d}", round);
        assert_true(http_client_send(client, &change) && http_client_send(client, &read));
        assert_true(http_client_read(client, false, &reply));
        assert_int_equal(reply.status, 200);
        http_reply_clear(&reply);
        assert_true(http_client_read(client, false, &reply));
        assert_string_equal(reply.body, expected);
        http_reply_clear(&reply);
    }
    http_client_close(client);
}

static void postgresql_is_not_tested_without_a_server(void **state)
{
    (void)state;
    print_message("MINIORM_TEST_POSTGRES_URL is not set: no request was sent to PostgreSQL\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_of_many_equal_posts_wins, restore_rows),
        cmocka_unit_test_setup(one_of_many_equal_deletes_wins, restore_rows),
        cmocka_unit_test_setup(changes_of_different_columns_do_not_undo_each_other, restore_rows),
        cmocka_unit_test_setup(refusals_do_not_touch_the_answers_of_others, restore_rows),
        cmocka_unit_test_setup(posts_of_many_are_all_there, restore_rows),
        cmocka_unit_test_setup(pipelined_reading_sees_the_change_before_it, restore_rows),
    };
    const struct CMUnitTest skipped[] = {
        cmocka_unit_test(postgresql_is_not_tested_without_a_server)};
    int failed = cmocka_run_group_tests_name("races on SQLite", tests, set_up_sqlite, tear_down);

    if (getenv("MINIORM_TEST_POSTGRES_URL") == NULL)
        return failed + cmocka_run_group_tests_name("races on PostgreSQL", skipped, NULL, NULL);
    failed += cmocka_run_group_tests_name("races on PostgreSQL", tests, set_up_postgres, tear_down);
    return failed;
}
