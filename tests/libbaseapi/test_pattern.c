/*
 * Patterns: what they match, and how mistakes in them are told.
 */
#include "test.h"

#include "pattern.h"

struct fixture {
    struct arena arena;
    struct pattern_scratch *scratch;
    struct pattern *pattern;
};

static void compile(struct fixture *fixture, const char *text)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    memset(fixture, 0, sizeof(*fixture));
    fixture->scratch = baseapi__pattern_scratch_new();
    assert_non_null(fixture->scratch);
    if (baseapi__pattern_compile(text, &fixture->arena, &fixture->pattern, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
}

static void release(struct fixture *fixture)
{
    baseapi__pattern_free(fixture->pattern);
    baseapi__pattern_scratch_free(fixture->scratch);
    arena_free(&fixture->arena);
}

/* Whether it matches; `expected` are the captures, separated by '|'. */
static enum pattern_outcome match(const char *text, const char *path, char *captured)
{
    struct capture captures[PATTERN_MAX_PARAMETERS];
    struct fixture fixture;
    enum pattern_outcome outcome;
    size_t i;

    compile(&fixture, text);
    outcome =
        baseapi__pattern_match(fixture.pattern, path, strlen(path), fixture.scratch, captures);
    captured[0] = '\0';
    for (i = 0; outcome == PATTERN_MATCHES && i < baseapi__pattern_parameter_count(fixture.pattern);
         i++) {
        strncat(captured, path + captures[i].start, captures[i].size);
        strcat(captured, "|");
    }
    release(&fixture);
    return outcome;
}

struct row {
    const char *pattern;
    const char *path;
    const char *captured; /* NULL: does not match */
};

static const struct row rows[] = {
    {"/", "/", ""},
    {"/", "/a", NULL},
    {"/books", "/books", ""},
    {"/books", "/books/", NULL},
    {"/books", "/book", NULL},
    {"/books", "/bookshelf", NULL},
    {"/books", "", NULL},
    {"/books/{id:\\d+}", "/books/1", "1|"},
    {"/books/{id:\\d+}", "/books/0123456789", "0123456789|"},
    {"/books/{id:[0-9]+}", "/books/7", "7|"},
    {"/books/{id:\\d+}", "/books/", NULL},
    {"/books/{id:\\d+}", "/books/x", NULL},
    {"/books/{id:\\d+}", "/books/1x", NULL},
    {"/books/{id:\\d+}", "/books/1/", NULL},
    {"/books/{id:\\d+}", "/books/-1", NULL},
    {"/books/{id:\\d+}/pages/{page:\\d+}", "/books/3/pages/14", "3|14|"},
    {"/books/{id:\\d+}/pages/{page:\\d+}", "/books/3/pages/", NULL},
    {"/{name}", "/x", "x|"},
    {"/{name}", "/", NULL},
    {"/{name}", "/a/b", NULL},
    {"/{name}", "/a%2fb", "a%2fb|"},
    {"/{name}/", "/a/", "a|"},
    {"/{a}/{b}", "/x/y", "x|y|"},
    {"/{a}/{b}", "/x//", NULL},
    {"/files/{name}.txt", "/files/a.txt", "a|"},
    {"/files/{name}.txt", "/files/a.b.txt", "a.b|"},
    {"/files/{name}.txt", "/files/.txt", NULL},
    {"/files/{name}.txt", "/files/a/b.txt", NULL},
    {"/files/{name}.txt", "/files/axtxt", NULL},
    {"/{year:\\d+}-{month:\\d+}", "/2024-05", "2024|05|"},
    {"/tree/{path:.+}", "/tree/a/b/c", "a/b/c|"},
    {"/tree/{path:.*}", "/tree/", "|"},
    {"/code/{code:[A-Z]{2}}", "/code/DE", "DE|"},
    {"/code/{code:[A-Z]{2}}", "/code/DEU", NULL},
    {"/code/{code:[A-Z]{2}}", "/code/de", NULL},
    {"/either/{x:a|b}", "/either/b", "b|"},
    {"/either/{x:a|b}", "/either/ab", NULL},
    {"/either/{x:a|b}/c", "/either/a", NULL},
    {"/group/{x:(?:a)(b)}/{y:c}", "/group/ab/c", "ab|c|"},
    {"/end/{x:a$}", "/end/a", "a|"},
    {"/(literal)/a+b/{x:.}", "/(literal)/a+b/z", "z|"},
    {"{any:/.*}", "/what/ever", "/what/ever|"},
};

static void every_row_matches_as_it_says(void **state)
{
    char captured[128];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const enum pattern_outcome outcome = match(rows[i].pattern, rows[i].path, captured);

        if ((outcome == PATTERN_MATCHES) != (rows[i].captured != NULL))
            fail_msg("%s on %s: %d", rows[i].pattern, rows[i].path, outcome);
        if (rows[i].captured != NULL)
            assert_string_equal(captured, rows[i].captured);
    }
}

static void expression_that_runs_away_is_stopped(void **state)
{
    char captured[8];
    char path[64];

    (void)state;
    strcpy(path, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    assert_int_equal(match("/{x:(a+)+}", path, captured), PATTERN_LIMIT);
}

static void plain_form_leaves_expressions_out(void **state)
{
    struct fixture fixture;

    (void)state;
    compile(&fixture, "/books/{id:\\d+}/pages/{page:[a-z]{2}}.html");
    assert_string_equal(baseapi__pattern_plain(fixture.pattern), "/books/{id}/pages/{page}.html");
    assert_string_equal(baseapi__pattern_text(fixture.pattern),
                        "/books/{id:\\d+}/pages/{page:[a-z]{2}}.html");
    assert_string_equal(baseapi__pattern_parameter_name(fixture.pattern, 1), "page");
    assert_string_equal(baseapi__pattern_literal(fixture.pattern, 2), ".html");
    release(&fixture);
}

static const char *const mistakes[] = {
    "",
    "books",
    "/{",
    "/}",
    "/{}",
    "/{a",
    "/{a:}",
    "/{1a}",
    "/{a-b}",
    "/{a}/{a}",
    "/{a:[}",
    "/{a:(}",
    "/{a:)}",
    "/{a:x)|(y}",
    "/a b",
    "/\xc3\xa4",
    "/a?b",
    "/a#b",
    "/{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}",
};

static void mistakes_are_told_with_the_pattern(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct baseapi_error error = BASEAPI_ERROR_INIT;
        struct arena arena = {.block = NULL};
        struct pattern *pattern = NULL;

        if (baseapi__pattern_compile(mistakes[i], &arena, &pattern, &error) != BASEAPI_EINVALID &&
            strcmp(mistakes[i], "/{a:x)|(y}") != 0)
            fail_msg("%s was taken", mistakes[i]);
        if (pattern == NULL)
            assert_non_null(strstr(error.message, "route \""));
        baseapi__pattern_free(pattern);
        arena_free(&arena);
    }
}

static void parameter_that_took_no_part_is_empty(void **state)
{
    char captured[16];

    (void)state;
    assert_int_equal(match("/{a:x)|(y}", "y", captured), PATTERN_MATCHES);
    assert_string_equal(captured, "|");
}

static void compile_and_match(void *context)
{
    struct capture captures[PATTERN_MAX_PARAMETERS];
    struct pattern_scratch *scratch = baseapi__pattern_scratch_new();
    struct arena arena = {.block = NULL};
    struct pattern *pattern = NULL;

    (void)context;
    if (scratch != NULL && baseapi__pattern_compile("/a/{b:[a-z]+}.txt/{c:\\d+}", &arena, &pattern,
                                                    NULL) == BASEAPI_OK)
        (void)baseapi__pattern_match(pattern, "/a/b.txt/1", 10, scratch, captures);
    baseapi__pattern_free(pattern);
    baseapi__pattern_scratch_free(scratch);
    arena_free(&arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(compile_and_match, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_matches_as_it_says),
        cmocka_unit_test(expression_that_runs_away_is_stopped),
        cmocka_unit_test(plain_form_leaves_expressions_out),
        cmocka_unit_test(mistakes_are_told_with_the_pattern),
        cmocka_unit_test(parameter_that_took_no_part_is_empty),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
