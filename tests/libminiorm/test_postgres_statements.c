/* The cache of prepared statements of a connection. */
#include "test.h"

#include <stdio.h>

#include "postgres/statements.h"

#define LIMIT 8

static struct miniorm__statement statement_of(const char *sql)
{
    /* A hash of the length only: texts of one length collide. */
    return (struct miniorm__statement){.sql = sql, .sql_size = strlen(sql), .hash = strlen(sql)};
}

static struct miniorm__pg_statement *get(struct miniorm__pg_statements *cache, const char *sql,
                                         const struct miniorm__pg_parameters *parameters, bool add)
{
    const struct miniorm__statement statement = statement_of(sql);
    const uint64_t key = miniorm__pg_statement_key(&statement, parameters);

    if (add)
        return miniorm__pg_statements_add(cache, key, &statement, parameters);
    return miniorm__pg_statements_find(cache, key, &statement, parameters);
}

static const struct miniorm__pg_parameters none;

static size_t count_closing(const struct miniorm__pg_statements *cache)
{
    const struct miniorm__link *link;
    size_t count = 0;

    for (link = cache->closing.next; link != &cache->closing; link = link->next)
        count++;
    return count;
}

static int set_up(void **state)
{
    static struct miniorm__pg_statements cache;

    assert_int_equal(miniorm__pg_statements_init(&cache, LIMIT, NULL), MINIORM_OK);
    *state = &cache;
    return 0;
}

static int tear_down(void **state)
{
    miniorm__pg_statements_free(*state);
    return 0;
}

static void statement_is_found_by_text_and_types(void **state)
{
    struct miniorm__pg_statements *cache = *state;
    const Oid integers[] = {23}, texts[] = {25};
    const struct miniorm__pg_parameters integer = {.count = 1, .types = integers};
    const struct miniorm__pg_parameters text = {.count = 1, .types = texts};
    struct miniorm__pg_statement *entry;

    assert_null(get(cache, "SELECT 1", &none, false));
    entry = get(cache, "SELECT 1", &none, true);
    assert_int_equal(entry->state, MINIORM__PENDING);
    assert_ptr_equal(get(cache, "SELECT 1", &none, false), entry);
    assert_null(get(cache, "SELECT 2", &none, false));
    entry = get(cache, "SELECT $1", &integer, true);
    assert_ptr_equal(get(cache, "SELECT $1", &integer, false), entry);
    assert_null(get(cache, "SELECT $1", &text, false));
    assert_null(get(cache, "SELECT $1", &none, false));
}

static void names_never_repeat(void **state)
{
    struct miniorm__pg_statements *cache = *state;
    struct miniorm__pg_statement *entry = get(cache, "SELECT 1", &none, true);
    char name[MINIORM__PG_NAME_SIZE];

    snprintf(name, sizeof(name), "%s", entry->name);
    miniorm__pg_statements_forget(cache, entry);
    assert_null(get(cache, "SELECT 1", &none, false));
    entry = get(cache, "SELECT 1", &none, true);
    assert_string_not_equal(entry->name, name);
    assert_string_not_equal(get(cache, "SELECT 2", &none, true)->name, entry->name);
}

static void least_recently_used_goes_first(void **state)
{
    static const char *const texts[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    struct miniorm__pg_statements *cache = *state;
    size_t i;

    for (i = 0; i < LIMIT; i++)
        get(cache, texts[i], &none, true)->state = MINIORM__READY;
    assert_non_null(get(cache, "a", &none, false));
    assert_non_null(get(cache, "i", &none, true));
    assert_int_equal(cache->count, LIMIT);
    assert_non_null(get(cache, "a", &none, false));
    assert_null(get(cache, "b", &none, false));
    assert_int_equal(count_closing(cache), 1);
}

static void pending_statements_are_not_driven_out(void **state)
{
    static const char *const texts[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct miniorm__pg_statements *cache = *state;
    size_t i;

    for (i = 0; i < LIMIT; i++)
        get(cache, texts[i], &none, true);
    assert_null(get(cache, "i", &none, true));
    get(cache, "d", &none, false)->state = MINIORM__READY;
    assert_non_null(get(cache, "i", &none, true));
    assert_null(get(cache, "d", &none, false));
}

static void statements_that_wait_to_be_closed_are_limited(void **state)
{
    struct miniorm__pg_statements *cache = *state;
    struct miniorm__pg_statement *closed;
    char text[16];
    size_t i;

    for (i = 0; i < 4 * LIMIT; i++) {
        struct miniorm__pg_statement *entry;

        snprintf(text, sizeof(text), "SELECT %zu", i);
        entry = get(cache, text, &none, true);
        assert_int_equal(entry != NULL, i < 2 * LIMIT);
        if (entry != NULL)
            entry->state = MINIORM__READY;
    }
    assert_int_equal(count_closing(cache), LIMIT);
    assert_int_equal(cache->count, LIMIT);
    closed = MINIORM__OWNER(cache->closing.next, struct miniorm__pg_statement, use);
    miniorm__pg_statements_closing_take(cache, closed);
    free(closed);
    assert_non_null(get(cache, text, &none, true));
}

static void stale_statement_is_dropped_and_closed(void **state)
{
    struct miniorm__pg_statements *cache = *state;
    const struct miniorm__statement statement = statement_of("SELECT 1");
    const uint64_t key = miniorm__pg_statement_key(&statement, &none);

    get(cache, "SELECT 1", &none, true);
    miniorm__pg_statements_drop(cache, key);
    assert_non_null(get(cache, "SELECT 1", &none, false));
    get(cache, "SELECT 1", &none, false)->state = MINIORM__READY;
    miniorm__pg_statements_drop(cache, key);
    assert_null(get(cache, "SELECT 1", &none, false));
    assert_int_equal(count_closing(cache), 1);
}

static void use_without_memory(void *context)
{
    struct miniorm__pg_statements cache;

    (void)context;
    if (miniorm__pg_statements_init(&cache, LIMIT, NULL) != MINIORM_OK)
        return;
    if (get(&cache, "SELECT 1", &none, true) == NULL)
        assert_null(get(&cache, "SELECT 1", &none, false));
    miniorm__pg_statements_free(&cache);
}

static void cache_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_int_equal(oom_for_every_allocation(use_without_memory, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statement_is_found_by_text_and_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_never_repeat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(least_recently_used_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pending_statements_are_not_driven_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_that_wait_to_be_closed_are_limited, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stale_statement_is_dropped_and_closed, set_up, tear_down),
        cmocka_unit_test(cache_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("postgres_statements", tests, NULL, NULL);
}
