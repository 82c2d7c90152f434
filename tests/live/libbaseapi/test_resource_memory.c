/*
 * Memory that runs out while a request is answered: whichever allocation fails, in the server, the
 * resource or the database, the client gets the right answer, an error, or a closed connection, and
 * the next request is served: at once over SQLite, over PostgreSQL after a reconnection at most.
 */
#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "support/http_client.h"
#include "support/json_match.h"
#include "support/service.h"

enum { TIMEOUT_MS = 10000, ALLOCATIONS_MAX = 3000 };
/* How often, and after what pause, to ask again for what is away for a moment. */
enum { RECOVERY_TRIES = 100, RECOVERY_PAUSE_MS = 20 };

#define META(count, total) "\"meta\":{\"count\":" count ",\"total_count\":" total ",\"offset\":0}"

static struct service service;

/* Of the request that comes next. */
static int tries_allowed;

static int set_up_sqlite(void **state)
{
    (void)state;
    tries_allowed = 1;
    return service_start(&service, NULL) ? 0 : -1;
}

static int set_up_postgres(void **state)
{
    (void)state;
    tries_allowed = RECOVERY_TRIES;
    return service_start(&service, getenv("MINIORM_TEST_POSTGRES_URL")) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return service_stop(&service) ? 0 : -1;
}

struct asked {
    const char *method;
    const char *target;
    const char *body;
    unsigned status;
    const char *expected; /* NULL: any */
};

/* What came of it: the status of the answer, 0 without one. */
struct outcome {
    unsigned status;
    bool is_wrong; /* the body */
    bool failed; /* an allocation did */
};

/* Sends it on a connection of its own. */
static struct outcome ask(const struct asked *asked)
{
    struct http_client *client = http_client_open(service.port, TIMEOUT_MS);
    const struct http_message message = {.method = asked->method,
                                         .target = asked->target,
                                         .body = asked->body,
                                         .body_size =
                                             asked->body == NULL ? 0 : strlen(asked->body)};
    const bool is_open = client != NULL;
    struct outcome outcome = {.status = 0};
    struct http_reply reply;
    bool is_answered;
    size_t offset;

    is_answered = is_open && http_client_exchange(client, &message, &reply);
    outcome.failed = oom_stop();
    if (is_answered) {
        outcome.status = reply.status;
        outcome.is_wrong = reply.status == asked->status && asked->expected != NULL &&
                           !json_match(asked->expected, reply.body, reply.body_size, &offset);
        http_reply_clear(&reply);
    }
    http_client_close(client);
    return outcome;
}

/*
 * Whether it serves again. An allocation that failed while a connection to the database was made
 * costs that connection: until the next one is there, the answer is 503.
 */
static bool serves(void)
{
    static const struct asked next = {"GET", "/books/1", NULL, 200, NULL};
    unsigned status = 503;
    int tries;

    for (tries = 0; status == 503 && tries < tries_allowed; tries++) {
        status = ask(&next).status;
        if (status == 503)
            poll(NULL, 0, RECOVERY_PAUSE_MS);
    }
    return status == 200;
}

static void assert_survived(const struct asked *asked)
{
    struct outcome outcome = {.failed = true};
    size_t n = 1;

    for (; outcome.failed && n < ALLOCATIONS_MAX; n++) {
        oom_fail_at(n);
        outcome = ask(asked);
        if (outcome.is_wrong ||
            (outcome.status != asked->status && outcome.status != 0 && outcome.status < 500))
            fail_msg("%s %s, allocation %zu: %u%s", asked->method, asked->target, n, outcome.status,
                     outcome.is_wrong ? " with a wrong body" : "");
        if (!serves())
            fail_msg("the server was lost after %s %s, allocation %zu", asked->method,
                     asked->target, n);
    }
    assert_int_equal(outcome.status, asked->status);
    assert_true(service_reset(&service));
}

static void an_entity_is_read(void **state)
{
    (void)state;
    assert_survived(&(struct asked){"GET", "/books/2?fields=id&include=authors", NULL, 200,
                                    "{\"id\":2,\"authors\":{\"data\":[{\"id\":1,\"name\":\"John\","
                                    "\"surname\":\"Smith\"}]," META("1", "1") "}}"});
}

static void a_list_with_includes_is_read(void **state)
{
    (void)state;
    assert_survived(&(struct asked){
        "GET",
        "/authors?include=books.authors&sort[books]=-name&filter[books.id__gte]=1&filter[id]=1,2"
        "&fields=name,books.id,books.authors.id&page[books.limit]=1",
        NULL, 200,
        "{\"data\":[{\"name\":\"John\",\"books\":{\"data\":[{\"id\":6,"
        "\"authors\":{\"data\":[{\"id\":1}]," META("1", "1") "}}]," META(
            "1", "3") "}},"
                      "{\"name\":\"Jane\",\"books\":{\"data\":[{\"id\":5,"
                      "\"authors\":{\"data\":[{\"id\":2}]," META("1", "1") "}}]," META(
                          "1", "3") "}}]," META("2", "2") "}"});
}

static void a_bad_query_is_refused(void **state)
{
    (void)state;
    assert_survived(&(struct asked){"GET", "/books?fields=x,y&sort=z", NULL, 422, NULL});
}

static void an_entity_is_made(void **state)
{
    (void)state;
    assert_survived(&(struct asked){"POST", "/authors",
                                    "{\"data\":{\"name\":\"A\",\"surname\":\"B\"}}", 201,
                                    "{\"data\":{\"id\":\"…\",\"name\":\"A\",\"surname\":\"B\"}}"});
}

static void an_entity_is_changed(void **state)
{
    (void)state;
    assert_survived(&(struct asked){"PUT", "/things/1",
                                    "{\"data\":{\"price\":12.50,\"title\":\"x\"}}", 200, NULL});
}

static void a_bad_body_is_refused(void **state)
{
    (void)state;
    assert_survived(
        &(struct asked){"PUT", "/things/1", "{\"data\":{\"price\":\"x\",\"y\":1}}", 422, NULL});
}

static void postgresql_is_not_tested_without_a_server(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_is_read),      cmocka_unit_test(a_list_with_includes_is_read),
        cmocka_unit_test(a_bad_query_is_refused), cmocka_unit_test(an_entity_is_made),
        cmocka_unit_test(an_entity_is_changed),   cmocka_unit_test(a_bad_body_is_refused),
    };
    static const struct CMUnitTest skipped[] = {
        cmocka_unit_test(postgresql_is_not_tested_without_a_server),
    };
    const int failed =
        cmocka_run_group_tests_name("memory over SQLite", tests, set_up_sqlite, tear_down);

    if (getenv("MINIORM_TEST_POSTGRES_URL") == NULL)
        return failed + cmocka_run_group_tests(skipped, NULL, NULL);
    return failed +
           cmocka_run_group_tests_name("memory over PostgreSQL", tests, set_up_postgres, tear_down);
}
