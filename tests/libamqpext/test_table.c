/* Tables: fields in order, replaced and removed, with values of all kinds that are copied deep. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "table.h"
#include "tables/random_table.h"

static struct amqpext_table *new_table(void)
{
    struct amqpext_table *table = NULL;

    assert_int_equal(amqpext_table_new(&table, NULL), AMQPEXT_OK);
    return table;
}

static struct amqpext_value integer_of(int64_t integer)
{
    return (struct amqpext_value){AMQPEXT_KIND_INTEGER, .as.integer = integer};
}

static struct amqpext_value table_of(const struct amqpext_table *table)
{
    return (struct amqpext_value){AMQPEXT_KIND_TABLE, .as.table = table};
}

static void set(struct amqpext_table *table, const char *name, struct amqpext_value value)
{
    assert_int_equal(amqpext_table_set(table, name, &value, NULL), AMQPEXT_OK);
}

/* The status of setting it; the table must be as it was when it fails. */
static enum amqpext_status try_set(struct amqpext_table *table, const char *name,
                                   struct amqpext_value value)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const size_t count = amqpext_table_count(table);
    const size_t n_values = table->n_values;
    const enum amqpext_status status = amqpext_table_set(table, name, &value, &error);

    assert_int_equal(error.status, status);
    if (status != AMQPEXT_OK) {
        assert_int_equal(amqpext_table_count(table), count);
        assert_int_equal(table->n_values, n_values);
        assert_string_not_equal(error.message, "");
    }
    return status;
}

static void fields_keep_the_order_of_their_first_setting(void **state)
{
    static const char *const names[] = {"z", "a", "m"};
    struct amqpext_table *table = new_table();
    const char *name;
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++)
        set(table, names[i], integer_of((int64_t)i));
    set(table, "a", integer_of(7));
    assert_int_equal(amqpext_table_count(table), 3);
    for (i = 0; i < 3; i++) {
        const struct amqpext_value *value = amqpext_table_at(table, i, &name);

        assert_string_equal(name, names[i]);
        assert_int_equal(value->as.integer, i == 1 ? 7 : i);
    }
    assert_null(amqpext_table_at(table, 3, &name));
    amqpext_table_free(table);
}

static void removed_field_is_gone_and_the_others_stay(void **state)
{
    struct amqpext_table *table = new_table();
    const char *name;

    (void)state;
    set(table, "first", integer_of(1));
    assert_int_equal(amqpext_table_set_text(table, "second", "two", NULL), AMQPEXT_OK);
    set(table, "third", integer_of(3));
    amqpext_table_remove(table, "second");
    amqpext_table_remove(table, "nobody");
    assert_int_equal(amqpext_table_count(table), 2);
    assert_null(amqpext_table_get(table, "second"));
    assert_int_equal(amqpext_table_at(table, 1, &name)->as.integer, 3);
    assert_string_equal(name, "third");
    amqpext_table_remove(table, "third");
    amqpext_table_remove(table, "first");
    assert_int_equal(amqpext_table_count(table), 0);
    set(table, "second", integer_of(2));
    assert_int_equal(amqpext_table_integer(table, "second", 0), 2);
    amqpext_table_free(table);
}

static void values_are_read_by_kind(void **state)
{
    const struct amqpext_value seconds = {AMQPEXT_KIND_TIMESTAMP, .as.integer = 1700000000};
    const struct amqpext_value bytes = {AMQPEXT_KIND_BYTES, .as.text = {"\0\x01", 2}};
    struct amqpext_table *table = new_table();

    (void)state;
    assert_int_equal(amqpext_table_set_text(table, "text", "two", NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(table, "integer", -5, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_boolean(table, "boolean", true, NULL), AMQPEXT_OK);
    set(table, "seconds", seconds);
    set(table, "bytes", bytes);
    assert_string_equal(amqpext_table_text(table, "text"), "two");
    assert_memory_equal(amqpext_table_text(table, "bytes"), "\0\x01", 3);
    assert_null(amqpext_table_text(table, "integer"));
    assert_null(amqpext_table_text(table, "nobody"));
    assert_int_equal(amqpext_table_integer(table, "integer", 9), -5);
    assert_int_equal(amqpext_table_integer(table, "seconds", 9), 1700000000);
    assert_int_equal(amqpext_table_integer(table, "text", 9), 9);
    assert_int_equal(amqpext_table_integer(table, "boolean", 9), 9);
    assert_int_equal(amqpext_table_integer(table, "nobody", 9), 9);
    assert_true(amqpext_table_get(table, "boolean")->as.boolean);
    amqpext_table_free(table);
}

static void table_that_is_not_there_is_empty(void **state)
{
    const char *name;

    (void)state;
    assert_int_equal(amqpext_table_count(NULL), 0);
    assert_null(amqpext_table_get(NULL, "x"));
    assert_null(amqpext_table_text(NULL, "x"));
    assert_int_equal(amqpext_table_integer(NULL, "x", 3), 3);
    assert_null(amqpext_table_at(NULL, 0, &name));
    amqpext_table_free(NULL);
}

static void names_are_checked(void **state)
{
    struct amqpext_table *table = new_table();
    char name[AMQPEXT_TABLE_NAME_MAX + 2];

    (void)state;
    memset(name, 'n', sizeof(name));
    name[AMQPEXT_TABLE_NAME_MAX + 1] = '\0';
    assert_int_equal(try_set(table, name, integer_of(1)), AMQPEXT_EINVALID);
    name[AMQPEXT_TABLE_NAME_MAX] = '\0';
    assert_int_equal(try_set(table, name, integer_of(1)), AMQPEXT_OK);
    assert_int_equal(try_set(table, "", integer_of(1)), AMQPEXT_EINVALID);
    assert_int_equal(try_set(table, NULL, integer_of(1)), AMQPEXT_EINVALID);
    assert_int_equal(amqpext_table_integer(table, name, 0), 1);
    amqpext_table_free(table);
}

static void values_that_no_broker_can_read_are_refused(void **state)
{
    static const double reals[] = {NAN, INFINITY, -INFINITY};
    struct amqpext_table *table = new_table();
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++)
        assert_int_equal(
            try_set(table, "x", (struct amqpext_value){AMQPEXT_KIND_REAL, .as.real = reals[i]}),
            AMQPEXT_EINVALID);
    assert_int_equal(
        try_set(table, "x", (struct amqpext_value){AMQPEXT_KIND_TIMESTAMP, .as.integer = -1}),
        AMQPEXT_EINVALID);
    assert_int_equal(try_set(table, "x", (struct amqpext_value){(enum amqpext_kind)10, {0}}),
                     AMQPEXT_EINVALID);
    assert_int_equal(try_set(table, "x", table_of(NULL)), AMQPEXT_EINVALID);
    assert_int_equal(
        try_set(table, "x", (struct amqpext_value){AMQPEXT_KIND_TEXT, .as.text = {NULL, 1}}),
        AMQPEXT_EINVALID);
    assert_int_equal(
        try_set(table, "x", (struct amqpext_value){AMQPEXT_KIND_ARRAY, .as.array = {NULL, 1}}),
        AMQPEXT_EINVALID);
    assert_int_equal(amqpext_table_set_text(table, "x", NULL, NULL), AMQPEXT_EINVALID);
    assert_int_equal(amqpext_table_count(table), 0);
    amqpext_table_free(table);
}

static void text_beyond_four_gigabytes_is_refused(void **state)
{
    struct amqpext_table *table = new_table();

    (void)state;
#if SIZE_MAX > UINT32_MAX
    assert_int_equal(try_set(table, "x",
                             (struct amqpext_value){AMQPEXT_KIND_TEXT,
                                                    .as.text = {"x", (size_t)UINT32_MAX + 1}}),
                     AMQPEXT_ETOOLARGE);
#endif
    amqpext_table_free(table);
}

static void empty_texts_and_arrays_are_values(void **state)
{
    struct amqpext_table *table = new_table();

    (void)state;
    set(table, "text", (struct amqpext_value){AMQPEXT_KIND_TEXT, .as.text = {NULL, 0}});
    set(table, "array", (struct amqpext_value){AMQPEXT_KIND_ARRAY, .as.array = {NULL, 0}});
    assert_string_equal(amqpext_table_text(table, "text"), "");
    assert_int_equal(amqpext_table_get(table, "array")->as.array.count, 0);
    amqpext_table_free(table);
}

static void tables_nest_up_to_the_limit(void **state)
{
    struct amqpext_table *table = new_table();
    unsigned level;

    (void)state;
    set(table, "x", integer_of(1));
    for (level = 2; level <= AMQPEXT_TABLE_DEPTH_MAX; level++) {
        struct amqpext_table *outer = new_table();

        assert_int_equal(try_set(outer, "x", table_of(table)), AMQPEXT_OK);
        amqpext_table_free(table);
        table = outer;
    }
    assert_int_equal(try_set(table, "y", table_of(table)), AMQPEXT_EINVALID);
    assert_int_equal(table->n_values, AMQPEXT_TABLE_DEPTH_MAX);
    amqpext_table_free(table);
}

static void arrays_nest_up_to_the_limit(void **state)
{
    struct amqpext_value levels[AMQPEXT_TABLE_DEPTH_MAX + 1];
    struct amqpext_table *table = new_table();
    unsigned i;

    (void)state;
    levels[0] = integer_of(1);
    for (i = 1; i <= AMQPEXT_TABLE_DEPTH_MAX; i++) {
        levels[i].kind = AMQPEXT_KIND_ARRAY;
        levels[i].as.array.items = &levels[i - 1];
        levels[i].as.array.count = 1;
    }
    assert_int_equal(try_set(table, "x", levels[AMQPEXT_TABLE_DEPTH_MAX]), AMQPEXT_EINVALID);
    assert_int_equal(try_set(table, "x", levels[AMQPEXT_TABLE_DEPTH_MAX - 1]), AMQPEXT_OK);
    amqpext_table_free(table);
}

/* Each is in itself twice: looking at all of it would never end. */
static void array_that_holds_itself_is_refused(void **state)
{
    struct amqpext_table *table = new_table();
    struct amqpext_value items[2];

    (void)state;
    items[0].kind = items[1].kind = AMQPEXT_KIND_ARRAY;
    items[0].as.array.items = items[1].as.array.items = items;
    items[0].as.array.count = items[1].as.array.count = 2;
    assert_int_not_equal(try_set(table, "x", items[0]), AMQPEXT_OK);
    amqpext_table_free(table);
}

static void values_are_counted_on_all_levels(void **state)
{
    static struct amqpext_value items[AMQPEXT_TABLE_VALUES_MAX];
    const struct amqpext_value largest = {AMQPEXT_KIND_ARRAY,
                                          .as.array = {items, AMQPEXT_TABLE_VALUES_MAX - 1}};
    const struct amqpext_value half = {AMQPEXT_KIND_ARRAY,
                                       .as.array = {items, AMQPEXT_TABLE_VALUES_MAX / 2}};
    struct amqpext_value too_large = largest;
    struct amqpext_table *table = new_table();

    (void)state;
    too_large.as.array.count++;
    assert_int_equal(try_set(table, "x", too_large), AMQPEXT_ETOOLARGE);
    assert_int_equal(try_set(table, "x", largest), AMQPEXT_OK);
    assert_int_equal(try_set(table, "y", integer_of(1)), AMQPEXT_ETOOLARGE);
    assert_int_equal(try_set(table, "x", half), AMQPEXT_OK);
    assert_int_equal(try_set(table, "y", half), AMQPEXT_ETOOLARGE);
    assert_int_equal(try_set(table, "y", integer_of(1)), AMQPEXT_OK);
    amqpext_table_remove(table, "x");
    assert_int_equal(table->n_values, 1);
    assert_int_equal(try_set(table, "x", table_of(table)), AMQPEXT_OK);
    assert_int_equal(table->n_values, 3);
    amqpext_table_free(table);
}

static void everything_is_copied(void **state)
{
    char name[] = "name";
    char text[] = "text";
    struct amqpext_table *inner = new_table();
    struct amqpext_table *table = new_table();
    struct amqpext_value item = {AMQPEXT_KIND_TEXT, .as.text = {text, 4}};
    const struct amqpext_value *found;

    (void)state;
    set(inner, "items", (struct amqpext_value){AMQPEXT_KIND_ARRAY, .as.array = {&item, 1}});
    set(table, name, table_of(inner));
    amqpext_table_free(inner);
    memset(text, 'x', 4);
    memset(name, 'x', 4);
    memset(&item, 0xff, sizeof(item));
    found = amqpext_table_get(table, "name");
    found = amqpext_table_get(found->as.table, "items");
    assert_int_equal(found->as.array.count, 1);
    assert_string_equal(found->as.array.items[0].as.text.data, "text");
    amqpext_table_free(table);
}

static void field_is_set_from_the_table_itself(void **state)
{
    struct amqpext_table *table = new_table();
    const char *name;

    (void)state;
    assert_int_equal(amqpext_table_set_text(table, "a", "text", NULL), AMQPEXT_OK);
    amqpext_table_at(table, 0, &name);
    assert_int_equal(amqpext_table_set(table, name, amqpext_table_get(table, "a"), NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext_table_set(table, "b", amqpext_table_get(table, "a"), NULL),
                     AMQPEXT_OK);
    set(table, "a", table_of(table));
    assert_string_equal(amqpext_table_text(table, "b"), "text");
    assert_string_equal(amqpext_table_text(amqpext_table_get(table, "a")->as.table, "a"), "text");
    amqpext_table_free(table);
}

static void copy_in_an_arena_equals_its_table(void **state)
{
    uint64_t seed = 1;
    unsigned i;

    (void)state;
    for (i = 0; i < 300; i++) {
        struct amqpext_table *table = random_table(&seed, 6);
        struct arena arena = {0};
        const struct amqpext_table *copy = amqpext__table_copy(&arena, table);
        struct amqpext_table *merged = new_table();

        assert_true(tables_equal(copy, table));
        assert_int_equal(copy->n_values, table->n_values);
        amqpext_table_free(table);
        assert_int_equal(amqpext__table_merge(merged, copy, NULL), AMQPEXT_OK);
        assert_true(tables_equal(copy, merged));
        assert_int_equal(copy->n_values, merged->n_values);
        arena_free(&arena);
        amqpext_table_free(merged);
    }
    assert_null(amqpext__table_copy(&(struct arena){0}, NULL));
}

static void tables_that_are_merged_may_not_become_too_large(void **state)
{
    static struct amqpext_value items[AMQPEXT_TABLE_VALUES_MAX];
    const struct amqpext_value half = {AMQPEXT_KIND_ARRAY,
                                       .as.array = {items, AMQPEXT_TABLE_VALUES_MAX / 2}};
    struct amqpext_table *to = new_table();
    struct amqpext_table *from = new_table();

    (void)state;
    set(to, "x", half);
    set(from, "y", half);
    assert_int_equal(amqpext__table_merge(to, from, NULL), AMQPEXT_ETOOLARGE);
    assert_int_equal(amqpext_table_count(to), 1);
    assert_int_equal(amqpext__table_merge(to, NULL, NULL), AMQPEXT_OK);
    amqpext_table_free(to);
    amqpext_table_free(from);
}

static void build_copy_and_change(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const struct amqpext_table *sample = context;
    struct amqpext_table *table = NULL;
    struct arena arena = {0};
    enum amqpext_status status = amqpext_table_new(&table, &error);

    if (status == AMQPEXT_OK)
        status = amqpext__table_merge(table, sample, &error);
    if (status == AMQPEXT_OK)
        status = amqpext_table_set_text(table, "more", "text", &error);
    if (status == AMQPEXT_OK) {
        assert_int_equal(amqpext_table_count(table), amqpext_table_count(sample) + 1);
        assert_string_equal(amqpext_table_text(table, "more"), "text");
        if (amqpext__table_copy(&arena, table) == NULL)
            status = amqpext_error_set(&error, AMQPEXT_ENOMEM, "the copy");
    } else {
        assert_null(amqpext_table_get(table, "more"));
    }
    assert_true(status == AMQPEXT_OK || status == AMQPEXT_ENOMEM);
    assert_int_equal(error.status, status);
    amqpext_table_free(table);
    arena_free(&arena);
}

static void tables_survive_without_memory(void **state)
{
    struct amqpext_table *sample = new_table();
    uint64_t seed = 3;
    char name[16];
    int i;

    (void)state;
    for (i = 0; i < 10; i++) {
        struct amqpext_table *inner = random_table(&seed, 4);

        snprintf(name, sizeof(name), "f%d", i);
        set(sample, name, table_of(inner));
        amqpext_table_free(inner);
    }
    assert_in_range(oom_for_every_allocation(build_copy_and_change, sample), 10, 100);
    amqpext_table_free(sample);
}

static void value_of_a_table_can_be_set_under_another_name(void **state)
{
    struct amqpext_table *table = NULL;
    char name[8];
    int i;

    (void)state;
    assert_int_equal(amqpext_table_new(&table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(table, "0", "text", NULL), AMQPEXT_OK);
    for (i = 1; i < 50; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(amqpext_table_set(table, name, amqpext_table_get(table, "0"), NULL),
                         AMQPEXT_OK);
        assert_string_equal(amqpext_table_text(table, name), "text");
    }
    assert_int_equal(amqpext_table_set(table, "0", amqpext_table_get(table, "0"), NULL),
                     AMQPEXT_OK);
    assert_string_equal(amqpext_table_text(table, "0"), "text");
    amqpext_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_keep_the_order_of_their_first_setting),
        cmocka_unit_test(removed_field_is_gone_and_the_others_stay),
        cmocka_unit_test(value_of_a_table_can_be_set_under_another_name),
        cmocka_unit_test(values_are_read_by_kind),
        cmocka_unit_test(table_that_is_not_there_is_empty),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(values_that_no_broker_can_read_are_refused),
        cmocka_unit_test(text_beyond_four_gigabytes_is_refused),
        cmocka_unit_test(empty_texts_and_arrays_are_values),
        cmocka_unit_test(tables_nest_up_to_the_limit),
        cmocka_unit_test(arrays_nest_up_to_the_limit),
        cmocka_unit_test(array_that_holds_itself_is_refused),
        cmocka_unit_test(values_are_counted_on_all_levels),
        cmocka_unit_test(everything_is_copied),
        cmocka_unit_test(field_is_set_from_the_table_itself),
        cmocka_unit_test(copy_in_an_arena_equals_its_table),
        cmocka_unit_test(tables_that_are_merged_may_not_become_too_large),
        cmocka_unit_test(tables_survive_without_memory),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
