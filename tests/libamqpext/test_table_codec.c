/* Tables on the wire: what is written is read again, and what is beyond the limits is not built. */
#include "test.h"

#include "protocol/table_codec.h"
#include "protocol/wire.h"
#include "table.h"
#include "tables/random_table.h"
#include "text.h"

/* Bytes of a table, put together field by field. */
struct wire_table {
    struct text fields;
    struct text whole; /* with its length in front */
};

static struct bytes whole_of(struct wire_table *wire)
{
    char length[4];

    wire->whole.size = 0;
    wire_put_32(length, (uint32_t)wire->fields.size);
    text_bytes(&wire->whole, length, sizeof(length));
    text_bytes(&wire->whole, wire->fields.data, wire->fields.size);
    assert_false(wire->whole.failed);
    return (struct bytes){wire->whole.data, wire->whole.size};
}

static void clear(struct wire_table *wire)
{
    text_free(&wire->fields);
    text_free(&wire->whole);
}

/* Adds a field with a name of one letter; `value` begins with its kind. */
static void add(struct wire_table *wire, char name, const char *value, size_t size)
{
    text_char(&wire->fields, 1);
    text_char(&wire->fields, name);
    text_bytes(&wire->fields, value, size);
}

#define ADD(wire, name, value) add(wire, name, value, sizeof(value) - 1)

/* From memory of exactly that size, so that a read beyond its end is seen. */
static enum table_result read_table(struct bytes encoded, struct arena *arena,
                                    const struct amqpext_table **out)
{
    char *copy = malloc(encoded.size + 1);
    enum table_result result;

    assert_non_null(copy);
    memcpy(copy, encoded.data, encoded.size);
    result = amqpext__table_read((struct bytes){copy, encoded.size}, arena, out);
    memset(copy, 0xee, encoded.size);
    free(copy);
    return result;
}

static enum table_result read_wire(struct wire_table *wire)
{
    const struct amqpext_table *table = NULL;
    struct arena arena = {0};
    const enum table_result result = read_table(whole_of(wire), &arena, &table);

    assert_int_equal(table != NULL, result == TABLE_READ);
    arena_free(&arena);
    return result;
}

static void random_tables_are_read_as_they_were_written(void **state)
{
    uint64_t seed = 7;
    unsigned i;

    (void)state;
    for (i = 0; i < 500; i++) {
        struct amqpext_table *table = random_table(&seed, 1 + i % 8);
        const size_t size = amqpext__table_size(table);
        const struct amqpext_table *again = NULL;
        struct arena arena = {0};
        char *bytes = malloc(size);

        assert_non_null(bytes);
        assert_ptr_equal(amqpext__table_write(bytes, table), bytes + size);
        assert_int_equal(read_table((struct bytes){bytes, size}, &arena, &again), TABLE_READ);
        assert_true(tables_equal(table, again));
        assert_int_equal(again->n_values, table->n_values);
        arena_free(&arena);
        free(bytes);
        amqpext_table_free(table);
    }
}

static void random_table_that_is_cut_is_unreadable(void **state)
{
    uint64_t seed = 9;
    unsigned i;

    (void)state;
    for (i = 0; i < 30; i++) {
        struct amqpext_table *table = random_table(&seed, 5);
        const size_t size = amqpext__table_size(table);
        const struct amqpext_table *again = NULL;
        struct arena arena = {0};
        char *bytes = malloc(size);
        size_t cut;

        assert_non_null(bytes);
        amqpext__table_write(bytes, table);
        for (cut = 0; cut < size; cut++) {
            assert_int_equal(read_table((struct bytes){bytes, cut}, &arena, &again),
                             TABLE_UNREADABLE);
            /* The same with a length that fits. */
            if (cut >= 4 && cut - 4 < size - 4) {
                wire_put_32(bytes, (uint32_t)(cut - 4));
                (void)read_table((struct bytes){bytes, cut}, &arena, &again);
                wire_put_32(bytes, (uint32_t)(size - 4));
            }
        }
        arena_free(&arena);
        free(bytes);
        amqpext_table_free(table);
    }
}

static void no_table_is_written_as_an_empty_one(void **state)
{
    char bytes[4] = "xxxx";

    (void)state;
    assert_int_equal(amqpext__table_size(NULL), 4);
    assert_ptr_equal(amqpext__table_write(bytes, NULL), bytes + 4);
    assert_memory_equal(bytes, "\0\0\0\0", 4);
}

static void every_kind_of_the_wire_is_read(void **state)
{
    struct wire_table wire = {{0}, {0}};
    const struct amqpext_table *table = NULL;
    struct arena arena = {0};

    (void)state;
    ADD(&wire, 'b', "b\xff");
    ADD(&wire, 'B', "B\xff");
    ADD(&wire, 's', "s\x80\x00");
    ADD(&wire, 'u', "u\x80\x00");
    ADD(&wire, 'I', "I\x80\x00\x00\x00");
    ADD(&wire, 'i', "i\x80\x00\x00\x00");
    ADD(&wire, 'l', "l\x80\x00\x00\x00\x00\x00\x00\x00");
    ADD(&wire, 'L', "L\x7f\xff\xff\xff\xff\xff\xff\xff");
    ADD(&wire, 'T', "T\x00\x00\x00\x00\x65\x53\xf1\x00");
    ADD(&wire, 'f', "f\x3f\xc0\x00\x00");
    ADD(&wire, 'd', "d\xbf\xf8\x00\x00\x00\x00\x00\x00");
    ADD(&wire, 'D', "D\x02\x00\x00\x30\x39");
    ADD(&wire, 't', "t\x02");
    ADD(&wire, 'S', "S\x00\x00\x00\x02ok");
    ADD(&wire, 'x', "x\x00\x00\x00\x01\x00");
    ADD(&wire, 'V', "V");
    ADD(&wire, 'A', "A\x00\x00\x00\x03t\x01V");
    ADD(&wire, 'F', "F\x00\x00\x00\x04\x01nt\x00");
    assert_int_equal(read_table(whole_of(&wire), &arena, &table), TABLE_READ);
    assert_int_equal(amqpext_table_count(table), 18);
    assert_int_equal(amqpext_table_integer(table, "b", 0), -1);
    assert_int_equal(amqpext_table_integer(table, "B", 0), 255);
    assert_int_equal(amqpext_table_integer(table, "s", 0), INT16_MIN);
    assert_int_equal(amqpext_table_integer(table, "u", 0), 32768);
    assert_true(amqpext_table_integer(table, "I", 0) == INT32_MIN);
    assert_true(amqpext_table_integer(table, "i", 0) == INT64_C(2147483648));
    assert_true(amqpext_table_integer(table, "l", 0) == INT64_MIN);
    assert_true(amqpext_table_integer(table, "L", 0) == INT64_MAX);
    assert_int_equal(amqpext_table_get(table, "T")->kind, AMQPEXT_KIND_TIMESTAMP);
    assert_int_equal(amqpext_table_integer(table, "T", 0), 1700000000);
    assert_true(amqpext_table_get(table, "f")->as.real == 1.5);
    assert_true(amqpext_table_get(table, "d")->as.real == -1.5);
    assert_int_equal(amqpext_table_get(table, "D")->as.decimal.decimals, 2);
    assert_int_equal(amqpext_table_get(table, "D")->as.decimal.digits, 12345);
    assert_true(amqpext_table_get(table, "t")->as.boolean);
    assert_string_equal(amqpext_table_text(table, "S"), "ok");
    assert_int_equal(amqpext_table_get(table, "x")->kind, AMQPEXT_KIND_BYTES);
    assert_int_equal(amqpext_table_get(table, "V")->kind, AMQPEXT_KIND_NONE);
    assert_int_equal(amqpext_table_get(table, "A")->as.array.count, 2);
    assert_int_equal(amqpext_table_get(table, "A")->as.array.items[1].kind, AMQPEXT_KIND_NONE);
    assert_false(amqpext_table_get(amqpext_table_get(table, "F")->as.table, "n")->as.boolean);
    assert_int_equal(table->n_values, 21);
    arena_free(&arena);
    clear(&wire);
}

static void letters_that_are_no_kind_are_unreadable(void **state)
{
    static const char kinds[] = "VtbBsuIifDldLTSxAF";
    int letter;

    (void)state;
    for (letter = 0; letter < 256; letter++) {
        struct wire_table wire = {{0}, {0}};
        char value[9] = {(char)letter};
        const bool is_kind = letter != 0 && strchr(kinds, letter) != NULL;

        /* A void behind makes up for what short kinds leave. */
        add(&wire, 'n', value, sizeof(value));
        if (!is_kind)
            assert_int_equal(read_wire(&wire), TABLE_UNREADABLE);
        clear(&wire);
    }
}

static void numbers_that_have_no_place_are_unreadable(void **state)
{
    static const struct {
        const char *value;
        size_t size;
    } cases[] = {
        {"L\x80\x00\x00\x00\x00\x00\x00\x00", 9},
        {"T\x80\x00\x00\x00\x00\x00\x00\x00", 9},
        {"f\x7f\x80\x00\x00", 5},
        {"f\xff\xc0\x00\x00", 5},
        {"d\x7f\xf0\x00\x00\x00\x00\x00\x00", 9},
        {"d\xff\xf8\x00\x00\x00\x00\x00\x00", 9},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire_table wire = {{0}, {0}};

        add(&wire, 'n', cases[i].value, cases[i].size);
        assert_int_equal(read_wire(&wire), TABLE_UNREADABLE);
        clear(&wire);
    }
}

static void lengths_that_reach_beyond_are_unreadable(void **state)
{
    static const struct {
        const char *value;
        size_t size;
    } cases[] = {
        {"S\x00\x00\x00\x03ok", 7}, {"S\xff\xff\xff\xffok", 7},         {"x\xff\xff\xff\xfb", 5},
        {"A\x00\x00\x00\x02V", 6},  {"F\x00\x00\x00\x05\x01nt\x00", 9}, {"F\x00\x00\x00\x00", 4},
        {"A\xff\xff\xff\xff", 5},   {"F\xff\xff\xff\xfc", 5},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire_table wire = {{0}, {0}};

        add(&wire, 'n', cases[i].value, cases[i].size);
        assert_int_equal(read_wire(&wire), TABLE_UNREADABLE);
        clear(&wire);
    }
}

/* What rabbitmq-c's decoder lets pass: a value that begins inside of a table and ends outside. */
static void value_that_leaves_its_table_is_unreadable(void **state)
{
    struct wire_table wire = {{0}, {0}};

    (void)state;
    ADD(&wire, 'o', "F\x00\x00\x00\x03\x01nt");
    ADD(&wire, 'n', "V");
    assert_int_equal(read_wire(&wire), TABLE_UNREADABLE);
    clear(&wire);
}

static void bytes_behind_a_table_make_it_unreadable(void **state)
{
    const struct amqpext_table *table = NULL;
    struct arena arena = {0};

    (void)state;
    assert_int_equal(read_table((struct bytes){"\0\0\0\0", 4}, &arena, &table), TABLE_READ);
    assert_int_equal(read_table((struct bytes){"\0\0\0\0V", 5}, &arena, &table), TABLE_UNREADABLE);
    arena_free(&arena);
}

/* Nests `levels` tables or arrays, the outermost table counted, around nothing. */
static void nest(struct wire_table *wire, unsigned levels, bool arrays)
{
    const size_t level_size = arrays ? 5 : 7;
    unsigned i;

    for (i = 1; i < levels; i++) {
        char head[7] = {1, 'n', arrays ? 'A' : 'F'};
        const bool has_name = i == 1 || !arrays;

        wire_put_32(head + 3, (uint32_t)((levels - 1 - i) * level_size));
        text_bytes(&wire->fields, head + (has_name ? 0 : 2), has_name ? 7 : 5);
    }
}

static void nesting_beyond_the_limit_is_unreadable(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct wire_table at = {{0}, {0}};
        struct wire_table beyond = {{0}, {0}};
        struct wire_table far_beyond = {{0}, {0}};

        nest(&at, AMQPEXT_TABLE_DEPTH_MAX, i == 1);
        nest(&beyond, AMQPEXT_TABLE_DEPTH_MAX + 1, i == 1);
        nest(&far_beyond, 500000, i == 1);
        assert_int_equal(read_wire(&at), TABLE_READ);
        assert_int_equal(read_wire(&beyond), TABLE_UNREADABLE);
        assert_int_equal(read_wire(&far_beyond), TABLE_UNREADABLE);
        clear(&at);
        clear(&beyond);
        clear(&far_beyond);
    }
}

static void values_beyond_the_limit_are_unreadable(void **state)
{
    struct wire_table fields = {{0}, {0}};
    struct wire_table items = {{0}, {0}};
    char length[4];
    unsigned i;

    (void)state;
    for (i = 0; i < AMQPEXT_TABLE_VALUES_MAX; i++)
        ADD(&fields, 'n', "V");
    assert_int_equal(read_wire(&fields), TABLE_READ);
    ADD(&fields, 'n', "V");
    assert_int_equal(read_wire(&fields), TABLE_UNREADABLE);
    ADD(&items, 'n', "A");
    wire_put_32(length, AMQPEXT_TABLE_VALUES_MAX);
    text_bytes(&items.fields, length, sizeof(length));
    for (i = 0; i < AMQPEXT_TABLE_VALUES_MAX; i++)
        text_char(&items.fields, 'V');
    assert_int_equal(read_wire(&items), TABLE_UNREADABLE);
    clear(&fields);
    clear(&items);
}

static void strange_names_survive_a_copy(void **state)
{
    static const char fields[] = "\x00V\x03o\x00oV\x01nt\x00\x01nt\x01";
    const struct bytes encoded = {"\x00\x00\x00\x0f\x00V\x03o\x00oV\x01nt\x00\x01nt\x01",
                                  4 + sizeof(fields) - 1};
    const struct amqpext_table *table = NULL;
    struct amqpext_table *merged = NULL;
    struct arena arena = {0};
    char again[32];

    (void)state;
    assert_int_equal(read_table(encoded, &arena, &table), TABLE_READ);
    assert_int_equal(amqpext_table_count(table), 4);
    assert_int_equal(amqpext_table_get(table, "")->kind, AMQPEXT_KIND_NONE);
    assert_false(amqpext_table_get(table, "n")->as.boolean);
    assert_int_equal(amqpext__table_size(table), encoded.size);
    amqpext__table_write(again, table);
    assert_memory_equal(again, encoded.data, encoded.size);
    assert_int_equal(amqpext_table_new(&merged, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext__table_merge(merged, table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_count(merged), 3);
    assert_int_equal(merged->n_values, 3);
    assert_int_equal(merged->fields[1].name_size, 3);
    assert_true(amqpext_table_get(merged, "n")->as.boolean);
    amqpext_table_free(merged);
    arena_free(&arena);
}

static void read_sample(void *context)
{
    const struct bytes *encoded = context;
    const struct amqpext_table *table = NULL;
    struct arena arena = {0};
    const enum table_result result = amqpext__table_read(*encoded, &arena, &table);

    assert_true(result == TABLE_READ || result == TABLE_NO_MEMORY);
    assert_int_equal(table != NULL, result == TABLE_READ);
    arena_free(&arena);
}

static void reading_survives_without_memory(void **state)
{
    struct wire_table wire = {{0}, {0}};
    struct bytes encoded;
    unsigned i;

    (void)state;
    for (i = 0; i < 50; i++) {
        ADD(&wire, 'A', "A\x00\x00\x00\x07S\x00\x00\x00\x02xy");
        ADD(&wire, 'F', "F\x00\x00\x00\x03\x01nV");
    }
    encoded = whole_of(&wire);
    assert_in_range(oom_for_every_allocation(read_sample, &encoded), 3, 30);
    clear(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_tables_are_read_as_they_were_written),
        cmocka_unit_test(random_table_that_is_cut_is_unreadable),
        cmocka_unit_test(no_table_is_written_as_an_empty_one),
        cmocka_unit_test(every_kind_of_the_wire_is_read),
        cmocka_unit_test(letters_that_are_no_kind_are_unreadable),
        cmocka_unit_test(numbers_that_have_no_place_are_unreadable),
        cmocka_unit_test(lengths_that_reach_beyond_are_unreadable),
        cmocka_unit_test(value_that_leaves_its_table_is_unreadable),
        cmocka_unit_test(bytes_behind_a_table_make_it_unreadable),
        cmocka_unit_test(nesting_beyond_the_limit_is_unreadable),
        cmocka_unit_test(values_beyond_the_limit_are_unreadable),
        cmocka_unit_test(strange_names_survive_a_copy),
        cmocka_unit_test(reading_survives_without_memory),
    };

    return cmocka_run_group_tests_name("table_codec", tests, NULL, NULL);
}
