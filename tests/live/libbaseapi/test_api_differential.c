/*
 * The same random requests to the same rows on SQLite and on PostgreSQL: the answers have to be the
 * same, and none may be a 5xx. Requests are drawn from what the resources list, with some nonsense
 * among it, always in the same order.
 */
#include "test.h"

#include <stdio.h>

#include "support/http_client.h"
#include "support/json_match.h"
#include "support/service.h"

enum {
    TIMEOUT_MS = 10000,
    READINGS = 6000,
    CHANGES = 5000,
    TARGET_SIZE = 2048,
    BODY_SIZE = 1024,
    DEPTH_MAX = 3
};

enum kind {
    AUTHORS,
    BOOKS,
    SHELF,
    SECTIONS,
    THINGS,
    COUNTRIES,
    STOCKS,
    MOVEMENTS,
    BADGES,
    N_KINDS
};

struct link {
    const char *name; /* NULL ends a list */
    enum kind kind;
};

struct drawn {
    const char *path;
    const char *columns; /* words */
    struct link links[3];
};

static const struct drawn kinds[N_KINDS] = {
    [AUTHORS] = {"/authors", "id name surname", {{"books", BOOKS}, {"shelf", SHELF}}},
    [BOOKS] = {"/books", "id category name is_available author_id", {{"authors", AUTHORS}}},
    [SHELF] = {"/shelf", "id name category author_id", {{NULL, 0}}},
    [SECTIONS] = {"/sections", "id name parent_id", {{"parent", SECTIONS}, {"children", SECTIONS}}},
    [THINGS] = {"/things",
                "id code level flag tiny order big ratio score price exact title token day clock "
                "seen made extra blob doc",
                {{NULL, 0}}},
    [COUNTRIES] = {"/countries", "code name", {{"stocks", STOCKS}}},
    [STOCKS] = {"/stocks",
                "country number amount",
                {{"countries", COUNTRIES}, {"movements", MOVEMENTS}}},
    [MOVEMENTS] = {"/movements", "id delta country number", {{"stocks", STOCKS}}},
    [BADGES] = {"/badges", "id label", {{NULL, 0}}},
};

static const char *const operators[] = {"",        "",     "",       "__ne",  "__gte",
                                        "__lte",   "__lt", "__gt",   "__in",  "__like",
                                        "__ilike", "__eq", "__null", "__foo", "__between"};

static const char *const filter_values[] = {"1",
                                            "2",
                                            "3",
                                            "1,2",
                                            "5,1",
                                            "0",
                                            "-1",
                                            "true",
                                            "false",
                                            "Fiction",
                                            "Science",
                                            "DE",
                                            "DE,FR",
                                            "",
                                            "A",
                                            "a%25",
                                            "%25i%25",
                                            "_o%25",
                                            "12.5",
                                            "1e3",
                                            "-0.25",
                                            "2024-02-29",
                                            "2024-02-29T12:45:30.5Z",
                                            "13:45:30.25",
                                            "infinity",
                                            "NaN",
                                            "550e8400-e29b-41d4-a716-446655440000",
                                            "9223372036854775807",
                                            "99999999999999999999",
                                            "%C3%89t%C3%A9%20%C3%A0%20Paris",
                                            "'",
                                            "x\\"};

static const char *const page_values[] = {"0", "1", "2", "3", "100", "1001", "-1", "x", "50"};

static const char *const json_values[] = {"1",
                                          "2",
                                          "0",
                                          "-1",
                                          "32768",
                                          "2147483648",
                                          "9223372036854775807",
                                          "99999999999999999999",
                                          "0.5",
                                          "12.345",
                                          "1e400",
                                          "null",
                                          "true",
                                          "false",
                                          "\"\"",
                                          "\"x\"",
                                          "\"full\"",
                                          "\"root\"",
                                          "\"DE\"",
                                          "\"FR\"",
                                          "\"12.345\"",
                                          "\"1e20\"",
                                          "\"\xc3\xa9\\u00e9\"",
                                          "\"0123456789012345678901234567890123456789012345\"",
                                          "\"2024-02-29\"",
                                          "\"2023-02-29\"",
                                          "\"12:34:56.789\"",
                                          "\"2024-02-29T01:02:03+02:00\"",
                                          "\"infinity\"",
                                          "\"AQID\"",
                                          "\"550e8400-e29b-41d4-a716-446655440009\"",
                                          "[]",
                                          "[1,{\"a\":null}]",
                                          "{}",
                                          "{\"b\":1,\"c\":[true]}"};

static const char *const entities[] = {
    "1",    "2",    "3",          "4",     "7",
    "99",   "DE",   "FR",         "a%2Fb", "DE/1",
    "FR/1", "DE/9", "2147483648", "x",     "11111111-2222-3333-4444-555555555555"};

#define PICK(list) ((list)[draw(sizeof(list) / sizeof((list)[0]))])

static struct service sqlite;
static struct service postgres;
static struct http_client *clients[2];
static unsigned random_state;

static unsigned draw(size_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (unsigned)((random_state >> 8) % below);
}

/* TEST_DIFFERENTIAL_SEED draws other requests. */
static void begin_drawing(unsigned number)
{
    const char *seed = getenv("TEST_DIFFERENTIAL_SEED");

    random_state = number + 7919u * (seed == NULL ? 0 : (unsigned)strtoul(seed, NULL, 10));
}

static bool one_in(unsigned n)
{
    return draw(n) == 0;
}

static int set_up(void **state)
{
    (void)state;
    if (!service_start(&sqlite, NULL) ||
        !service_start(&postgres, getenv("MINIORM_TEST_POSTGRES_URL")))
        return -1;
    clients[0] = http_client_open(sqlite.port, TIMEOUT_MS);
    clients[1] = http_client_open(postgres.port, TIMEOUT_MS);
    return 0;
}

static int tear_down(void **state)
{
    bool is_good;

    (void)state;
    http_client_close(clients[0]);
    http_client_close(clients[1]);
    is_good = service_stop(&sqlite);
    return service_stop(&postgres) && is_good ? 0 : -1;
}

/* One word of a list of words, now and then one that is in no list. */
static const char *draw_word(const char *words, char *word, size_t size)
{
    unsigned count = 1;

    for (const char *c = words; *c != '\0'; c++)
        count += *c == ' ';
    if (one_in(200))
        return strcpy(word, "nonsense");
    for (unsigned skip = draw(count); skip > 0; skip--)
        words = strchr(words, ' ') + 1;
    snprintf(word, size, "%.*s", (int)strcspn(words, " "), words);
    return word;
}

static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

/* Parameters for one entity, whose path is "" or ends with a dot. */
static void add_parameters(char *target, const struct drawn *kind, const char *path)
{
    char word[64];
    unsigned n;

    for (n = one_in(3) ? 1 + draw(2) : 0; n > 0; n--)
        add(target, TARGET_SIZE, "&filter[%s%s%s]=%s", path,
            draw_word(kind->columns, word, sizeof(word)), PICK(operators), PICK(filter_values));
    if (one_in(3))
        add(target, TARGET_SIZE, "&page[%slimit]=%s", path, PICK(page_values));
    if (one_in(4))
        add(target, TARGET_SIZE, "&page[%soffset]=%s", path, PICK(page_values));
}

/* Words for the list parameters, which stand once in a query string. */
static void add_words(char *list, const struct drawn *kind, const char *path, bool has_sign)
{
    char word[64];

    for (unsigned n = 1 + draw(3); n > 0; n--)
        add(list, TARGET_SIZE, "%s%s%s%s", *list == '\0' ? "" : ",",
            has_sign && one_in(2) ? "-" : "", path, draw_word(kind->columns, word, sizeof(word)));
}

struct lists {
    char fields[TARGET_SIZE];
    char sort[TARGET_SIZE];
    char include[TARGET_SIZE];
};

static void add_level(char *target, struct lists *lists, const struct drawn *kind, const char *path,
                      unsigned depth)
{
    char inner[256];

    add_parameters(target, kind, path);
    if (one_in(3))
        add_words(lists->fields, kind, path, false);
    if (one_in(3))
        add_words(lists->sort, kind, path, true);
    for (size_t i = 0; i < 3 && kind->links[i].name != NULL && depth < DEPTH_MAX; i++) {
        if (!one_in(2 + depth))
            continue;
        snprintf(inner, sizeof(inner), "%s%s", path, kind->links[i].name);
        add(lists->include, TARGET_SIZE, "%s%s", lists->include[0] == '\0' ? "" : ",", inner);
        add(inner, sizeof(inner), ".");
        add_level(target, lists, &kinds[kind->links[i].kind], inner, depth + 1);
    }
}

static void draw_reading(char *target)
{
    const struct drawn *kind = &kinds[draw(N_KINDS)];
    struct lists lists = {"", "", ""};

    snprintf(target, TARGET_SIZE, "%s", kind->path);
    if (one_in(4))
        add(target, TARGET_SIZE, "/%s", PICK(entities));
    add(target, TARGET_SIZE, "?");
    add_level(target, &lists, kind, "", 0);
    if (lists.include[0] != '\0')
        add(target, TARGET_SIZE, "&include=%s", lists.include);
    if (lists.fields[0] != '\0')
        add(target, TARGET_SIZE, "&fields=%s", lists.fields);
    if (lists.sort[0] != '\0')
        add(target, TARGET_SIZE, "&sort=%s", lists.sort);
}

static void draw_body(char *body, const struct drawn *kind)
{
    char word[64];
    char written[BODY_SIZE] = "";

    snprintf(body, BODY_SIZE, "{\"data\":{");
    for (unsigned n = 1 + draw(2) * draw(3); n > 0; n--) {
        char member[80];

        snprintf(member, sizeof(member), "\"%s\":", draw_word(kind->columns, word, sizeof(word)));
        if (strstr(written, member) != NULL)
            continue;
        add(body, BODY_SIZE, "%s%s%s", written[0] == '\0' ? "" : ",", member, PICK(json_values));
        add(written, BODY_SIZE, "%s", member);
    }
    add(body, BODY_SIZE, "}}");
}

/* Asks both, and compares; returns the status. */
static unsigned ask_both(const struct http_message *message)
{
    struct http_reply replies[2];
    size_t offset = 0;
    unsigned status;

    for (int i = 0; i < 2; i++) {
        if (!http_client_exchange(clients[i], message, &replies[i]))
            fail_msg("%s %s: no answer", message->method, message->target);
    }
    status = replies[0].status;
    if (status >= 500 || status != replies[1].status ||
        !json_match(replies[0].body, replies[1].body, replies[1].body_size, &offset)) {
        print_error("%s %s %s\nSQLite:     %u %.1500s\nPostgreSQL: %u %.1500s\n", message->method,
                    message->target, message->body == NULL ? "" : message->body, status,
                    replies[0].body, replies[1].status, replies[1].body);
        fail();
    }
    http_reply_clear(&replies[0]);
    http_reply_clear(&replies[1]);
    return status;
}

static void readings_are_answered_alike(void **state)
{
    unsigned n_good = 0;

    (void)state;
    begin_drawing(1);
    for (int i = 0; i < READINGS; i++) {
        char target[TARGET_SIZE];
        const struct http_message message = {.method = "GET", .target = target};

        draw_reading(target);
        n_good += ask_both(&message) == 200;
    }
    print_message("# %u of %d readings were well-formed\n", n_good, READINGS);
    assert_true(n_good > READINGS / 10);
}

/* Rows are posted only where the client gives the key: the databases number differently after a
 * row that was refused. */
static void draw_change(char *target, char *body, const char **method)
{
    static const enum kind own_key[] = {COUNTRIES, STOCKS};
    static const char *const methods[] = {"PUT", "PATCH", "PATCH", "DELETE"};
    const struct drawn *kind = one_in(3) ? &kinds[THINGS] : &kinds[draw(N_KINDS)];

    body[0] = '\0';
    if (one_in(4)) {
        kind = &kinds[PICK(own_key)];
        *method = "POST";
        snprintf(target, TARGET_SIZE, "%s", kind->path);
        draw_body(body, kind);
        return;
    }
    *method = one_in(6) ? methods[3] : methods[draw(3)];
    snprintf(target, TARGET_SIZE, "%s/%s", kind->path,
             kind == &kinds[THINGS] ? entities[draw(4)] : PICK(entities));
    if (**method != 'D')
        draw_body(body, kind);
}

static void compare_all_rows(void)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        const struct http_message message = {.method = "GET", .target = kinds[i].path};

        assert_int_equal(ask_both(&message), 200);
    }
}

static void changes_are_answered_alike_and_leave_the_same_rows(void **state)
{
    unsigned n_good = 0;

    (void)state;
    begin_drawing(2);
    for (int i = 0; i < CHANGES; i++) {
        char target[TARGET_SIZE];
        char body[BODY_SIZE];
        struct http_message message = {.target = target, .body = body};

        if (i % 100 == 0)
            assert_true(service_reset(&sqlite) && service_reset(&postgres));
        draw_change(target, body, &message.method);
        message.body_size = strlen(body);
        n_good += ask_both(&message) < 300;
        if (i % 100 == 99)
            compare_all_rows();
    }
    print_message("# %u of %d changes were made\n", n_good, CHANGES);
    assert_true(n_good > CHANGES / 20);
}

static void answers_are_not_compared_without_a_server(void **state)
{
    (void)state;
    print_message("MINIORM_TEST_POSTGRES_URL is not set: no request was sent to PostgreSQL\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readings_are_answered_alike),
        cmocka_unit_test(changes_are_answered_alike_and_leave_the_same_rows),
    };
    const struct CMUnitTest skipped[] = {
        cmocka_unit_test(answers_are_not_compared_without_a_server)};

    if (getenv("MINIORM_TEST_POSTGRES_URL") == NULL)
        return cmocka_run_group_tests_name("SQLite and PostgreSQL", skipped, NULL, NULL);
    return cmocka_run_group_tests_name("SQLite and PostgreSQL", tests, set_up, tear_down);
}
