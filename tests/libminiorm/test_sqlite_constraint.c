/*
 * Names of violated constraints that SQLite itself does not tell.
 */
#include "test.h"

#include <miniorm/miniorm.h>

#define SHELF_PLACE_COLUMNS(X, T)         \
    X(T, int4, room, MINIORM_PRIMARY_KEY) \
    X(T, int4, shelf, MINIORM_PRIMARY_KEY)

#define VOLUME_COLUMNS(X, T)                                             \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)               \
    X(T, text, isbn, MINIORM_UNIQUE | MINIORM_NULLABLE)                  \
    X(T, text, series, MINIORM_NULLABLE)                                 \
    X(T, int4, number, MINIORM_NULLABLE)                                 \
    X(T, text, label, MINIORM_NULLABLE)                                  \
    X(T, int4, room, MINIORM_NULLABLE)                                   \
    X(T, int4, shelf, MINIORM_NULLABLE)                                  \
    X(T, varchar, language, MINIORM_NULLABLE, .max_len = 2)              \
    X(T, jsonb, extra, MINIORM_NULLABLE)                                 \
    X(T, int4, pages, MINIORM_NULLABLE, .check = "pages > 0")            \
    X(T, int4, sequel_id, MINIORM_NULLABLE, .references = "volumes(id)") \
    X(T, int4, prequel_id, MINIORM_NULLABLE, .references = "\"volumes\" (\"id\")")

MINIORM_DECLARE(shelf_place, SHELF_PLACE_COLUMNS);
MINIORM_DEFINE(shelf_place, SHELF_PLACE_COLUMNS, "shelf_places");
MINIORM_DECLARE(volume, VOLUME_COLUMNS);

static const struct miniorm_constraint constraints[] = {
    {.kind = MINIORM_CONSTRAINT_UNIQUE, .name = "one_of_series", .columns = "series, \"number\""},
    {.kind = MINIORM_CONSTRAINT_FOREIGN_KEY,
     .name = "stands_on_shelf",
     .columns = "room, shelf",
     .references = "shelf_places(room, shelf)"},
    {.name = NULL},
};

static const struct miniorm_index indexes[] = {
    {.name = "one_label_in_room", .columns = "label DESC, room", .unique = 1},
    {.name = NULL},
};

MINIORM_DEFINE(volume, VOLUME_COLUMNS, "volumes", .constraints = constraints, .indexes = indexes);

static struct miniorm_database *database;
static struct miniorm_session *session;

static int open_shop(void **state, const struct miniorm_database_options *options)
{
    static const struct miniorm_model *const models[] = {&shelf_place_model, &volume_model};
    struct shelf_place place = {{0}, 0, 0};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm_database_open("sqlite::memory:", options, &database, NULL),
                     MINIORM_OK);
    session = miniorm_database_session(database);
    if (miniorm_schema_create(session, models, 2, &error) != MINIORM_OK)
        fail_msg("%s", error.message);
    miniorm_set(shelf_place, &place, room, 1);
    miniorm_set(shelf_place, &place, shelf, 2);
    assert_int_equal(shelf_place_insert(session, &place, NULL), MINIORM_OK);
    return 0;
}

static int set_up(void **state)
{
    return open_shop(state, NULL);
}

static int set_up_small_cache(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.statement_cache = 1;
    return open_shop(state, &options);
}

static int tear_down(void **state)
{
    (void)state;
    miniorm_database_close(database);
    return 0;
}

static struct volume first_volume(void)
{
    struct volume volume;

    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, id, 1);
    miniorm_set(volume, &volume, isbn, MINIORM_S("1-2-3"));
    miniorm_set(volume, &volume, series, MINIORM_S("Sea"));
    miniorm_set(volume, &volume, number, 1);
    miniorm_set(volume, &volume, label, MINIORM_S("a"));
    miniorm_set(volume, &volume, room, 1);
    miniorm_set(volume, &volume, shelf, 2);
    return volume;
}

static void insert_first(void)
{
    struct volume volume = first_volume();

    assert_int_equal(miniorm_insert(session, &volume_model, &volume, false, NULL), MINIORM_OK);
}

static void expect_names(const struct miniorm_error *error, enum miniorm_status status,
                         const char *constraint, const char *column)
{
    assert_int_equal(error->status, status);
    assert_string_equal(error->constraint, constraint);
    assert_string_equal(error->table, "volumes");
    assert_string_equal(error->column, column);
}

static void expect_violation(struct miniorm_session *where, struct volume *volume,
                             enum miniorm_status status, const char *constraint, const char *column)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(miniorm_insert(where, &volume_model, volume, false, &error), status);
    expect_names(&error, status, constraint, column);
}

static void unique_constraints_are_named(void **state)
{
    struct volume volume;

    (void)state;
    insert_first();
    volume = first_volume();
    expect_violation(session, &volume, MINIORM_EUNIQUE, "volumes_pkey", "id");
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, isbn, MINIORM_S("1-2-3"));
    expect_violation(session, &volume, MINIORM_EUNIQUE, "volumes_isbn_key", "isbn");
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, series, MINIORM_S("Sea"));
    miniorm_set(volume, &volume, number, 1);
    expect_violation(session, &volume, MINIORM_EUNIQUE, "one_of_series", "");
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, label, MINIORM_S("a"));
    miniorm_set(volume, &volume, room, 1);
    expect_violation(session, &volume, MINIORM_EUNIQUE, "one_label_in_room", "");
}

static void composite_primary_key_is_named(void **state)
{
    struct shelf_place place = {{0}, 0, 0};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    miniorm_set(shelf_place, &place, room, 1);
    miniorm_set(shelf_place, &place, shelf, 2);
    assert_int_equal(shelf_place_insert(session, &place, &error), MINIORM_EUNIQUE);
    assert_string_equal(error.constraint, "shelf_places_pkey");
    assert_string_equal(error.column, "");
}

static void foreign_key_at_fault_is_found_among_several(void **state)
{
    struct volume volume;

    (void)state;
    insert_first();
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, sequel_id, 1);
    miniorm_set(volume, &volume, prequel_id, 99);
    expect_violation(session, &volume, MINIORM_EFOREIGNKEY, "volumes_prequel_id_fkey",
                     "prequel_id");
    miniorm_set(volume, &volume, sequel_id, 98);
    miniorm_set(volume, &volume, prequel_id, 1);
    expect_violation(session, &volume, MINIORM_EFOREIGNKEY, "volumes_sequel_id_fkey", "sequel_id");
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, room, 1);
    miniorm_set(volume, &volume, shelf, 3);
    expect_violation(session, &volume, MINIORM_EFOREIGNKEY, "stands_on_shelf", "");
}

static void foreign_key_of_an_update_is_found(void **state)
{
    struct volume change;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    insert_first();
    memset(&change, 0, sizeof(change));
    miniorm_set(volume, &change, sequel_id, 77);
    assert_int_equal(volume_update(session, MINIORM_ALL, &change, NULL, &error),
                     MINIORM_EFOREIGNKEY);
    expect_names(&error, MINIORM_EFOREIGNKEY, "volumes_sequel_id_fkey", "sequel_id");
}

static void row_of_a_bulk_insert_is_found(void **state)
{
    struct volume volumes[3];
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t count = 0;
    unsigned i;

    (void)state;
    memset(volumes, 0, sizeof(volumes));
    for (i = 0; i < 3; i++)
        miniorm_set(volume, &volumes[i], sequel_id, i < 2 ? 1 : 99);
    assert_int_equal(volume_bulk_insert(session, volumes, 3, NULL, &error), MINIORM_EFOREIGNKEY);
    expect_names(&error, MINIORM_EFOREIGNKEY, "volumes_sequel_id_fkey", "sequel_id");
    assert_int_equal(volume_count(session, NULL, &count, NULL), MINIORM_OK);
    assert_int_equal(count, 0);
}

static void smallest_cache_is_enough(void **state)
{
    row_of_a_bulk_insert_is_found(state);
    foreign_key_at_fault_is_found_among_several(state);
}

static void row_that_is_still_referred_to_has_no_names(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    insert_first();
    assert_int_equal(shelf_place_delete(session, MINIORM_ALL, NULL, &error), MINIORM_EFOREIGNKEY);
    assert_string_equal(error.constraint, "");
    assert_string_equal(error.table, "");
    assert_string_equal(error.column, "");
}

static void search_leaves_the_transaction_as_it_was(void **state)
{
    struct miniorm_session *outer = NULL;
    struct miniorm_session *inner = NULL;
    struct volume volume;
    uint64_t count = 0;

    (void)state;
    assert_int_equal(miniorm_transaction_begin(session, NULL, &outer, NULL), MINIORM_OK);
    volume = first_volume();
    assert_int_equal(miniorm_insert(outer, &volume_model, &volume, false, NULL), MINIORM_OK);
    assert_int_equal(miniorm_transaction_begin(outer, NULL, &inner, NULL), MINIORM_OK);
    memset(&volume, 0, sizeof(volume));
    miniorm_set(volume, &volume, sequel_id, 99);
    expect_violation(inner, &volume, MINIORM_EFOREIGNKEY, "volumes_sequel_id_fkey", "sequel_id");
    miniorm_transaction_rollback(inner);
    /* The checks are not put off any more. */
    assert_int_equal(miniorm_transaction_begin(outer, NULL, &inner, NULL), MINIORM_OK);
    expect_violation(inner, &volume, MINIORM_EFOREIGNKEY, "volumes_sequel_id_fkey", "sequel_id");
    miniorm_transaction_rollback(inner);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    assert_int_equal(volume_count(session, NULL, &count, NULL), MINIORM_OK);
    assert_int_equal(count, 1);
}

static void check_of_a_type_is_a_value_that_does_not_fit(void **state)
{
    const struct miniorm_value language = miniorm_value_string("long");
    struct miniorm_session *transaction;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct volume volume = first_volume();

    (void)state;
    miniorm_set(volume, &volume, extra, MINIORM_S("{"));
    expect_violation(session, &volume, MINIORM_EVALUE, "volumes_extra_json", "extra");
    /* The status does not depend on whether anybody wants to know more. */
    assert_int_equal(miniorm_transaction_begin(session, NULL, &transaction, NULL), MINIORM_OK);
    assert_int_equal(volume_insert(transaction, &volume, NULL), MINIORM_EVALUE);
    miniorm_transaction_rollback(transaction);
    insert_first();
    assert_int_equal(miniorm_run_take(session,
                                      miniorm_query_where(miniorm_query_set_raw(
                                                              miniorm_query_update(&volume_model),
                                                              volume_language, "$1", &language, 1),
                                                          MINIORM_ALL),
                                      NULL, &error),
                     MINIORM_EVALUE);
    expect_names(&error, MINIORM_EVALUE, "volumes_language_length", "language");
}

static void check_of_a_model_names_its_table(void **state)
{
    struct volume volume = first_volume();

    (void)state;
    miniorm_set(volume, &volume, pages, 0);
    expect_violation(session, &volume, MINIORM_ECHECK, "volumes_pages_check", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unique_constraints_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composite_primary_key_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(foreign_key_at_fault_is_found_among_several, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(foreign_key_of_an_update_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(row_of_a_bulk_insert_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(smallest_cache_is_enough, set_up_small_cache, tear_down),
        cmocka_unit_test_setup_teardown(row_that_is_still_referred_to_has_no_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(check_of_a_type_is_a_value_that_does_not_fit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(check_of_a_model_names_its_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(search_leaves_the_transaction_as_it_was, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("sqlite_constraint", tests, NULL, NULL);
}
