/*
 * Includes against the plain way: what an include shows is compared with a list of its own for each
 * row, over random rows and random wishes; and the statements are counted.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "support/http_client.h"
#include "support/library.h"
#include "support/service.h"

enum { TIMEOUT_MS = 10000, N_AUTHORS = 40, N_BOOKS = 300, ROUNDS = 60 };

static struct service service;
static struct http_client *client;
static unsigned seed;

static unsigned random_below(unsigned limit)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % limit;
}

static json_t *get(const char *target, unsigned status)
{
    const struct http_message message = {.method = "GET", .target = target};
    struct http_reply reply;
    json_t *body;

    assert_true(http_client_exchange(client, &message, &reply));
    if (reply.status != status)
        fail_msg("GET %s: %u %s", target, reply.status, reply.body);
    body = json_loadb(reply.body, reply.body_size, JSON_DECODE_ANY, NULL);
    assert_non_null(body);
    http_reply_clear(&reply);
    return body;
}

static json_int_t statements(void)
{
    json_t *count = get("/statements", 200);
    const json_int_t value = json_integer_value(count);

    json_decref(count);
    return value;
}

static void add_authors(void)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = miniorm_query_insert(&author_model);

    for (int i = 0; i < N_AUTHORS; i++) {
        if (i != 0)
            query = miniorm_query_next_row(query);
        query = miniorm_query_set(query, author_name, miniorm_value_string(i % 3 ? "Ann" : "Bob"));
        query = miniorm_query_set(query, author_surname, miniorm_value_string("X"));
    }
    assert_int_equal(miniorm_run_take(service.session, query, NULL, &error), MINIORM_OK);
}

/* Books of random authors, some of none. */
static void add_books(int count)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = miniorm_query_insert(&book_model);

    for (int i = 0; i < count; i++) {
        const unsigned author = random_below(N_AUTHORS + 5);
        char name[32];

        snprintf(name, sizeof(name), "Book %u", random_below(50));
        if (i != 0)
            query = miniorm_query_next_row(query);
        query = miniorm_query_set(query, book_name, miniorm_value_string(name));
        query = miniorm_query_set(query, book_category,
                                  random_below(4) == 0 ? miniorm_value_null()
                                                       : miniorm_value_string("Fiction"));
        query = miniorm_query_set(query, book_is_available,
                                  miniorm_value_boolean(random_below(2) == 0));
        query = miniorm_query_set(query, book_author_id,
                                  author >= N_AUTHORS ? miniorm_value_null()
                                                      : miniorm_value_integer(author + 1));
    }
    assert_int_equal(miniorm_run_take(service.session, query, NULL, &error), MINIORM_OK);
}

static int set_up(const char *server)
{
    seed = 7;
    if (!service_start(&service, server))
        return -1;
    client = http_client_open(service.port, TIMEOUT_MS);
    if (client == NULL)
        return -1;
    add_authors();
    add_books(N_BOOKS);
    return 0;
}

static int set_up_sqlite(void **state)
{
    (void)state;
    return set_up(NULL);
}

static int set_up_postgres(void **state)
{
    (void)state;
    return set_up(getenv("MINIORM_TEST_POSTGRES_URL"));
}

static int tear_down(void **state)
{
    (void)state;
    http_client_close(client);
    client = NULL;
    return service_stop(&service) ? 0 : -1;
}

/* Random wishes about books: as parameters of the list, and of the include `books`. */
static void random_wishes(char *own, char *included, size_t size)
{
    static const char *const sorts[] = {"name", "-name", "category,-id", "-category,name"};
    const char *sort = sorts[random_below(4)];
    char included_sort[64];
    const char *comma = strchr(sort, ',');

    own[0] = included[0] = '\0';
    if (random_below(3) != 0) {
        if (comma == NULL)
            snprintf(included_sort, sizeof(included_sort), "%sbooks.%s", sort[0] == '-' ? "-" : "",
                     sort + (sort[0] == '-'));
        snprintf(own + strlen(own), size - strlen(own), "&sort=%s", sort);
        if (comma == NULL)
            snprintf(included + strlen(included), size - strlen(included), "&sort=%s",
                     included_sort);
        else
            snprintf(included + strlen(included), size - strlen(included), "&sort[books]=%s", sort);
    }
    if (random_below(2) == 0) {
        const unsigned limit = random_below(6);
        const unsigned offset = random_below(8);

        snprintf(own + strlen(own), size - strlen(own), "&page[limit]=%u&page[offset]=%u", limit,
                 offset);
        snprintf(included + strlen(included), size - strlen(included),
                 "&page[books.limit]=%u&page[books.offset]=%u", limit, offset);
    }
    if (random_below(2) == 0) {
        snprintf(own + strlen(own), size - strlen(own), "&filter[is_available]=true");
        snprintf(included + strlen(included), size - strlen(included),
                 "&filter[books.is_available]=true");
    }
    if (random_below(3) == 0) {
        snprintf(own + strlen(own), size - strlen(own), "&fields=name,category");
        snprintf(included + strlen(included), size - strlen(included),
                 "&fields=id,name,books.name,books.category");
    }
}

static void an_include_shows_what_a_list_of_its_own_would(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char own[512];
        char included[512];
        char target[1200];
        json_t *document;
        json_t *row;
        size_t i;

        random_wishes(own, included, sizeof(own));
        snprintf(target, sizeof(target), "/authors?include=books%s", included);
        document = get(target, 200);
        assert_true(json_array_size(json_object_get(document, "data")) >= N_AUTHORS);
        json_array_foreach(json_object_get(document, "data"), i, row)
        {
            json_t *plain;

            snprintf(target, sizeof(target), "/books?filter[author_id]=%lld%s",
                     json_integer_value(json_object_get(row, "id")), own);
            plain = get(target, 200);
            if (!json_equal(plain, json_object_get(row, "books")))
                fail_msg("round %d, %s", round, target);
            json_decref(plain);
        }
        json_decref(document);
    }
}

static void assert_statements(const char *target, json_int_t expected)
{
    const json_int_t before = statements();
    json_t *document = get(target, 200);
    const json_int_t after = statements();

    if (after - before != expected)
        fail_msg("GET %s: %lld statements, not %lld", target, (long long)(after - before),
                 (long long)expected);
    json_decref(document);
}

static void each_level_costs_one_statement_whatever_the_number_of_rows(void **state)
{
    (void)state;
    assert_statements("/books", 2);
    assert_statements("/books/1", 1);
    assert_statements("/books?include=authors", 3);
    assert_statements("/books?include=authors&page[limit]=2", 3);
    assert_statements("/books/1?include=authors", 2);
    assert_statements("/books?include=authors.books", 4);
    assert_statements("/books?include=authors.books.authors&page[limit]=5", 5);
    assert_statements("/authors?include=books,shelf", 4);
    assert_statements("/authors?include=books,shelf,books.authors", 5);
    assert_statements("/sections?include=parent,children,children.children", 5);
}

static void includes_without_a_key_or_a_row_ask_nothing(void **state)
{
    (void)state;
    assert_statements("/books?include=authors&filter[id]=4", 2);
    assert_statements("/books?include=authors&filter[id]=0", 2);
    assert_statements("/books?include=authors.books&filter[id]=4", 2);
}

static void assert_too_many(const char *target, json_int_t expected)
{
    const json_int_t before = statements();
    json_t *document = get(target, 422);
    const json_t *error = json_array_get(json_object_get(document, "errors"), 0);

    assert_int_equal(statements() - before, expected);
    assert_string_equal(json_string_value(json_object_get(error, "code")),
                        "invalid_query_parameter");
    assert_string_equal(json_string_value(json_object_get(error, "detail")),
                        "Requested includes have too many rows. Maximum is 10000");
    json_decref(document);
}

static void rows_that_could_be_too_many_are_counted_first(void **state)
{
    (void)state;
    /* 43 authors with up to 1000 books each are not. */
    assert_statements("/authors?include=books&page[books.limit]=1000", 4);
    add_books(BASEAPI_MAX_ROWS * 12 / 10);
    assert_too_many("/authors?include=books&page[books.limit]=1000", 3);
    /* Fetched once, but shown inside every book: counted as often. */
    assert_statements("/books?include=authors.books&filter[author_id]=5&page[limit]=90", 4);
    assert_too_many("/books?include=authors.books&filter[author_id]=5&page[limit]=110", 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_include_shows_what_a_list_of_its_own_would),
    cmocka_unit_test(each_level_costs_one_statement_whatever_the_number_of_rows),
    cmocka_unit_test(includes_without_a_key_or_a_row_ask_nothing),
    cmocka_unit_test(rows_that_could_be_too_many_are_counted_first),
};

static void postgresql_is_not_tested_without_a_server(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    static const struct CMUnitTest skipped[] = {
        cmocka_unit_test(postgresql_is_not_tested_without_a_server),
    };
    int failed = cmocka_run_group_tests_name("includes on SQLite", tests, set_up_sqlite, tear_down);

    if (getenv("MINIORM_TEST_POSTGRES_URL") == NULL)
        return failed + cmocka_run_group_tests(skipped, NULL, NULL);
    return failed +
           cmocka_run_group_tests_name("includes on PostgreSQL", tests, set_up_postgres, tear_down);
}
