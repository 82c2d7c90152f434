/* PostgreSQL's binary forms: parameters, cells, and what is refused, without a server. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "postgres/codec.h"

/* Encodes one value and gives its bytes. */
static enum miniorm_status encode(enum miniorm_type type, const struct miniorm_value *values,
                                  size_t n_values, bool is_array,
                                  struct miniorm__pg_scratch *scratch,
                                  struct miniorm__pg_parameters *out)
{
    const struct miniorm__parameter parameter = {
        .type = type, .is_array = is_array, .values = values, .n_values = n_values};
    const struct miniorm__statement statement = {.parameters = &parameter, .n_parameters = 1};

    return miniorm__pg_encode(&statement, scratch, out, NULL);
}

static void assert_bytes(const struct miniorm_value *value, Oid oid, const char *bytes, size_t size)
{
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;

    assert_int_equal(encode(value->type, value, 1, false, &scratch, &out), MINIORM_OK);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.types[0], oid);
    assert_int_equal(out.lengths[0], size);
    assert_memory_equal(out.values[0], bytes, size);
    assert_int_equal(out.formats[0], oid == 0 ? 0 : 1);
    miniorm__pg_scratch_free(&scratch);
}

static struct miniorm_value typed(enum miniorm_type type, struct miniorm_value value)
{
    value.type = type;
    return value;
}

static struct miniorm_value number(enum miniorm_type type, int64_t value)
{
    return typed(type, miniorm_value_integer(value));
}

static struct miniorm_value text(enum miniorm_type type, const char *value)
{
    return typed(type, miniorm_value_string(value));
}

static void values_have_their_binary_form(void **state)
{
    struct miniorm_value value;
    struct miniorm_bytes bytes = {(const unsigned char *)"a\0b", 3};

    (void)state;
    value = miniorm_value_boolean(true);
    assert_bytes(&value, 16, "\1", 1);
    value = number(MINIORM_T_int2, -2);
    assert_bytes(&value, 21, "\xff\xfe", 2);
    value = number(MINIORM_T_int4, 0x01020304);
    assert_bytes(&value, 23, "\1\2\3\4", 4);
    value = number(MINIORM_T_int8, INT64_MIN);
    assert_bytes(&value, 20, "\x80\0\0\0\0\0\0\0", 8);
    value = number(MINIORM_T_date, INT32_MAX);
    assert_bytes(&value, 1082, "\x7f\xff\xff\xff", 4);
    value = number(MINIORM_T_timestamptz, 1);
    assert_bytes(&value, 1184, "\0\0\0\0\0\0\0\1", 8);
    value = typed(MINIORM_T_float4, miniorm_value_real(1.5));
    assert_bytes(&value, 700, "\x3f\xc0\0\0", 4);
    value = miniorm_value_real(-2.0);
    assert_bytes(&value, 701, "\xc0\0\0\0\0\0\0\0", 8);
    value = miniorm_value_bytes(bytes);
    assert_bytes(&value, 17, "a\0b", 3);
    value = text(MINIORM_T_varchar, "");
    assert_bytes(&value, 1043, "", 0);
    value = text(MINIORM_T_json, "[1]");
    assert_bytes(&value, 114, "[1]", 3);
    value = text(MINIORM_T_jsonb, "[1]");
    assert_bytes(&value, 3802, "\1[1]", 4);
}

/* Its type is left to the server, and libpq reads it up to the NUL. */
static void text_goes_in_text_form(void **state)
{
    struct miniorm_value value = miniorm_value_text(miniorm_text_from("abcdef", 3));

    (void)state;
    assert_bytes(&value, 0, "abc", 4 - 1);
}

static void null_has_no_value_but_a_type(void **state)
{
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;
    struct miniorm_value value = miniorm_value_null();

    (void)state;
    assert_int_equal(encode(MINIORM_T_int4, &value, 1, false, &scratch, &out), MINIORM_OK);
    assert_null(out.values[0]);
    assert_int_equal(out.types[0], 23);
    miniorm__pg_scratch_free(&scratch);
}

static void arrays_have_their_binary_form(void **state)
{
    static const char expected[] = "\0\0\0\1\0\0\0\1\0\0\0\x15\0\0\0\3\0\0\0\1"
                                   "\0\0\0\2\0\5\xff\xff\xff\xff\0\0\0\2\0\6";
    struct miniorm_value values[3] = {number(MINIORM_T_int2, 5), miniorm_value_null(),
                                      number(MINIORM_T_int2, 6)};
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;

    (void)state;
    assert_int_equal(encode(MINIORM_T_int2, values, 3, true, &scratch, &out), MINIORM_OK);
    assert_int_equal(out.types[0], 1005);
    assert_int_equal(out.lengths[0], sizeof(expected) - 1);
    assert_memory_equal(out.values[0], expected, sizeof(expected) - 1);
    assert_int_equal(encode(MINIORM_T_text, values, 0, true, &scratch, &out), MINIORM_OK);
    assert_int_equal(out.types[0], 1009);
    assert_int_equal(out.lengths[0], 12);
    assert_memory_equal(out.values[0], "\0\0\0\0\0\0\0\0\0\0\0\x19", 12);
    miniorm__pg_scratch_free(&scratch);
}

static void values_that_do_not_fit_are_refused(void **state)
{
    struct miniorm_value values[] = {
        number(MINIORM_T_int2, 32768),
        number(MINIORM_T_int4, INT64_C(-2147483649)),
        number(MINIORM_T_date, INT64_C(2147483648)),
        typed(MINIORM_T_text, miniorm_value_text(miniorm_text_from("a\0b", 3))),
        typed(MINIORM_T_varchar, miniorm_value_text(miniorm_text_from("a\0b", 3))),
        typed(MINIORM_T_jsonb, miniorm_value_text(miniorm_text_from("\0", 1))),
        text(MINIORM_T_numeric, "abc"),
        text(MINIORM_T_numeric, ""),
        text(MINIORM_T_numeric, "1e999999999"),
        text(MINIORM_T_numeric, "1e-20000"),
    };
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_int_equal(encode(values[i].type, &values[i], 1, false, &scratch, &out),
                         MINIORM_EVALUE);
    miniorm__pg_scratch_free(&scratch);
}

static void parameters_have_a_limit(void **state)
{
    static struct miniorm__parameter parameters[65536];
    const struct miniorm_value value = number(MINIORM_T_int4, 1);
    struct miniorm__statement statement = {.parameters = parameters, .n_parameters = 65535};
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;
    size_t i;

    (void)state;
    for (i = 0; i < 65536; i++)
        parameters[i] =
            (struct miniorm__parameter){.type = MINIORM_T_int4, .values = &value, .n_values = 1};
    assert_int_equal(miniorm__pg_encode(&statement, &scratch, &out, NULL), MINIORM_OK);
    miniorm__pg_scratch_trim(&scratch);
    assert_null(scratch.data);
    statement.n_parameters = 65536;
    assert_int_equal(miniorm__pg_encode(&statement, &scratch, &out, NULL), MINIORM_ELIMIT);
    miniorm__pg_scratch_free(&scratch);
}

static const struct {
    const char *text;
    const char *canonical;
} numerics[] = {
    {"0", "0"},
    {"-0", "0"},
    {"0.00", "0.00"},
    {"1", "1"},
    {"+12.50", "12.50"},
    {"-12345.6789", "-12345.6789"},
    {"10000", "10000"},
    {"100000000", "100000000"},
    {"99999999.99999999", "99999999.99999999"},
    {"0.0001", "0.0001"},
    {"0.00001", "0.00001"},
    {".5", "0.5"},
    {"5.", "5"},
    {"007", "7"},
    {"1e3", "1000"},
    {"1.5e-3", "0.0015"},
    {"-1E+2", "-100"},
    {"12e-1", "1.2"},
    {"0e5", "0"},
    {"1.000e2", "100.0"},
    {"NaN", "NaN"},
    {"nan", "NaN"},
    {"inf", "Infinity"},
    {"-Infinity", "-Infinity"},
    {"123456789012345678901234567890.123456789012345678901234567890",
     "123456789012345678901234567890.123456789012345678901234567890"},
};

static void numerics_pass_both_ways_without_loss(void **state)
{
    struct arena arena = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(numerics) / sizeof(numerics[0]); i++) {
        const size_t size = strlen(numerics[i].text);
        unsigned char *bytes = malloc(miniorm__pg_numeric_bound(size));
        struct miniorm_text out;
        size_t written;

        assert_int_equal(miniorm__pg_numeric_encode(numerics[i].text, size, bytes, &written, NULL),
                         MINIORM_OK);
        assert_true(written <= miniorm__pg_numeric_bound(size));
        assert_int_equal(miniorm__pg_numeric_decode(bytes, written, &arena, &out, NULL),
                         MINIORM_OK);
        assert_string_equal(out.data, numerics[i].canonical);
        assert_int_equal(out.size, strlen(numerics[i].canonical));
        free(bytes);
    }
    arena_free(&arena);
}

static void random_numerics_pass_both_ways(void **state)
{
    struct arena arena = {0};
    unsigned seed = 1;
    int round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        char digits[80];
        unsigned char bytes[200], again[200];
        size_t size = 0, written, rewritten;
        struct miniorm_text out;
        int whole, fraction, i;

        seed = seed * 1103515245u + 12345u;
        whole = (int)(seed >> 16) % 20 + 1;
        fraction = (int)(seed >> 24) % 20;
        if (seed & 1)
            digits[size++] = '-';
        for (i = 0; i < whole + fraction; i++) {
            seed = seed * 1103515245u + 12345u;
            if (i == whole)
                digits[size++] = '.';
            digits[size++] = (char)((seed >> 20) % 3 ? '0' + (seed >> 16) % 10 : '0');
        }
        assert_int_equal(miniorm__pg_numeric_encode(digits, size, bytes, &written, NULL),
                         MINIORM_OK);
        assert_int_equal(miniorm__pg_numeric_decode(bytes, written, &arena, &out, NULL),
                         MINIORM_OK);
        assert_int_equal(miniorm__pg_numeric_encode(out.data, out.size, again, &rewritten, NULL),
                         MINIORM_OK);
        assert_int_equal(rewritten, written);
        assert_memory_equal(again, bytes, written);
        assert_int_equal(fraction, out.size - (size_t)(strcspn(out.data, ".") + (fraction != 0)));
        arena_free(&arena);
    }
}

static enum miniorm_status decode(Oid oid, const char *bytes, size_t size,
                                  struct miniorm_value *out)
{
    struct arena arena = {0};
    /* Of exactly this size and a NUL, so that a sanitizer sees what is read beyond. */
    char *copy = malloc(size + 1);
    enum miniorm_status status;

    memcpy(copy, bytes, size);
    copy[size] = '\0';
    status = miniorm__pg_decode(oid, copy, size, &arena, out, NULL);
    arena_free(&arena);
    free(copy);
    return status;
}

static void cells_become_values_of_their_types(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_int_equal(decode(16, "\1", 1, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_boolean && value.as.boolean && !value.is_null);
    assert_int_equal(decode(21, "\xff\xfe", 2, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_int2 && value.as.integer == -2);
    assert_int_equal(decode(26, "\xff\xff\xff\xff", 4, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_int8 && value.as.integer == INT64_C(4294967295));
    assert_int_equal(decode(1083, "\0\0\0\0\0\0\0\1", 8, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_time && value.as.integer == 1);
    assert_int_equal(decode(701, "\x7f\xf8\0\0\0\0\0\0", 8, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_float8 && isnan(value.as.real));
    assert_int_equal(decode(2950, "0123456789abcdef", 16, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_uuid);
    assert_memory_equal(value.as.uuid.bytes, "0123456789abcdef", 16);
    assert_int_equal(decode(18, "x", 1, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_text && value.as.text.size == 1);
    assert_int_equal(decode(3802, "\1{}", 3, &value), MINIORM_OK);
    assert_true(value.type == MINIORM_T_jsonb && value.as.text.size == 2);
}

static void malformed_cells_are_errors_of_the_protocol(void **state)
{
    static const Oid oids[] = {16,   20,   21,   23,   26,   28,   700, 701,
                               1082, 1083, 1114, 1184, 1700, 2950, 3802};
    static const char zeros[40];
    struct miniorm_value value;
    size_t i, size;

    (void)state;
    for (i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        unsigned right = 0;

        for (size = 0; size < sizeof(zeros); size++) {
            const enum miniorm_status status = decode(oids[i], zeros, size, &value);

            assert_true(status == MINIORM_OK || status == MINIORM_EPROTOCOL);
            right += status == MINIORM_OK;
        }
        assert_in_range(right, 0, 1);
    }
    assert_int_equal(decode(3802, "\2{}", 3, &value), MINIORM_EPROTOCOL);
    /* Digits that are none, a count that lies, a sign that does not exist. */
    assert_int_equal(decode(1700, "\0\1\0\0\0\0\0\0\x27\x10", 10, &value), MINIORM_EPROTOCOL);
    assert_int_equal(decode(1700, "\0\2\0\0\0\0\0\0\0\1", 10, &value), MINIORM_EPROTOCOL);
    assert_int_equal(decode(1700, "\0\0\0\0\x12\x34\0\0", 8, &value), MINIORM_EPROTOCOL);
}

static void unknown_types_are_named_with_advice(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;
    struct arena arena = {0};

    (void)state;
    assert_int_equal(miniorm__pg_decode(869, "x", 1, &arena, &value, &error), MINIORM_EUNSUPPORTED);
    assert_non_null(strstr(error.message, "869"));
    assert_non_null(strstr(error.message, "cast it to text"));
}

static void encode_something(void *context)
{
    struct miniorm_value value = text(MINIORM_T_text, "abc");
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;
    const enum miniorm_status status = encode(MINIORM_T_text, &value, 1, false, &scratch, &out);

    (void)context;
    assert_true(status == MINIORM_OK || status == MINIORM_ENOMEM);
    miniorm__pg_scratch_free(&scratch);
}

static void encoding_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_int_equal(oom_for_every_allocation(encode_something, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_their_binary_form),
        cmocka_unit_test(text_goes_in_text_form),
        cmocka_unit_test(null_has_no_value_but_a_type),
        cmocka_unit_test(arrays_have_their_binary_form),
        cmocka_unit_test(values_that_do_not_fit_are_refused),
        cmocka_unit_test(parameters_have_a_limit),
        cmocka_unit_test(numerics_pass_both_ways_without_loss),
        cmocka_unit_test(random_numerics_pass_both_ways),
        cmocka_unit_test(cells_become_values_of_their_types),
        cmocka_unit_test(malformed_cells_are_errors_of_the_protocol),
        cmocka_unit_test(unknown_types_are_named_with_advice),
        cmocka_unit_test(encoding_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("postgres_codec", tests, NULL, NULL);
}
