/*
 * Managers in memory: the hooks of a model, and lack of memory at every step. The everyday calls are
 * tested on both databases in tests/live.
 */
#include "test.h"

#include <miniorm/miniorm.h>

#define NOTE_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, text, title, 0)                                   \
    X(T, int4, tenant, 0)                                  \
    X(T, int4, revision, 0, .sql_default = "1")            \
    X(T, boolean, hidden, 0, .sql_default = "false")

MINIORM_DECLARE(note, NOTE_COLUMNS);

/* A manager with data of its own: notes of one tenant that are not hidden. */
struct note_manager {
    struct miniorm_manager base;
    int32_t tenant;
};

static unsigned n_loaded;

static const struct miniorm_condition *own_notes(const struct miniorm_manager *manager)
{
    static struct miniorm_value values[2];
    static const struct miniorm_condition conditions[2] = {
        {.op = MINIORM_OP_EQ, .column = note_tenant, .values = &values[0], .n_values = 1},
        {.op = MINIORM_OP_EQ, .column = note_hidden, .values = &values[1], .n_values = 1}};
    static const struct miniorm_condition both = {
        .op = MINIORM_OP_AND, .children = conditions, .n_children = 2};

    values[0] = miniorm_value_integer(((const struct note_manager *)manager)->tenant);
    values[1] = miniorm_value_boolean(false);
    return &both;
}

static enum miniorm_status set_tenant(const struct miniorm_manager *manager, void *instance,
                                      struct miniorm_error *error)
{
    struct note *note = instance;

    if (note->title.size == 0)
        return miniorm_error_set(error, MINIORM_EVALUE, "a note needs a title");
    miniorm_set(note, note, tenant, ((const struct note_manager *)manager)->tenant);
    return MINIORM_OK;
}

static enum miniorm_status raise_revision(const struct miniorm_manager *manager, void *instance,
                                          struct miniorm_error *error)
{
    struct note *note = instance;

    (void)manager;
    if (note->revision == 3)
        return miniorm_error_set(error, MINIORM_ESTATE, "a note has three revisions at most");
    miniorm_set(note, note, revision, note->revision + 1);
    return MINIORM_OK;
}

static void count_loaded(const struct miniorm_manager *manager, void *instance)
{
    (void)manager;
    (void)instance;
    n_loaded++;
}

static const struct note_manager own_manager = {.base = {.size = sizeof(struct miniorm_manager),
                                                         .default_where = own_notes,
                                                         .before_insert = set_tenant,
                                                         .before_update = raise_revision,
                                                         .after_load = count_loaded},
                                                .tenant = 7};

MINIORM_DEFINE(note, NOTE_COLUMNS, "notes", .manager = &own_manager.base);

static struct miniorm_database *database;
static struct miniorm_session *session;

static void expect_ok(enum miniorm_status status, const struct miniorm_error *error)
{
    if (status != MINIORM_OK)
        fail_msg("%s: %s", miniorm_status_name(status), error->message);
}

/* Two notes of tenant 7, of which one is hidden, and one of tenant 8. */
static int open_with_notes(void **state)
{
    static const struct miniorm_model *const models[] = {&note_model};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    expect_ok(miniorm_database_open("sqlite::memory:", NULL, &database, &error), &error);
    session = miniorm_database_session(database);
    expect_ok(miniorm_schema_create(session, models, 1, &error), &error);
    expect_ok(miniorm_run_take(session,
                               miniorm_query_raw("INSERT INTO notes (title, tenant, hidden) VALUES "
                                                 "('mine', 7, 0), ('old', 7, 1), ('other', 8, 0)",
                                                 NULL, 0),
                               NULL, &error),
              &error);
    n_loaded = 0;
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    miniorm_database_close(database);
    return 0;
}

static struct note load(const char *title)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct note note;

    expect_ok(note_get_instance(session, MINIORM_WHERE(miniorm_eq(note_title, title)), &note, NULL,
                                &error),
              &error);
    return note;
}

static void default_where_is_part_of_every_reading(void **state)
{
    struct miniorm_result *result;
    uint64_t count;
    bool found;
    struct note note;

    (void)state;
    assert_int_equal(note_count(session, NULL, &count, NULL), MINIORM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(note_get_instances(session, NULL, &result, NULL), MINIORM_OK);
    assert_int_equal(miniorm_result_rows(result), 1);
    miniorm_result_free(result);
    assert_int_equal(note_get_instance(session, MINIORM_WHERE(miniorm_eq(note_title, "other")),
                                       &note, &found, NULL),
                     MINIORM_OK);
    assert_false(found);
}

static void default_where_protects_what_it_hides(void **state)
{
    struct note values = {0};
    uint64_t affected;

    (void)state;
    miniorm_set(note, &values, revision, 9);
    assert_int_equal(note_update(session, MINIORM_ALL, &values, &affected, NULL), MINIORM_OK);
    assert_int_equal(affected, 1);
    assert_int_equal(note_delete(session, MINIORM_ALL, &affected, NULL), MINIORM_OK);
    assert_int_equal(affected, 1);
}

static void before_insert_sets_columns_or_refuses(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result;
    struct note notes[2] = {0};
    struct note note = {0};

    (void)state;
    miniorm_set(note, &note, title, MINIORM_S("new"));
    expect_ok(note_insert(session, &note, &error), &error);
    assert_int_equal(note.tenant, 7);
    note_clear(&note);
    assert_int_equal(miniorm_insert(session, &note_model, &note, false, &error), MINIORM_EVALUE);
    assert_string_equal(error.message, "a note needs a title");
    miniorm_set(note, &notes[0], title, MINIORM_S("first"));
    assert_int_equal(note_bulk_insert(session, notes, 2, NULL, NULL), MINIORM_EVALUE);
    miniorm_set(note, &notes[1], title, MINIORM_S("second"));
    assert_int_equal(note_bulk_insert(session, notes, 2, &result, NULL), MINIORM_OK);
    assert_int_equal(note_at(result, 1)->tenant, 7);
    miniorm_result_free(result);
}

static void before_update_sets_columns_or_refuses(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct note note = load("mine");

    (void)state;
    expect_ok(note_row_update(session, &note, &error), &error);
    expect_ok(note_row_update(session, &note, &error), &error);
    assert_int_equal(note.revision, 3);
    assert_int_equal(note_row_update(session, &note, &error), MINIORM_ESTATE);
    assert_string_equal(error.message, "a note has three revisions at most");
    note_clear(&note);
}

static void after_load_sees_every_struct_once(void **state)
{
    struct miniorm_result *result;
    struct note note = load("mine");

    (void)state;
    assert_int_equal(n_loaded, 1);
    note_clear(&note);
    assert_int_equal(note_get_items(session, NULL, &result, NULL), MINIORM_OK);
    assert_int_equal(n_loaded, 1);
    assert_non_null(note_at(result, 0));
    assert_non_null(note_at(result, 0));
    assert_int_equal(n_loaded, 2);
    miniorm_result_free(result);
}

static void options_of_older_programs_are_shorter(void **state)
{
    struct miniorm_select_options options;
    struct miniorm_query *query;
    char *sql, *expected;

    (void)state;
    memset(&options, 0x5a, sizeof(options));
    options.size = sizeof(options.size);
    query = miniorm_select_query(&note_model, &options);
    assert_int_equal(miniorm_query_sql(query, MINIORM_SQLITE, &sql, NULL), MINIORM_OK);
    miniorm_query_free(query);
    query = miniorm_select_query(&note_model, NULL);
    assert_int_equal(miniorm_query_sql(query, MINIORM_SQLITE, &expected, NULL), MINIORM_OK);
    miniorm_query_free(query);
    assert_string_equal(sql, expected);
    free(sql);
    free(expected);
}

static void options_without_their_size_are_refused(void **state)
{
    const struct miniorm_select_options options = {.where = MINIORM_WHERE(miniorm_eq(note_id, -1))};
    struct {
        struct miniorm_select_options known;
        uint64_t unknown;
    } newer = {.known = MINIORM_SELECT_OPTIONS_INIT, .unknown = 1};
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    (void)state;
    assert_int_equal(note_get_items(session, &options, &result, &error), MINIORM_EINVALID);
    assert_string_equal(error.message, "select options: size is not set");
    assert_null(result);
    newer.known.size = sizeof(newer);
    assert_int_equal(note_get_items(session, &newer.known, &result, NULL), MINIORM_EUNSUPPORTED);
    assert_null(result);
}

static void expect_ok_or_no_memory(enum miniorm_status status)
{
    if (status != MINIORM_OK && status != MINIORM_ENOMEM)
        fail_msg("%s", miniorm_status_name(status));
}

static void read_with_little_memory(void *context)
{
    struct miniorm_select_options options = MINIORM_SELECT_OPTIONS_INIT;
    const struct miniorm_order_by order = {note_title, MINIORM_DESC};
    struct miniorm_result *result = NULL;
    struct note note = {.id = -1};
    uint64_t count;
    bool found = false;

    (void)context;
    options.where = MINIORM_WHERE(miniorm_ne(note_title, "x"));
    options.order_by = &order;
    options.n_order_by = 1;
    options.limit = 5;
    expect_ok_or_no_memory(note_get_instances(session, &options, &result, NULL));
    miniorm_result_free(result);
    expect_ok_or_no_memory(note_get_instance(session, NULL, &note, &found, NULL));
    assert_int_equal(found, note.id != -1);
    if (found)
        note_clear(&note);
    expect_ok_or_no_memory(note_count(session, NULL, &count, NULL));
}

static void write_with_little_memory(void *context)
{
    struct miniorm_result *result = NULL;
    struct note notes[2] = {0};
    uint64_t affected;

    (void)context;
    miniorm_set(note, &notes[0], title, MINIORM_S("first"));
    miniorm_set(note, &notes[1], title, MINIORM_S("second"));
    expect_ok_or_no_memory(note_bulk_insert(session, notes, 2, &result, NULL));
    miniorm_result_free(result);
    result = NULL;
    expect_ok_or_no_memory(miniorm_update(session, &note_model,
                                          MINIORM_WHERE(miniorm_eq(note_title, "first")), &notes[1],
                                          &affected, &result, NULL));
    miniorm_result_free(result);
    expect_ok_or_no_memory(note_insert(session, &notes[0], NULL));
    if (miniorm_is_loaded(note, &notes[0], id))
        expect_ok_or_no_memory(note_row_delete(session, &notes[0], NULL));
    note_clear(&notes[0]);
    expect_ok_or_no_memory(
        note_delete(session, MINIORM_WHERE(miniorm_ne(note_title, "mine")), NULL, NULL));
}

static void lack_of_memory_is_reported_and_leaks_nothing(void **state)
{
    (void)state;
    read_with_little_memory(NULL);
    assert_true(oom_for_every_allocation(read_with_little_memory, NULL) > 5);
    write_with_little_memory(NULL);
    assert_true(oom_for_every_allocation(write_with_little_memory, NULL) > 5);
}

#define on_notes(test) cmocka_unit_test_setup_teardown(test, open_with_notes, close_database)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_notes(default_where_is_part_of_every_reading),
        on_notes(default_where_protects_what_it_hides),
        on_notes(before_insert_sets_columns_or_refuses),
        on_notes(before_update_sets_columns_or_refuses),
        on_notes(after_load_sees_every_struct_once),
        on_notes(options_of_older_programs_are_shorter),
        on_notes(options_without_their_size_are_refused),
        on_notes(lack_of_memory_is_reported_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
