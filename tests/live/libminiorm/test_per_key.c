/*
 * Tests of selects per key on both databases, compared with one select and one count for each key.
 */
#include "both.h"

#include "random.h"

#define NOTE_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, int4, owner, MINIORM_NULLABLE | MINIORM_INDEXED)  \
    X(T, text, topic, MINIORM_NULLABLE)                    \
    X(T, numeric, price, MINIORM_NULLABLE)                 \
    X(T, bytea, tag, MINIORM_NULLABLE)                     \
    X(T, int4, number, MINIORM_UNIQUE)

MINIORM_DECLARE(note, NOTE_COLUMNS);
MINIORM_DEFINE(note, NOTE_COLUMNS, "notes");

#define N_NOTES 300
#define N_ROUNDS 150
#define KEYS_MAX 12

/* One way of asking, drawn at random. */
struct wish {
    unsigned columns[2];
    size_t n_columns;
    struct miniorm_value keys[KEYS_MAX * 2];
    size_t n_keys;
    bool has_limit;
    uint64_t limit;
    uint64_t offset;
    bool is_filtered;
    bool has_raw;
    enum miniorm_order order;
};

static struct miniorm_value topic_value(unsigned n)
{
    static const char *const topics[] = {"sea", "sky", "", "it's"};

    return miniorm_value_string(topics[n % 4]);
}

static struct miniorm_value random_cell(unsigned column)
{
    static const char *const prices[] = {"1", "1.0", "2.50", "2.5", "3"};
    static const unsigned char bytes[] = {0, 1, 2};
    const struct miniorm_bytes tag = {bytes, random_below(4)};

    if (random_below(8) == 0)
        return miniorm_value_null();
    switch (column) {
    case note_owner: return miniorm_value_integer((int64_t)random_below(15));
    case note_topic: return topic_value(random_below(4));
    case note_price: return miniorm_value_string(prices[random_below(5)]);
    case note_tag: return miniorm_value_bytes(tag);
    default: return miniorm_value_integer((int64_t)random_below(N_NOTES + 20));
    }
}

static void insert_notes(const struct both *both)
{
    struct miniorm_query *query = miniorm_query_insert(&note_model);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    unsigned column;
    size_t i;

    both_execute(both, "DELETE FROM notes");
    for (i = 0; i < N_NOTES; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        miniorm_query_set(query, note_id, miniorm_value_integer((int64_t)i));
        for (column = note_owner; column <= note_tag; column++)
            miniorm_query_set(query, column, random_cell(column));
        miniorm_query_set(query, note_number, miniorm_value_integer((int64_t)(i * 7 % N_NOTES)));
    }
    assert_ok(miniorm_run_take(both->session, query, NULL, &error), &error);
}

static struct miniorm_result *run(const struct both *both, struct miniorm_query *query)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    assert_ok(miniorm_run_take(both->session, query, &result, &error), &error);
    return result;
}

static int64_t cell(struct miniorm_result *result, size_t row, size_t column)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;

    assert_ok(miniorm_result_value(result, row, column, &value, &error), &error);
    assert_false(value.is_null);
    return value.as.integer;
}

static void make_wish(struct wish *wish)
{
    static const unsigned columns[] = {note_owner, note_topic, note_price,
                                       note_tag,   note_id,    note_number};
    size_t i;

    memset(wish, 0, sizeof(*wish));
    wish->n_columns = 1 + random_below(2);
    wish->columns[0] = columns[random_below(6)];
    do
        wish->columns[1] = columns[random_below(6)];
    while (wish->columns[1] == wish->columns[0]);
    wish->n_keys = random_below(KEYS_MAX + 1);
    for (i = 0; i < wish->n_keys * wish->n_columns; i++)
        wish->keys[i] = random_cell(wish->columns[i % wish->n_columns]);
    wish->has_limit = random_below(4) != 0;
    wish->limit = random_below(8);
    wish->offset = random_below(2) == 0 ? 0 : random_below(12);
    wish->is_filtered = random_below(2) == 0;
    wish->has_raw = random_below(2) == 0;
    wish->order = (enum miniorm_order)random_below(4);
}

static void add_filters(struct miniorm_query *query, const struct wish *wish)
{
    const struct miniorm_value one = miniorm_value_integer(1);

    if (wish->is_filtered)
        miniorm_query_where(
            query, MINIORM_WHERE(miniorm_or(miniorm_gt(note_price, 1), miniorm_null(note_price))));
    if (wish->has_raw)
        miniorm_query_where(query, MINIORM_WHERE(miniorm_raw("id % 3 <> $1", &one, 1)));
}

static void add_page(struct miniorm_query *query, const struct wish *wish)
{
    miniorm_query_order_by(query, note_topic, wish->order);
    if (wish->has_raw)
        miniorm_query_order_by_raw(query, "-id");
    else
        miniorm_query_order_by(query, note_id, MINIORM_ASC);
    if (wish->has_limit)
        miniorm_query_limit(query, wish->limit);
    miniorm_query_offset(query, wish->offset);
}

/* The condition that rows of one key fulfil; a NULL among its values fulfils none. */
static void add_key(struct miniorm_query *query, const struct wish *wish, size_t key)
{
    size_t i;

    for (i = 0; i < wish->n_columns; i++) {
        const struct miniorm_value value = wish->keys[key * wish->n_columns + i];

        if (value.is_null)
            miniorm_query_where(query, MINIORM_WHERE(miniorm_in(0, NULL, 0)));
        else
            miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(wish->columns[i], value)));
    }
}

/* Compares the rows of the answer from *row on with what asking for this key alone says. */
static void expect_key(const struct both *both, const struct wish *wish, size_t key,
                       struct miniorm_result *result, size_t *row)
{
    struct miniorm_query *page = miniorm_query_select(&note_model);
    struct miniorm_query *count = miniorm_query_count(&note_model);
    struct miniorm_result *expected;
    int64_t total;
    size_t i;

    add_filters(count, wish);
    add_key(count, wish, key);
    expected = run(both, count);
    total = cell(expected, 0, 0);
    miniorm_result_free(expected);
    add_filters(page, wish);
    add_key(page, wish, key);
    add_page(page, wish);
    expected = run(both, page);
    for (i = 0; i < miniorm_result_rows(expected); i++, ++*row) {
        assert_true(*row < miniorm_result_rows(result));
        assert_int_equal(cell(result, *row, 0), key);
        assert_int_equal(cell(result, *row, 1), total);
        assert_int_equal(cell(result, *row, 2 + note_id), cell(expected, i, note_id));
        assert_int_equal(cell(result, *row, 2 + note_number), cell(expected, i, note_number));
    }
    if (i == 0 && total > 0) {
        struct miniorm_value value;

        assert_true(*row < miniorm_result_rows(result));
        assert_int_equal(cell(result, *row, 0), key);
        assert_int_equal(cell(result, *row, 1), total);
        for (i = 0; i < note__count; i++) {
            assert_int_equal(miniorm_result_value(result, *row, 2 + i, &value, NULL), MINIORM_OK);
            assert_true(value.is_null);
        }
        ++*row;
    }
    miniorm_result_free(expected);
}

static void answer_is_that_of_asking_for_each_key(void **state)
{
    const struct both *both = *state;
    unsigned round;

    insert_notes(both);
    for (round = 0; round < N_ROUNDS; round++) {
        struct miniorm_query *query = miniorm_query_select(&note_model);
        struct miniorm_result *result;
        struct wish wish;
        size_t row = 0;
        size_t key;

        make_wish(&wish);
        miniorm_query_per_key(query, wish.columns, wish.n_columns, wish.keys, wish.n_keys);
        add_filters(query, &wish);
        add_page(query, &wish);
        result = run(both, query);
        for (key = 0; key < wish.n_keys; key++)
            expect_key(both, &wish, key, result, &row);
        assert_int_equal(row, miniorm_result_rows(result));
        miniorm_result_free(result);
    }
}

static void answer_names_its_columns(void **state)
{
    const struct both *both = *state;
    const unsigned column = note_owner;
    const struct miniorm_value key = miniorm_value_integer(1);
    struct miniorm_query *query = miniorm_query_select(&note_model);
    struct miniorm_result *result;

    insert_notes(both);
    miniorm_query_columns(query, MINIORM_COLUMN(note_number) | MINIORM_COLUMN(note_topic));
    miniorm_query_per_key(query, &column, 1, &key, 1);
    result = run(both, query);
    assert_int_equal(miniorm_result_columns(result), 4);
    assert_string_equal(miniorm_result_column_name(result, 0), "key");
    assert_string_equal(miniorm_result_column_name(result, 1), "total");
    assert_string_equal(miniorm_result_column_name(result, 2), "topic");
    assert_string_equal(miniorm_result_column_name(result, 3), "number");
    assert_true(miniorm_result_rows(result) > 0);
    miniorm_result_free(result);
}

static void thousands_of_keys_are_one_statement(void **state)
{
    const struct both *both = *state;
    const size_t count = 20000;
    const unsigned column = note_id;
    struct miniorm_value *keys = calloc(count, sizeof(*keys));
    struct miniorm_query *query = miniorm_query_select(&note_model);
    struct miniorm_result *result;
    size_t i;

    assert_non_null(keys);
    insert_notes(both);
    for (i = 0; i < count; i++)
        keys[i] = miniorm_value_integer((int64_t)((i * 31) % (2 * N_NOTES)));
    miniorm_query_per_key(query, &column, 1, keys, count);
    result = run(both, query);
    assert_in_range(miniorm_result_rows(result), count / 2 - 200, count / 2 + 200);
    for (i = 1; i < miniorm_result_rows(result); i++)
        assert_true(cell(result, i - 1, 0) < cell(result, i, 0));
    miniorm_result_free(result);
    free(keys);
}

static bool only_odd_is_on;

static const struct miniorm_condition *only_odd(const struct miniorm_manager *manager)
{
    static const struct miniorm_condition condition = {.op = MINIORM_OP_RAW, .sql = "id % 2 = 1"};

    (void)manager;
    return only_odd_is_on ? &condition : NULL;
}

static void condition_of_the_manager_holds_per_key_too(void **state)
{
    static const struct miniorm_manager manager = {.size = sizeof(manager),
                                                   .default_where = only_odd};
    const struct both *both = *state;
    const unsigned column = note_id;
    const struct miniorm_value keys[2] = {miniorm_value_integer(2), miniorm_value_integer(3)};
    struct miniorm_model model = note_model;
    struct miniorm_query *query;
    struct miniorm_result *result;

    insert_notes(both);
    model.manager = &manager;
    only_odd_is_on = true;
    query = miniorm_query_per_key(miniorm_query_select(&model), &column, 1, keys, 2);
    result = run(both, query);
    only_odd_is_on = false;
    assert_int_equal(miniorm_result_rows(result), 1);
    assert_int_equal(cell(result, 0, 0), 1);
    miniorm_result_free(result);
}

int main(void)
{
    static const struct miniorm_model *const models[] = {&note_model};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_that_of_asking_for_each_key),
        cmocka_unit_test(answer_names_its_columns),
        cmocka_unit_test(thousands_of_keys_are_one_statement),
        cmocka_unit_test(condition_of_the_manager_holds_per_key_too),
    };

    return both_run_tests("per_key", tests, models);
}
