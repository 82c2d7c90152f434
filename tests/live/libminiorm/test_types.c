/*
 * Types on both databases: what is written comes back the same, and the database sees what was meant.
 */
#include "both.h"

#include <math.h>
#include <stdio.h>

#include "every_type.h"
#include "random.h"
#include "value.h"

#define PRICE_COLUMNS(X, T)                                              \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)               \
    X(T, numeric, amount, MINIORM_NULLABLE, .precision = 12, .scale = 2) \
    X(T, numeric, share, MINIORM_NULLABLE, .precision = 3, .scale = 3)   \
    X(T, numeric, pieces, MINIORM_NULLABLE, .precision = 5)

MINIORM_DECLARE(price, PRICE_COLUMNS);
MINIORM_DEFINE(price, PRICE_COLUMNS, "prices");

static const struct miniorm_model *const models[] = {&every_model, &price_model};

static int empty_table(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(every_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    assert_ok(price_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    return 0;
}

/* Texts of each type in the form in which both write them. */
static const struct {
    unsigned column;
    const char *text;
} samples[] = {
    {every_a_boolean, "true"},
    {every_a_boolean, "false"},
    {every_a_int2, "0"},
    {every_a_int2, "-32768"},
    {every_a_int2, "32767"},
    {every_a_int4, "-2147483648"},
    {every_a_int4, "2147483647"},
    {every_a_int8, "-9223372036854775808"},
    {every_a_int8, "9223372036854775807"},
    {every_a_float4, "0.1"},
    {every_a_float4, "3.4028235e+38"},
    {every_a_float4, "1e-45"},
    {every_a_float4, "-0"},
    {every_a_float4, "Infinity"},
    {every_a_float4, "NaN"},
    {every_a_float8, "0.1"},
    {every_a_float8, "1.7976931348623157e+308"},
    {every_a_float8, "5e-324"},
    {every_a_float8, "-Infinity"},
    {every_a_float8, "NaN"},
    {every_a_float8, "123456789012345"},
    {every_a_float8, "1.234567890123457e+20"},
    {every_a_numeric, "0"},
    {every_a_numeric, "-0.00"},
    {every_a_numeric, "12.3400"},
    {every_a_numeric, "-99999999999999999999999999999999.00000000000000000000000001"},
    {every_a_numeric, "10000"},
    {every_a_numeric, "0.0001"},
    {every_a_numeric, "100000000000000000000000000000000000000000000000000"},
    {every_a_numeric, "NaN"},
    {every_a_numeric, "Infinity"},
    {every_a_numeric, "-Infinity"},
    {every_a_text, ""},
    {every_a_text, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8e\x89 'quoted' \"too\" \\ $1 ?"},
    {every_a_varchar, "one hundred at most"},
    {every_a_uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {every_a_uuid, "00000000-0000-0000-0000-000000000000"},
    {every_a_json, "{ \"a\" : [1, 2.50, null] }"},
    {every_a_jsonb, "{\"a\": [1, 2.50, null]}"},
    {every_a_date, "2000-01-01"},
    {every_a_date, "1999-12-31"},
    {every_a_date, "0044-03-15 BC"},
    {every_a_date, "5874897-12-31"},
    {every_a_date, "4714-11-24 BC"},
    {every_a_date, "infinity"},
    {every_a_date, "-infinity"},
    {every_a_time, "00:00:00"},
    {every_a_time, "23:59:59.999999"},
    {every_a_time, "24:00:00"},
    {every_a_timestamp, "1970-01-01 00:00:00"},
    {every_a_timestamp, "2024-02-29 12:34:56.7"},
    {every_a_timestamp, "294276-12-31 23:59:59.999999"},
    {every_a_timestamp, "4714-11-24 00:00:00 BC"},
    {every_a_timestamp, "infinity"},
    {every_a_timestamptz, "2024-02-29 12:34:56.000001+00"},
    {every_a_timestamptz, "0001-12-31 23:59:59+00 BC"},
    {every_a_timestamptz, "-infinity"},
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static const char *column_name(size_t sample)
{
    return every_model.columns[samples[sample].column].name;
}

static enum miniorm_type column_type(size_t sample)
{
    return every_model.columns[samples[sample].column].type;
}

static bool is_point_in_time(enum miniorm_type type)
{
    return type == MINIORM_T_date || type == MINIORM_T_timestamp || type == MINIORM_T_timestamptz;
}

/* SQLite has no NaN, and its text of dates has the years 1 to 9999. */
static bool is_stored(const struct both *both, size_t sample)
{
    const enum miniorm_type type = column_type(sample);
    const char *text = samples[sample].text;

    if (both->dialect == MINIORM_POSTGRESQL)
        return true;
    if (type == MINIORM_T_float4 || type == MINIORM_T_float8)
        return strcmp(text, "NaN") != 0;
    return !is_point_in_time(type) || strstr(text, "infinity") != NULL ||
           (text[4] == '-' && strstr(text, "BC") == NULL);
}

static void what_sqlite_cannot_store_is_refused(void **state)
{
    struct both *both = *state;
    size_t i;

    for (i = 0; i < N_SAMPLES; i++) {
        const struct miniorm_value value = miniorm_value_string(samples[i].text);
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct every every = {0};

        if (is_stored(both, i))
            continue;
        assert_ok(miniorm_row_set_value(&every_model, &every, samples[i].column, &value, &error),
                  &error);
        assert_int_equal(every_insert(both->session, &every, NULL), MINIORM_EVALUE);
    }
}

/* A value's text, whatever its kind. */
static void write_text(const struct miniorm_value *value, char *out, size_t size)
{
    char text[MINIORM_FORMAT_SIZE];

    assert_false(value->is_null);
    if (miniorm__type_is_text(value->type)) {
        snprintf(out, size, "%.*s", (int)value->as.text.size, value->as.text.data);
        return;
    }
    miniorm_value_format(value, text);
    snprintf(out, size, "%s", text);
}

static void expect_same_text(size_t sample, const char *what, const char *text)
{
    const char *expected = samples[sample].text;

    /* A zero has no sign in numeric, nor in SQLite, which keeps whole numbers as integers. */
    if (strcmp(expected, "-0.00") == 0 || (strcmp(expected, "-0") == 0 && strcmp(text, "0") == 0))
        expected++;
    if (strcmp(text, expected) != 0)
        fail_msg("%s %s: %s instead of %s", column_name(sample), what, text, expected);
}

static struct every insert_sample(const struct both *both, size_t sample)
{
    const struct miniorm_value value = miniorm_value_string(samples[sample].text);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct every every = {0};

    assert_ok(miniorm_row_set_value(&every_model, &every, samples[sample].column, &value, &error),
              &error);
    assert_ok(every_insert(both->session, &every, &error), &error);
    return every;
}

static void every_value_comes_back(void **state)
{
    struct both *both = *state;
    size_t i;

    for (i = 0; i < N_SAMPLES; i++) {
        struct miniorm_value value;
        struct every every;
        char text[200];

        if (!is_stored(both, i))
            continue;
        every = insert_sample(both, i);
        value = miniorm_row_value(&every_model, &every, samples[i].column);
        assert_int_equal(value.type, column_type(i));
        write_text(&value, text, sizeof(text));
        expect_same_text(i, "came back as", text);
        every_clear(&every);
    }
}

static void every_value_is_found_by_itself(void **state)
{
    struct both *both = *state;
    size_t i;

    for (i = 0; i < N_SAMPLES; i++) {
        const struct miniorm_value value = miniorm_value_string(samples[i].text);
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct every every;
        uint64_t count = 0;

        /* json has no equality, nor has jsonb in SQLite. */
        if (column_type(i) == MINIORM_T_json || column_type(i) == MINIORM_T_jsonb ||
            !is_stored(both, i))
            continue;
        empty_table(state);
        every = insert_sample(both, i);
        assert_ok(every_count(both->session, MINIORM_WHERE(miniorm_eq(samples[i].column, value)),
                              &count, &error),
                  &error);
        if (count != 1)
            fail_msg("%s: %s is not found", column_name(i), samples[i].text);
        every_clear(&every);
    }
}

/* What PostgreSQL itself writes for the value it was given. */
static void server_sees_the_same_text(void **state)
{
    struct both *both = *state;
    size_t i;

    if (both->dialect != MINIORM_POSTGRESQL)
        return;
    both_execute(both, "SET timezone TO 'UTC'");
    for (i = 0; i < N_SAMPLES; i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct every every = insert_sample(both, i);
        struct miniorm_value value = miniorm_value_integer(every.id);
        struct miniorm_result *result;
        char sql[200], text[200];

        snprintf(sql, sizeof(sql), "SELECT %s::text FROM everything WHERE id = $1", column_name(i));
        assert_ok(
            miniorm_run_take(both->session, miniorm_query_raw(sql, &value, 1), &result, &error),
            &error);
        assert_ok(miniorm_result_value(result, 0, 0, &value, &error), &error);
        write_text(&value, text, sizeof(text));
        expect_same_text(i, "is on the server", text);
        miniorm_result_free(result);
        every_clear(&every);
    }
}

/* PostgreSQL reads the text, and the library its binary form. */
static void value_of_the_server_s_making_is_read(void **state)
{
    struct both *both = *state;
    size_t i;

    if (both->dialect != MINIORM_POSTGRESQL)
        return;
    for (i = 0; i < N_SAMPLES; i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct miniorm_value value = miniorm_value_string(samples[i].text);
        struct miniorm_result *result;
        char sql[200], text[200];

        snprintf(sql, sizeof(sql), "SELECT CAST($1::text AS %s)",
                 miniorm_type_name(column_type(i)));
        assert_ok(
            miniorm_run_take(both->session, miniorm_query_raw(sql, &value, 1), &result, &error),
            &error);
        assert_ok(miniorm_result_value(result, 0, 0, &value, &error), &error);
        assert_int_equal(value.type, column_type(i));
        write_text(&value, text, sizeof(text));
        expect_same_text(i, "was read as", text);
        miniorm_result_free(result);
    }
}

static void bytes_come_back(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    unsigned char bytes[256];
    struct every every = {0};
    uint64_t count;
    unsigned i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    miniorm_set(every, &every, a_bytea, ((struct miniorm_bytes){bytes, sizeof(bytes)}));
    assert_ok(every_insert(both->session, &every, &error), &error);
    assert_int_equal(every.a_bytea.size, sizeof(bytes));
    assert_memory_equal(every.a_bytea.data, bytes, sizeof(bytes));
    assert_ok(every_count(both->session, MINIORM_WHERE(miniorm_eq(every_a_bytea, every.a_bytea)),
                          &count, &error),
              &error);
    assert_int_equal(count, 1);
    every_clear(&every);
    miniorm_set(every, &every, a_bytea, ((struct miniorm_bytes){NULL, 0}));
    assert_ok(every_insert(both->session, &every, &error), &error);
    assert_false(miniorm_is_null(every, &every, a_bytea));
    assert_int_equal(every.a_bytea.size, 0);
    every_clear(&every);
}

static void null_of_every_type_comes_back(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct every every = {0};
    unsigned i;

    for (i = 1; i < every__count; i++) {
        const struct miniorm_value null = miniorm_value_null();

        assert_ok(miniorm_row_set_value(&every_model, &every, i, &null, &error), &error);
    }
    assert_ok(every_insert(both->session, &every, &error), &error);
    for (i = 1; i < every__count; i++)
        assert_true(miniorm_row_value(&every_model, &every, i).is_null);
    every_clear(&every);
}

static void long_text_and_bytes_come_back(void **state)
{
    enum { SIZE = 3000000 };
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char *bytes = malloc(SIZE);
    struct every every = {0};

    memset(bytes, 'x', SIZE);
    miniorm_set(every, &every, a_text, miniorm_text_from(bytes, SIZE));
    miniorm_set(every, &every, a_bytea,
                ((struct miniorm_bytes){(const unsigned char *)bytes, SIZE}));
    assert_ok(every_insert(both->session, &every, &error), &error);
    assert_int_equal(every.a_text.size, SIZE);
    assert_int_equal(every.a_bytea.size, SIZE);
    assert_memory_equal(every.a_text.data, bytes, SIZE);
    every_clear(&every);
    free(bytes);
}

static void integers_and_floats_are_numeric_too(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result;
    struct miniorm_query *query = miniorm_query_insert(&every_model);

    query = miniorm_query_set(query, every_a_numeric, miniorm_value_integer(10));
    query =
        miniorm_query_set(miniorm_query_next_row(query), every_a_numeric, miniorm_value_real(9.5));
    assert_ok(miniorm_run_take(both->session, query, NULL, &error), &error);
    query = miniorm_query_select(&every_model);
    query = miniorm_query_where(
        query, MINIORM_WHERE(miniorm_gt(every_a_numeric, 9.25), miniorm_le(every_a_numeric, 10)));
    query = miniorm_query_order_by(query, every_a_numeric, MINIORM_ASC);
    assert_ok(miniorm_run_take(both->session, query, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 2);
    assert_memory_equal(every_at(result, 0)->a_numeric.data, "9.5", 3);
    assert_memory_equal(every_at(result, 1)->a_numeric.data, "10", 2);
    miniorm_result_free(result);
}

/* The order in the database is the order of the values, also for numbers kept as text. */
static void numbers_are_ordered_by_value(void **state)
{
    static const char *const ascending[] = {"-Infinity", "-100",     "-99.5", "-1", "0",
                                            "0.001",     "2",        "10",    "99", "100",
                                            "1e3",       "Infinity", "NaN"};
    const size_t n = sizeof(ascending) / sizeof(ascending[0]);
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = miniorm_query_insert(&every_model);
    struct miniorm_result *result;
    size_t i;

    for (i = 0; i < n; i++) {
        const size_t shuffled = i * 5 % n;

        if (i != 0)
            query = miniorm_query_next_row(query);
        query = miniorm_query_set(query, every_a_int4, miniorm_value_integer((int64_t)shuffled));
        query =
            miniorm_query_set(query, every_a_numeric, miniorm_value_string(ascending[shuffled]));
    }
    assert_ok(miniorm_run_take(both->session, query, NULL, &error), &error);
    query =
        miniorm_query_order_by(miniorm_query_select(&every_model), every_a_numeric, MINIORM_ASC);
    assert_ok(miniorm_run_take(both->session, query, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), n);
    for (i = 0; i < n; i++)
        assert_int_equal(every_at(result, i)->a_int4, i);
    miniorm_result_free(result);
}

static enum miniorm_status insert_price(const struct both *both, unsigned column, const char *text,
                                        char *out, size_t size, struct miniorm_error *error)
{
    const struct miniorm_value value = miniorm_value_string(text);
    struct price price = {0};
    struct miniorm_value stored;
    enum miniorm_status status;

    assert_ok(miniorm_row_set_value(&price_model, &price, column, &value, error), error);
    status = price_insert(both->session, &price, error);
    if (status == MINIORM_OK) {
        stored = miniorm_row_value(&price_model, &price, column);
        write_text(&stored, out, size);
    }
    price_clear(&price);
    return status;
}

/* Whether this is what PostgreSQL itself makes of the text. */
static void expect_cast(const struct both *both, unsigned column, const char *text,
                        const char *expected)
{
    const struct miniorm_column *described = &price_model.columns[column];
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value = miniorm_value_string(text);
    struct miniorm_result *result;
    enum miniorm_status status;
    char sql[100], cast[200];

    if (both->dialect != MINIORM_POSTGRESQL)
        return;
    snprintf(sql, sizeof(sql), "SELECT $1::text::numeric(%d,%d)::text", described->precision,
             described->scale);
    status = miniorm_run_take(both->session, miniorm_query_raw(sql, &value, 1), &result, &error);
    if (status != (expected == NULL ? MINIORM_EVALUE : MINIORM_OK))
        fail_msg("%s as %s: the server says %s", text, described->name,
                 miniorm_status_name(status));
    if (expected == NULL) {
        assert_string_equal(error.sqlstate, "22003");
        return;
    }
    assert_ok(miniorm_result_value(result, 0, 0, &value, &error), &error);
    write_text(&value, cast, sizeof(cast));
    if (strcmp(cast, expected) != 0)
        fail_msg("%s as %s: %s, but the server makes it %s", text, described->name, expected, cast);
    miniorm_result_free(result);
}

static void numbers_are_rounded_to_their_column_or_refused(void **state)
{
    static const struct {
        unsigned column;
        const char *text;
        const char *expected;
    } cases[] = {
        {price_amount, "1.005", "1.01"},
        {price_amount, "-1.005", "-1.01"},
        {price_amount, "-0.004", "0.00"},
        {price_amount, "1.5e3", "1500.00"},
        {price_amount, "9999999999.994", "9999999999.99"},
        {price_amount, "9999999999.995", NULL},
        {price_amount, "1e20", NULL},
        {price_amount, "NaN", "NaN"},
        {price_amount, "Infinity", NULL},
        {price_amount, "-Infinity", NULL},
        {price_share, "0.9994", "0.999"},
        {price_share, "0.9995", NULL},
        {price_share, "1", NULL},
        {price_share, "-.0005", "-0.001"},
        {price_pieces, "99999.4", "99999"},
        {price_pieces, "99999.5", NULL},
        {price_pieces, "-0.5", "-1"},
    };
    struct both *both = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        char stored[200];
        const enum miniorm_status status =
            insert_price(both, cases[i].column, cases[i].text, stored, sizeof(stored), &error);

        expect_cast(both, cases[i].column, cases[i].text, cases[i].expected);
        if (cases[i].expected != NULL) {
            assert_ok(status, &error);
            assert_string_equal(stored, cases[i].expected);
            continue;
        }
        assert_int_equal(status, MINIORM_EVALUE);
        assert_string_equal(error.column, price_model.columns[cases[i].column].name);
        assert_string_equal(error.sqlstate, "");
    }
}

/* A number of few different digits, so that carries and ties are frequent. */
static void make_number(char out[40])
{
    static const char digits[] = "0459999";
    const unsigned whole = random_below(13);
    const unsigned fraction = random_below(6);
    size_t size = 0;
    unsigned i;

    if (random_below(3) == 0)
        out[size++] = '-';
    for (i = 0; i < whole; i++)
        out[size++] = digits[random_below(sizeof(digits) - 1)];
    if (fraction != 0)
        out[size++] = '.';
    for (i = 0; i < fraction; i++)
        out[size++] = digits[random_below(sizeof(digits) - 1)];
    if (whole + fraction == 0)
        out[size++] = '5';
    out[size] = '\0';
    if (random_below(3) == 0)
        snprintf(out + size, 40 - size, "e%d", (int)random_below(17) - 8);
}

static void random_numbers_are_rounded_as_postgresql_does(void **state)
{
    enum { ROUNDS = 1000 };
    struct both *both = *state;
    unsigned i;

    if (both->dialect != MINIORM_POSTGRESQL)
        return;
    for (i = 0; i < ROUNDS; i++) {
        const unsigned column = price_amount + random_below(3);
        struct miniorm_error error = MINIORM_ERROR_INIT;
        char text[40], stored[200];
        enum miniorm_status status;

        make_number(text);
        status = insert_price(both, column, text, stored, sizeof(stored), &error);
        if (status != MINIORM_OK)
            assert_string_equal(error.column, price_model.columns[column].name);
        expect_cast(both, column, text, status == MINIORM_OK ? stored : NULL);
    }
}

static void number_is_compared_as_it_is_given(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct price changes = {0};
    char stored[200];
    uint64_t count;

    assert_ok(insert_price(both, price_amount, "1.005", stored, sizeof(stored), &error), &error);
    assert_ok(price_count(both->session, MINIORM_WHERE(miniorm_eq(price_amount, "1.005")), &count,
                          &error),
              &error);
    assert_int_equal(count, 0);
    miniorm_set(price, &changes, amount, MINIORM_S("7.125"));
    assert_ok(price_update(both->session,
                           MINIORM_WHERE(miniorm_gt(price_amount, "1.0099"),
                                         miniorm_lt(price_amount, "Infinity")),
                           &changes, &count, &error),
              &error);
    assert_int_equal(count, 1);
    assert_ok(
        price_count(both->session, MINIORM_WHERE(miniorm_eq(price_amount, "7.13")), &count, &error),
        &error);
    assert_int_equal(count, 1);
}

static void value_that_does_not_fit_is_refused_before_it_is_sent(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = miniorm_query_insert(&every_model);

    query = miniorm_query_set(query, every_a_int2, miniorm_value_integer(40000));
    assert_int_equal(miniorm_run_take(both->session, query, NULL, &error), MINIORM_EVALUE);
    assert_string_equal(error.column, "a_int2");
    query = miniorm_query_set(miniorm_query_insert(&every_model), every_a_text,
                              miniorm_value_text(MINIORM_S("a\0b")));
    assert_int_equal(miniorm_run_take(both->session, query, NULL, NULL), MINIORM_EVALUE);
    query = miniorm_query_set(miniorm_query_insert(&every_model), every_a_text,
                              miniorm_value_text(MINIORM_S("\xff")));
    assert_int_equal(miniorm_run_take(both->session, query, NULL, NULL), MINIORM_EVALUE);
}

static void text_that_is_too_long_is_refused_by_the_database(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct every every = {0};
    char text[303];
    size_t i;

    /* Characters count, not bytes. */
    for (i = 0; i < 101; i++)
        memcpy(text + 3 * i, "\xe2\x82\xac", 3);
    miniorm_set(every, &every, a_varchar, miniorm_text_from(text, 300));
    assert_ok(every_insert(both->session, &every, &error), &error);
    every_clear(&every);
    miniorm_set(every, &every, a_varchar, miniorm_text_from(text, 303));
    assert_int_not_equal(every_insert(both->session, &every, &error), MINIORM_OK);
    assert_int_equal(error.status, MINIORM_EVALUE);
}

#define on_empty(test) cmocka_unit_test_setup(test, empty_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_empty(every_value_comes_back),
        on_empty(what_sqlite_cannot_store_is_refused),
        on_empty(every_value_is_found_by_itself),
        on_empty(server_sees_the_same_text),
        on_empty(value_of_the_server_s_making_is_read),
        on_empty(bytes_come_back),
        on_empty(null_of_every_type_comes_back),
        on_empty(long_text_and_bytes_come_back),
        on_empty(integers_and_floats_are_numeric_too),
        on_empty(numbers_are_ordered_by_value),
        on_empty(numbers_are_rounded_to_their_column_or_refused),
        on_empty(random_numbers_are_rounded_as_postgresql_does),
        on_empty(number_is_compared_as_it_is_given),
        on_empty(value_that_does_not_fit_is_refused_before_it_is_sent),
        on_empty(text_that_is_too_long_is_refused_by_the_database),
    };

    return both_run_tests("types", tests, models);
}
