/*
 * Tests of queries on both databases: random conditions against an evaluation in memory, and every
 * form of insert, update and delete.
 */
#include "both.h"

#include <stdio.h>

#include "random.h"

#define ITEM_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, int8, size, MINIORM_NULLABLE)                     \
    X(T, text, name, MINIORM_NULLABLE)                     \
    X(T, numeric, price, MINIORM_NULLABLE)                 \
    X(T, boolean, is_new, MINIORM_NULLABLE)                \
    X(T, float8, weight, MINIORM_NULLABLE)                 \
    X(T, timestamptz, made_at, MINIORM_NULLABLE)           \
    X(T, date, day, MINIORM_NULLABLE)                      \
    X(T, uuid, token, MINIORM_NULLABLE)                    \
    X(T, bytea, data, MINIORM_NULLABLE)                    \
    X(T, varchar, kind, 0, .max_len = 8, .sql_default = "'plain'")

MINIORM_DECLARE(item, ITEM_COLUMNS);
MINIORM_DEFINE(item, ITEM_COLUMNS, "items");

#define N_ITEMS 60
#define N_CONDITIONS 400
/* Columns that conditions are about: all but the key and `kind`. */
#define FIRST_COLUMN item_size
#define LAST_COLUMN item_data
#define MAX_NODES 64

static struct miniorm_value items[N_ITEMS][item__count];

/* Few different values of each type, so that comparisons hit. */
static struct miniorm_value random_value(unsigned column)
{
    static const char *const names[] = {"", "a", "A", "ab", "aB%", "a_b", "\\", "abc", "\303\244"};
    static const char *const prices[] = {"1", "1.0", "1.50", "1.5", "-2", "10", "0.5", "2"};
    static const unsigned char bytes[3] = {0, 255, 7};
    struct miniorm_value value = {.type = item_model.columns[column].type};
    const unsigned n = random_below(6);

    if (random_below(6) == 0) {
        value.is_null = true;
        return value;
    }
    switch (value.type) {
    case MINIORM_T_text:
        value.as.text.data = names[random_below(9)];
        value.as.text.size = strlen(value.as.text.data);
        break;
    case MINIORM_T_numeric:
        value.as.text.data = prices[random_below(8)];
        value.as.text.size = strlen(value.as.text.data);
        break;
    case MINIORM_T_boolean: value.as.boolean = n % 2 == 0; break;
    case MINIORM_T_float8: value.as.real = n / 3.0; break;
    case MINIORM_T_uuid: memset(value.as.uuid.bytes, (int)(n * 50), 16); break;
    case MINIORM_T_bytea:
        value.as.bytes.data = bytes;
        value.as.bytes.size = n % 4;
        break;
    case MINIORM_T_timestamptz: value.as.integer = (int64_t)n * 1234567 - 3000000; break;
    default: value.as.integer = (int64_t)n - 2; break;
    }
    return value;
}

static double number_of(struct miniorm_text text)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%.*s", (int)text.size, text.data);
    return strtod(digits, NULL);
}

static int sign_of(double difference)
{
    return difference < 0 ? -1 : difference > 0;
}

static int compare_bytes(const void *left, size_t left_size, const void *right, size_t right_size)
{
    const size_t size = left_size < right_size ? left_size : right_size;
    const int order = size == 0 ? 0 : memcmp(left, right, size);

    return order != 0 ? order : (left_size > right_size) - (left_size < right_size);
}

static int compare(const struct miniorm_value *left, const struct miniorm_value *right)
{
    switch (left->type) {
    case MINIORM_T_text:
        return compare_bytes(left->as.text.data, left->as.text.size, right->as.text.data,
                             right->as.text.size);
    case MINIORM_T_bytea:
        return compare_bytes(left->as.bytes.data, left->as.bytes.size, right->as.bytes.data,
                             right->as.bytes.size);
    case MINIORM_T_numeric: return sign_of(number_of(left->as.text) - number_of(right->as.text));
    case MINIORM_T_boolean: return (int)left->as.boolean - (int)right->as.boolean;
    case MINIORM_T_float8: return sign_of(left->as.real - right->as.real);
    case MINIORM_T_uuid: return memcmp(left->as.uuid.bytes, right->as.uuid.bytes, 16);
    default: return (left->as.integer > right->as.integer) - (left->as.integer < right->as.integer);
    }
}

static char folded(char c, bool ignores_case)
{
    return ignores_case && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static bool matches(const char *pattern, const char *text, bool ignores_case)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '%')
        return matches(pattern + 1, text, ignores_case) ||
               (*text != '\0' && matches(pattern, text + 1, ignores_case));
    if (*text == '\0')
        return false;
    if (*pattern == '_') {
        do
            text++;
        while (is_continuation(*text));
        return matches(pattern + 1, text, ignores_case);
    }
    if (*pattern == '\\')
        pattern++;
    return folded(*pattern, ignores_case) == folded(*text, ignores_case) &&
           matches(pattern + 1, text + 1, ignores_case);
}

enum truth { NO, UNKNOWN, YES };

static enum truth truth_of(bool holds)
{
    return holds ? YES : NO;
}

static enum truth negation(enum truth truth)
{
    return (enum truth)(YES - truth);
}

static enum truth compared(enum miniorm_operator op, const struct miniorm_value *left,
                           const struct miniorm_value *right)
{
    int order;

    if (left->is_null || right->is_null)
        return UNKNOWN;
    order = compare(left, right);
    switch (op) {
    case MINIORM_OP_EQ: return truth_of(order == 0);
    case MINIORM_OP_NE: return truth_of(order != 0);
    case MINIORM_OP_LT: return truth_of(order < 0);
    case MINIORM_OP_LE: return truth_of(order <= 0);
    case MINIORM_OP_GT: return truth_of(order > 0);
    default: return truth_of(order >= 0);
    }
}

static enum truth is_in(const struct miniorm_condition *condition,
                        const struct miniorm_value *value)
{
    enum truth truth = NO;
    size_t i;

    for (i = 0; i < condition->n_values; i++) {
        const enum truth item = compared(MINIORM_OP_EQ, value, &condition->values[i]);

        truth = item > truth ? item : truth;
    }
    return truth;
}

static enum truth is_like(const struct miniorm_condition *condition,
                          const struct miniorm_value *value)
{
    char text[32];

    if (value->is_null || condition->values[0].is_null)
        return UNKNOWN;
    snprintf(text, sizeof(text), "%.*s", (int)value->as.text.size, value->as.text.data);
    return truth_of(
        matches(condition->values[0].as.text.data, text, condition->op == MINIORM_OP_ILIKE));
}

static enum truth evaluate(const struct miniorm_condition *condition,
                           const struct miniorm_value *row);

static enum truth evaluate_group(const struct miniorm_condition *condition,
                                 const struct miniorm_value *row)
{
    const bool is_and = condition->op == MINIORM_OP_AND;
    enum truth truth = truth_of(is_and);
    size_t i;

    for (i = 0; i < condition->n_children; i++) {
        const enum truth child = evaluate(&condition->children[i], row);

        if (is_and ? child < truth : child > truth)
            truth = child;
    }
    return truth;
}

static enum truth evaluate_comparison(const struct miniorm_condition *condition,
                                      const struct miniorm_value *value)
{
    enum truth low, high;

    if (condition->op == MINIORM_OP_BETWEEN) {
        low = compared(MINIORM_OP_GE, value, &condition->values[0]);
        high = compared(MINIORM_OP_LE, value, &condition->values[1]);
        return low < high ? low : high;
    }
    if (condition->values[0].is_null &&
        (condition->op == MINIORM_OP_EQ || condition->op == MINIORM_OP_NE))
        return truth_of(value->is_null == (condition->op == MINIORM_OP_EQ));
    return compared(condition->op, value, &condition->values[0]);
}

static enum truth evaluate(const struct miniorm_condition *condition,
                           const struct miniorm_value *row)
{
    const struct miniorm_value *value = &row[condition->column];

    switch (condition->op) {
    case MINIORM_OP_AND:
    case MINIORM_OP_OR: return evaluate_group(condition, row);
    case MINIORM_OP_NOT: return negation(evaluate(&condition->children[0], row));
    case MINIORM_OP_IN: return is_in(condition, value);
    case MINIORM_OP_NOT_IN: return negation(is_in(condition, value));
    case MINIORM_OP_LIKE:
    case MINIORM_OP_ILIKE: return is_like(condition, value);
    case MINIORM_OP_IS_NULL: return truth_of(value->is_null);
    case MINIORM_OP_IS_NOT_NULL: return truth_of(!value->is_null);
    case MINIORM_OP_RAW: return compared(MINIORM_OP_GE, &row[item_size], &condition->values[0]);
    default: return evaluate_comparison(condition, value);
    }
}

/* Nodes and values of one random condition. */
struct pool {
    struct miniorm_condition nodes[MAX_NODES];
    struct miniorm_value values[MAX_NODES * 4];
    size_t n_nodes;
    size_t n_values;
};

static void make_pattern(struct pool *pool, struct miniorm_condition *condition)
{
    static const char *const patterns[] = {"%", "a%",    "A_",   "%b%", "a\\_b",
                                           "_", "aB\\%", "\\\\", "",    "%c"};

    condition->column = item_name;
    condition->n_values = 1;
    pool->values[pool->n_values] = random_below(8) == 0
                                       ? miniorm_value_null()
                                       : miniorm_value_string(patterns[random_below(10)]);
    pool->n_values++;
}

static void make_leaf(struct pool *pool, struct miniorm_condition *condition)
{
    size_t i;

    condition->op = (enum miniorm_operator)(MINIORM_OP_EQ + random_below(14));
    condition->column = FIRST_COLUMN + random_below(LAST_COLUMN - FIRST_COLUMN + 1);
    condition->values = &pool->values[pool->n_values];
    condition->n_values = 1;
    if (condition->op == MINIORM_OP_LIKE || condition->op == MINIORM_OP_ILIKE) {
        make_pattern(pool, condition);
        return;
    }
    if (condition->op == MINIORM_OP_RAW) {
        condition->sql = "size >= $1 /* '$2' */";
        condition->column = item_size;
    } else if (condition->op == MINIORM_OP_BETWEEN) {
        condition->n_values = 2;
    } else if (condition->op == MINIORM_OP_IN || condition->op == MINIORM_OP_NOT_IN) {
        condition->n_values = random_below(5);
    }
    for (i = 0; i < condition->n_values; i++)
        pool->values[pool->n_values++] = random_value(condition->column);
}

static void make_condition(struct pool *pool, struct miniorm_condition *condition, unsigned depth)
{
    size_t i;

    *condition = (struct miniorm_condition){0};
    if (depth == 0 || random_below(3) == 0 || pool->n_nodes + 3 > MAX_NODES) {
        make_leaf(pool, condition);
        return;
    }
    condition->op = (enum miniorm_operator)(MINIORM_OP_AND + random_below(3));
    condition->n_children = condition->op == MINIORM_OP_NOT ? 1 : random_below(4);
    condition->children = &pool->nodes[pool->n_nodes];
    pool->n_nodes += condition->n_children;
    for (i = 0; i < condition->n_children; i++)
        make_condition(pool, (struct miniorm_condition *)(uintptr_t)&condition->children[i],
                       depth - 1);
}

static void insert_items(const struct both *both)
{
    struct miniorm_query *query = miniorm_query_insert(&item_model);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    size_t i;
    unsigned column;

    both_execute(both, "DELETE FROM items");
    for (i = 0; i < N_ITEMS; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        items[i][item_id] = miniorm_value_integer((int64_t)i + 1);
        miniorm_query_set(query, item_id, items[i][item_id]);
        for (column = FIRST_COLUMN; column <= LAST_COLUMN; column++) {
            items[i][column] = random_value(column);
            miniorm_query_set(query, column, items[i][column]);
        }
    }
    assert_ok(miniorm_run_take(both->session, query, NULL, &error), &error);
}

static int64_t cell(struct miniorm_result *result, size_t row, size_t column)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;

    assert_ok(miniorm_result_value(result, row, column, &value, &error), &error);
    assert_false(value.is_null);
    return value.as.integer;
}

static struct miniorm_result *run(const struct both *both, struct miniorm_query *query)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    assert_ok(miniorm_run_take(both->session, query, &result, &error), &error);
    return result;
}

static void expect_matches(const struct both *both, const struct miniorm_condition *condition,
                           unsigned number)
{
    struct miniorm_query *query = miniorm_query_select(&item_model);
    struct miniorm_result *result;
    size_t row = 0;
    size_t i;

    miniorm_query_columns(query, MINIORM_COLUMN(item_id));
    miniorm_query_where(query, condition);
    miniorm_query_order_by(query, item_id, MINIORM_ASC);
    result = run(both, query);
    for (i = 0; i < N_ITEMS; i++) {
        if (evaluate(condition, items[i]) != YES)
            continue;
        if (row >= miniorm_result_rows(result) ||
            cell(result, row, 0) != items[i][item_id].as.integer)
            fail_msg("condition %u: item %zu", number, i);
        row++;
    }
    assert_int_equal(row, miniorm_result_rows(result));
    miniorm_result_free(result);
    result = run(both, miniorm_query_where(miniorm_query_count(&item_model), condition));
    assert_int_equal(cell(result, 0, 0), row);
    miniorm_result_free(result);
}

static void random_conditions_match_what_they_say(void **state)
{
    const struct both *both = *state;
    static struct pool pool;
    unsigned i;

    insert_items(both);
    for (i = 0; i < N_CONDITIONS; i++) {
        struct miniorm_condition condition;

        pool.n_nodes = pool.n_values = 0;
        make_condition(&pool, &condition, 3);
        expect_matches(both, &condition, i);
    }
}

static struct miniorm_order_by orders[2];

static int compare_in_order(const struct miniorm_value *left, const struct miniorm_value *right,
                            enum miniorm_order order)
{
    const bool descends = order == MINIORM_DESC || order == MINIORM_DESC_NULLS_LAST;
    const bool nulls_first = order == MINIORM_DESC || order == MINIORM_ASC_NULLS_FIRST;
    int result;

    if (left->is_null || right->is_null) {
        result = (int)left->is_null - (int)right->is_null;
        return nulls_first ? -result : result;
    }
    result = compare(left, right);
    return descends ? -result : result;
}

static int compare_items(const void *left, const void *right)
{
    const struct miniorm_value *a = left;
    const struct miniorm_value *b = right;
    size_t i;

    for (i = 0; i < 2; i++) {
        const int order =
            compare_in_order(&a[orders[i].column], &b[orders[i].column], orders[i].order);

        if (order != 0)
            return order;
    }
    return (int)(a[item_id].as.integer - b[item_id].as.integer);
}

static void random_orders_and_pages_are_the_same_everywhere(void **state)
{
    const struct both *both = *state;
    unsigned i, k;

    insert_items(both);
    for (i = 0; i < 100; i++) {
        const uint64_t limit = random_below(20);
        const uint64_t offset = random_below(70);
        struct miniorm_query *query = miniorm_query_select(&item_model);
        struct miniorm_result *result;
        size_t row;

        for (k = 0; k < 2; k++) {
            orders[k].column = FIRST_COLUMN + random_below(LAST_COLUMN - FIRST_COLUMN + 1);
            orders[k].order = (enum miniorm_order)random_below(4);
            miniorm_query_order_by(query, orders[k].column, orders[k].order);
        }
        miniorm_query_order_by(query, item_id, MINIORM_ASC);
        miniorm_query_limit(query, limit);
        miniorm_query_offset(query, offset);
        qsort(items, N_ITEMS, sizeof(items[0]), compare_items);
        result = run(both, query);
        for (row = 0; row < miniorm_result_rows(result); row++)
            assert_int_equal(cell(result, row, item_id), items[offset + row][item_id].as.integer);
        assert_int_equal(row, offset >= N_ITEMS          ? 0
                              : limit < N_ITEMS - offset ? limit
                                                         : N_ITEMS - offset);
        miniorm_result_free(result);
    }
}

static void long_lists_are_one_parameter(void **state)
{
    const struct both *both = *state;
    const size_t count = 100000;
    struct miniorm_value *values = calloc(count, sizeof(*values));
    struct miniorm_result *result;
    size_t i;

    assert_non_null(values);
    insert_items(both);
    for (i = 0; i < count; i++)
        values[i] = miniorm_value_integer((int64_t)(i * 2));
    result = run(both, miniorm_query_where(miniorm_query_count(&item_model),
                                           MINIORM_WHERE(miniorm_in(item_id, values, count))));
    assert_int_equal(cell(result, 0, 0), N_ITEMS / 2);
    miniorm_result_free(result);
    free(values);
}

static void bulk_insert_returns_rows_in_the_order_given(void **state)
{
    const struct both *both = *state;
    const size_t count = 2000;
    struct miniorm_query *query = miniorm_query_insert(&item_model);
    struct miniorm_result *result;
    int64_t last = 0;
    size_t i;

    both_execute(both, "DELETE FROM items");
    for (i = 0; i < count; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        miniorm_query_set(query, item_size, miniorm_value_integer((int64_t)(i * 7919 % count)));
        miniorm_query_set(query, item_name, miniorm_value_string("bulk"));
    }
    miniorm_query_returning(query, MINIORM_COLUMN(item_id) | MINIORM_COLUMN(item_size));
    result = run(both, query);
    assert_int_equal(miniorm_result_rows(result), count);
    assert_int_equal(miniorm_result_affected(result), count);
    for (i = 0; i < count; i++) {
        assert_true(cell(result, i, 0) > last);
        last = cell(result, i, 0);
        assert_int_equal(cell(result, i, 1), i * 7919 % count);
    }
    miniorm_result_free(result);
}

static void expect_text(struct miniorm_result *result, size_t row, size_t column,
                        const char *expected)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;

    assert_ok(miniorm_result_value(result, row, column, &value, &error), &error);
    assert_int_equal(value.is_null, expected == NULL);
    if (expected != NULL) {
        assert_int_equal(value.as.text.size, strlen(expected));
        assert_memory_equal(value.as.text.data, expected, value.as.text.size);
    }
}

static void bulk_insert_of_different_rows_takes_defaults(void **state)
{
    const struct both *both = *state;
    struct miniorm_query *query = miniorm_query_insert(&item_model);
    struct miniorm_result *result;

    both_execute(both, "DELETE FROM items");
    miniorm_query_set(query, item_name, miniorm_value_string("one"));
    miniorm_query_next_row(query);
    miniorm_query_set(query, item_kind, miniorm_value_string("odd"));
    miniorm_query_next_row(query);
    miniorm_query_next_row(query);
    miniorm_query_set(query, item_name, miniorm_value_null());
    miniorm_query_set(query, item_kind, miniorm_value_string("null"));
    miniorm_query_returning(query, MINIORM_COLUMN(item_name) | MINIORM_COLUMN(item_kind));
    result = run(both, query);
    assert_int_equal(miniorm_result_rows(result), 4);
    expect_text(result, 0, 0, "one");
    expect_text(result, 0, 1, "plain");
    expect_text(result, 1, 0, NULL);
    expect_text(result, 1, 1, "odd");
    expect_text(result, 2, 0, NULL);
    expect_text(result, 2, 1, "plain");
    expect_text(result, 3, 0, NULL);
    expect_text(result, 3, 1, "null");
    miniorm_result_free(result);
    result = run(both, miniorm_query_returning(miniorm_query_insert(&item_model), 0));
    expect_text(result, 0, item_kind, "plain");
    miniorm_result_free(result);
}

static void bulk_insert_is_all_or_nothing(void **state)
{
    const struct both *both = *state;
    struct miniorm_query *query = miniorm_query_insert(&item_model);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result;
    size_t i;

    both_execute(both, "DELETE FROM items");
    for (i = 0; i < 50; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        miniorm_query_set(query, item_id, miniorm_value_integer(i == 49 ? 1 : (int64_t)i + 1));
    }
    assert_int_equal(miniorm_run_take(both->session, query, NULL, &error), MINIORM_EUNIQUE);
    assert_string_equal(error.table, "items");
    result = run(both, miniorm_query_count(&item_model));
    assert_int_equal(cell(result, 0, 0), 0);
    miniorm_result_free(result);
}

static void update_mixes_values_and_expressions(void **state)
{
    const struct both *both = *state;
    const struct miniorm_value values[2] = {miniorm_value_integer(100), miniorm_value_integer(-1)};
    struct miniorm_query *query = miniorm_query_update(&item_model);
    struct miniorm_result *result;

    insert_items(both);
    miniorm_query_set_raw(query, item_size, "$1 + id * $2", values, 2);
    miniorm_query_set(query, item_name, miniorm_value_string("it's \"new\""));
    miniorm_query_set(query, item_data, miniorm_value_null());
    miniorm_query_where(query, MINIORM_WHERE(miniorm_le(item_id, 2)));
    miniorm_query_returning(query, MINIORM_COLUMN(item_size) | MINIORM_COLUMN(item_name));
    result = run(both, query);
    assert_int_equal(miniorm_result_affected(result), 2);
    assert_int_equal(cell(result, 0, 0) + cell(result, 1, 0), 99 + 98);
    expect_text(result, 0, 1, "it's \"new\"");
    miniorm_result_free(result);
    result = run(both, miniorm_query_where(miniorm_query_count(&item_model),
                                           MINIORM_WHERE(miniorm_eq(item_name, "it's \"new\""),
                                                         miniorm_null(item_data))));
    assert_int_equal(cell(result, 0, 0), 2);
    miniorm_result_free(result);
}

static void delete_returns_what_it_deleted(void **state)
{
    const struct both *both = *state;
    struct miniorm_query *query = miniorm_query_delete(&item_model);
    struct miniorm_result *result;

    insert_items(both);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_between(item_id, 3, 4)));
    miniorm_query_returning(query, MINIORM_COLUMN(item_id));
    result = run(both, query);
    assert_int_equal(miniorm_result_rows(result), 2);
    assert_int_equal(cell(result, 0, 0) + cell(result, 1, 0), 7);
    miniorm_result_free(result);
    result = run(both, miniorm_query_where(miniorm_query_delete(&item_model), MINIORM_ALL));
    assert_int_equal(miniorm_result_affected(result), N_ITEMS - 2);
    miniorm_result_free(result);
}

static void raw_statement_takes_values_of_any_type(void **state)
{
    const struct both *both = *state;
    const struct miniorm_value values[3] = {miniorm_value_string("'; DROP TABLE items; --"),
                                            miniorm_value_integer(INT64_MIN), miniorm_value_null()};
    struct miniorm_result *result = run(
        both,
        miniorm_query_raw("SELECT $1 AS text, $2 AS number, $3 AS missing, $1 || 'x' AS more -- $4",
                          values, 3));

    assert_int_equal(miniorm_result_columns(result), 4);
    assert_string_equal(miniorm_result_column_name(result, 1), "number");
    expect_text(result, 0, 0, "'; DROP TABLE items; --");
    assert_true(cell(result, 0, 1) == INT64_MIN);
    expect_text(result, 0, 2, NULL);
    expect_text(result, 0, 3, "'; DROP TABLE items; --x");
    miniorm_result_free(result);
}

static void null_in_program_text_takes_the_type_of_its_place(void **state)
{
    const struct both *both = *state;
    const struct miniorm_value null = miniorm_value_null();
    struct miniorm_query *query = miniorm_query_update(&item_model);
    struct miniorm_result *result;

    insert_items(both);
    miniorm_query_set_raw(query, item_size, "coalesce($1, size)", &null, 1);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_raw("id = $1", &null, 1)));
    result = run(both, query);
    assert_int_equal(miniorm_result_affected(result), 0);
    miniorm_result_free(result);
}

static void for_update_locks_or_is_ignored(void **state)
{
    const struct both *both = *state;
    struct miniorm_result *result;

    insert_items(both);
    result =
        run(both, miniorm_query_for_update(miniorm_query_where(
                      miniorm_query_select(&item_model), MINIORM_WHERE(miniorm_eq(item_id, 1)))));
    assert_int_equal(miniorm_result_rows(result), 1);
    miniorm_result_free(result);
}

int main(void)
{
    static const struct miniorm_model *const models[] = {&item_model};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_conditions_match_what_they_say),
        cmocka_unit_test(random_orders_and_pages_are_the_same_everywhere),
        cmocka_unit_test(long_lists_are_one_parameter),
        cmocka_unit_test(bulk_insert_returns_rows_in_the_order_given),
        cmocka_unit_test(bulk_insert_of_different_rows_takes_defaults),
        cmocka_unit_test(bulk_insert_is_all_or_nothing),
        cmocka_unit_test(update_mixes_values_and_expressions),
        cmocka_unit_test(delete_returns_what_it_deleted),
        cmocka_unit_test(raw_statement_takes_values_of_any_type),
        cmocka_unit_test(null_in_program_text_takes_the_type_of_its_place),
        cmocka_unit_test(for_update_locks_or_is_ignored),
    };

    return both_run_tests("query", tests, models);
}
