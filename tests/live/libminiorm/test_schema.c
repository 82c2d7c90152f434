/*
 * Tests of creating and dropping tables on both databases: what is created behaves alike.
 */
#include "both.h"

#include <pthread.h>

#define CITY_COLUMNS(X, T)                                                        \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)                        \
    X(T, varchar, name, MINIORM_UNIQUE, .max_len = 20)                            \
    X(T, int4, population, MINIORM_NULLABLE, .check = "population > 0")           \
    X(T, boolean, is_port, 0, .sql_default = "false")                             \
    X(T, uuid, token, 0, .sql_default = "gen_random_uuid()")                      \
    X(T, timestamptz, seen_at, 0, .sql_default = "now()", .comment = "it's when") \
    X(T, date, founded, 0, .sql_default = "CURRENT_DATE")                         \
    X(T, numeric, area, 0, .sql_default = "1.50", .precision = 10, .scale = 2)    \
    X(T, text, motto, 0, .sql_default = "'none'", .max_len = 30)                  \
    X(T, jsonb, extra, MINIORM_NULLABLE)

#define STREET_COLUMNS(X, T)                                                                     \
    X(T, int4, city_id, MINIORM_PRIMARY_KEY, .references = "cities(id)", .on_delete = "CASCADE") \
    X(T, int4, number, MINIORM_PRIMARY_KEY)                                                      \
    X(T, text, name, MINIORM_INDEXED)                                                            \
    X(T, text, side, 0, .sql_default = "'left'")

/* Two tables that refer to each other, and one of them to itself. */
#define HEN_COLUMNS(X, T)               \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, int4, egg_id, MINIORM_NULLABLE, .references = "eggs(id)")
#define EGG_COLUMNS(X, T)                                          \
    X(T, int4, id, MINIORM_PRIMARY_KEY)                            \
    X(T, int4, hen_id, MINIORM_NULLABLE, .references = "hens(id)") \
    X(T, int4, twin_id, MINIORM_NULLABLE, .references = "eggs(id)")

#define ORPHAN_COLUMNS(X, T)            \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, int4, parent_id, 0, .references = "parents(id)")

MINIORM_DECLARE(city, CITY_COLUMNS);
MINIORM_DECLARE(street, STREET_COLUMNS);
MINIORM_DECLARE(hen, HEN_COLUMNS);
MINIORM_DECLARE(egg, EGG_COLUMNS);
MINIORM_DECLARE(orphan, ORPHAN_COLUMNS);
MINIORM_DEFINE(city, CITY_COLUMNS, "cities", .comment = "with \\ and '");
MINIORM_DEFINE(
    street, STREET_COLUMNS, "streets",
    .indexes = (const struct miniorm_index[]){{.name = "streets_by_side",
                                               .columns = "side, lower(name) DESC",
                                               .where = "side <> 'left'",
                                               .unique = 1},
                                              {0}},
    .constraints = (const struct miniorm_constraint[]){
        {.kind = MINIORM_CONSTRAINT_UNIQUE, .name = "streets_once", .columns = "city_id, name"},
        {.kind = MINIORM_CONSTRAINT_CHECK, .name = "streets_positive", .expression = "number > 0"},
        {0}});
MINIORM_DEFINE(hen, HEN_COLUMNS, "hens");
MINIORM_DEFINE(egg, EGG_COLUMNS, "eggs");
MINIORM_DEFINE(orphan, ORPHAN_COLUMNS, "orphans");

static const struct miniorm_model *const all[] = {&street_model, &city_model, &hen_model,
                                                  &egg_model};
#define N_ALL (sizeof(all) / sizeof(all[0]))

static int create_all(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(miniorm_schema_create(both->session, all, N_ALL, &error), &error);
    return 0;
}

static int drop_all(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(miniorm_schema_drop(both->session, all, N_ALL, &error), &error);
    return 0;
}

static enum miniorm_status execute(const struct both *both, const char *sql,
                                   struct miniorm_error *error)
{
    *error = (struct miniorm_error)MINIORM_ERROR_INIT;
    return miniorm_run_take(both->session, miniorm_query_raw(sql, NULL, 0), NULL, error);
}

static uint64_t count(const struct both *both, const struct miniorm_model *model)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t rows = 0;

    assert_ok(miniorm_count(both->session, model, NULL, &rows, &error), &error);
    return rows;
}

static void tables_that_exist_are_left_alone(void **state)
{
    const struct both *both = *state;

    both_execute(both, "INSERT INTO cities (name) VALUES ('Rome')");
    create_all(state);
    assert_int_equal(count(both, &city_model), 1);
}

static void missing_tables_and_indexes_are_added(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error;

    both_execute(both, "DROP TABLE streets");
    create_all(state);
    both_execute(both, "DROP INDEX streets_by_side");
    create_all(state);
    both_execute(both, "INSERT INTO cities (id, name) VALUES (1, 'Rome')");
    both_execute(both, "INSERT INTO streets (city_id, number, name, side) VALUES (1, 1, 'A', 'r')");
    assert_int_equal(execute(both,
                             "INSERT INTO streets (city_id, number, name, side) VALUES (1, 2, "
                             "'a', 'r')",
                             &error),
                     MINIORM_EUNIQUE);
}

static void defaults_are_of_their_types(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct city city;
    struct miniorm_value now;

    memset(&city, 0, sizeof(city));
    miniorm_set(city, &city, name, MINIORM_S("Rome"));
    assert_ok(city_insert(both->session, &city, &error), &error);
    assert_int_equal(city.id, 1);
    assert_false(city.is_port);
    assert_int_equal(city.token.bytes[6] >> 4, 4);
    assert_int_equal(city.token.bytes[8] >> 6, 2);
    assert_memory_equal(city.area.data, "1.50", city.area.size);
    assert_memory_equal(city.motto.data, "none", city.motto.size);
    assert_ok(
        miniorm_value_parse(MINIORM_T_timestamptz, MINIORM_S("2024-01-01T00:00:00Z"), &now, &error),
        &error);
    assert_true(city.seen_at > now.as.integer);
    assert_true(city.founded > 8700 &&
                (int64_t)city.founded * 86400000000 <= city.seen_at + 86400000000);
    city_clear(&city);
}

static void numbers_of_deleted_rows_do_not_come_again(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct city city;

    both_execute(both, "INSERT INTO cities (name) VALUES ('Rome')");
    both_execute(both, "DELETE FROM cities");
    memset(&city, 0, sizeof(city));
    miniorm_set(city, &city, name, MINIORM_S("Rome"));
    assert_ok(city_insert(both->session, &city, &error), &error);
    assert_int_equal(city.id, 2);
    city_clear(&city);
}

struct violation {
    const char *sql;
    enum miniorm_status status;
    const char *table;
    const char *constraint; /* NULL: the databases do not agree on telling */
};

static void constraints_are_kept_and_named(void **state)
{
    static const struct violation violations[] = {
        {"INSERT INTO cities (population) VALUES (1)", MINIORM_ENOTNULL, "cities", NULL},
        {"INSERT INTO cities (name) VALUES ('Rome')", MINIORM_EUNIQUE, "cities", NULL},
        {"INSERT INTO cities (name, population) VALUES ('x', 0)", MINIORM_ECHECK, NULL,
         "cities_population_check"},
        {"INSERT INTO cities (name, motto) VALUES ('x', 'a motto of more than thirty characters')",
         MINIORM_ECHECK, NULL, "cities_motto_length"},
        {"INSERT INTO streets (city_id, number, name) VALUES (1, 0, 'a')", MINIORM_ECHECK, NULL,
         "streets_positive"},
        {"INSERT INTO streets (city_id, number, name) VALUES (1, 7, 'b')", MINIORM_EUNIQUE,
         "streets", NULL},
        {"INSERT INTO streets (city_id, number, name) VALUES (1, 8, 'a')", MINIORM_EUNIQUE,
         "streets", NULL},
        {"INSERT INTO streets (city_id, number, name) VALUES (77, 1, 'a')", MINIORM_EFOREIGNKEY,
         NULL, NULL},
        {"INSERT INTO eggs (id, twin_id) VALUES (1, 2)", MINIORM_EFOREIGNKEY, NULL, NULL},
        {"INSERT INTO hens (id, egg_id) VALUES (1, 2)", MINIORM_EFOREIGNKEY, NULL, NULL},
    };
    const struct both *both = *state;
    size_t i;

    both_execute(both, "INSERT INTO cities (id, name) VALUES (1, 'Rome')");
    both_execute(both, "INSERT INTO streets (city_id, number, name) VALUES (1, 7, 'a')");
    for (i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
        struct miniorm_error error;
        const enum miniorm_status status = execute(both, violations[i].sql, &error);

        if (status != violations[i].status)
            fail_msg("%s: %s %s", violations[i].sql, miniorm_status_name(status), error.message);
        if (violations[i].table != NULL)
            assert_string_equal(error.table, violations[i].table);
        if (violations[i].constraint != NULL)
            assert_string_equal(error.constraint, violations[i].constraint);
    }
    both_execute(both, "DELETE FROM cities");
    assert_int_equal(count(both, &street_model), 0);
}

static void circle_holds_rows_and_is_dropped_with_them(void **state)
{
    const struct both *both = *state;

    both_execute(both, "INSERT INTO hens (id) VALUES (1)");
    both_execute(both, "INSERT INTO eggs (id, hen_id, twin_id) VALUES (1, 1, 1)");
    both_execute(both, "UPDATE hens SET egg_id = 1");
    drop_all(state);
    create_all(state);
    assert_int_equal(count(both, &hen_model), 0);
    both_execute(both, "INSERT INTO hens (id) VALUES (1)");
}

static void table_that_is_missing_is_named_and_nothing_is_created(void **state)
{
    const struct both *both = *state;
    const struct miniorm_model *const models[] = {&city_model, &orphan_model};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    drop_all(state);
    assert_int_equal(miniorm_schema_create(both->session, models, 2, &error), MINIORM_EINVALID);
    assert_non_null(strstr(error.message, "parents(id)"));
    assert_int_equal(execute(both, "SELECT * FROM cities", &error), MINIORM_ESTATEMENT);
    both_execute(both, "CREATE TABLE parents (id int PRIMARY KEY)");
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    assert_ok(miniorm_schema_create(both->session, models, 2, &error), &error);
    assert_ok(miniorm_schema_drop(both->session, models, 2, &error), &error);
    both_execute(both, "DROP TABLE parents");
    create_all(state);
}

static void schema_may_be_part_of_a_transaction(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *transaction;

    both_execute(both, "INSERT INTO cities (name) VALUES ('Rome')");
    assert_ok(miniorm_transaction_begin(both->session, NULL, &transaction, &error), &error);
    assert_ok(miniorm_schema_drop(transaction, all, N_ALL, &error), &error);
    assert_ok(miniorm_schema_create(transaction, all, N_ALL, &error), &error);
    miniorm_transaction_rollback(transaction);
    assert_int_equal(count(both, &city_model), 1);
}

static void *create_in_thread(void *data)
{
    const struct both *both = data;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    const enum miniorm_status status = miniorm_schema_create(both->session, all, N_ALL, &error);

    return (void *)(uintptr_t)status;
}

static void several_may_create_at_once(void **state)
{
    struct both *both = *state;
    pthread_t threads[6];
    size_t round, i;

    for (round = 0; round < 5; round++) {
        drop_all(state);
        for (i = 0; i < 6; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, create_in_thread, both), 0);
        for (i = 0; i < 6; i++) {
            void *status;

            assert_int_equal(pthread_join(threads[i], &status), 0);
            assert_int_equal((uintptr_t)status, MINIORM_OK);
        }
    }
}

static void dropping_what_is_not_there_is_no_error(void **state)
{
    const struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    drop_all(state);
    drop_all(state);
    assert_ok(miniorm_schema_drop(both->session, NULL, 0, &error), &error);
    assert_ok(miniorm_schema_create(both->session, NULL, 0, &error), &error);
    create_all(state);
}

int main(void)
{
    static const struct miniorm_model *const none[1] = {NULL};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_that_exist_are_left_alone, create_all, drop_all),
        cmocka_unit_test_setup_teardown(missing_tables_and_indexes_are_added, create_all, drop_all),
        cmocka_unit_test_setup_teardown(defaults_are_of_their_types, create_all, drop_all),
        cmocka_unit_test_setup_teardown(numbers_of_deleted_rows_do_not_come_again, create_all,
                                        drop_all),
        cmocka_unit_test_setup_teardown(constraints_are_kept_and_named, create_all, drop_all),
        cmocka_unit_test_setup_teardown(circle_holds_rows_and_is_dropped_with_them, create_all,
                                        drop_all),
        cmocka_unit_test_setup_teardown(table_that_is_missing_is_named_and_nothing_is_created,
                                        create_all, drop_all),
        cmocka_unit_test_setup_teardown(schema_may_be_part_of_a_transaction, create_all, drop_all),
        cmocka_unit_test_setup_teardown(several_may_create_at_once, create_all, drop_all),
        cmocka_unit_test_setup_teardown(dropping_what_is_not_there_is_no_error, create_all,
                                        drop_all),
    };

    return both_run("schema", tests, sizeof(tests) / sizeof(tests[0]), none, 0);
}
