/*
 * Sets of keys, and when two values are equal.
 */
#include "test.h"

#include "key_table.h"

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void keys_get_numbers_in_the_order_of_their_first_appearance(void **state)
{
    enum { COUNT = 3000, DIFFERENT = 700 };
    struct miniorm_value *keys = arena_alloc(&arena, (COUNT + 1) * sizeof(*keys));
    struct key_table table;

    (void)state;
    assert_true(baseapi__key_table_new(&arena, &table, keys, 1, COUNT));
    for (int i = 0; i < COUNT; i++) {
        const int key = i * 9 % DIFFERENT;

        keys[table.n_keys] = miniorm_value_integer(key - 350);
        assert_int_equal(baseapi__key_table_add(&table), i % DIFFERENT);
    }
    assert_int_equal(table.n_keys, DIFFERENT);
}

static void keys_of_several_values_are_equal_as_a_whole(void **state)
{
    struct miniorm_value keys[8] = {{0}};
    struct key_table table;

    (void)state;
    assert_true(baseapi__key_table_new(&arena, &table, keys, 2, 4));
    keys[0] = miniorm_value_string("a");
    keys[1] = miniorm_value_integer(1);
    assert_int_equal(baseapi__key_table_add(&table), 0);
    keys[2] = miniorm_value_string("a");
    keys[3] = miniorm_value_integer(2);
    assert_int_equal(baseapi__key_table_add(&table), 1);
    keys[4] = miniorm_value_string("a");
    keys[5] = miniorm_value_integer(1);
    assert_int_equal(baseapi__key_table_add(&table), 0);
    assert_int_equal(table.n_keys, 2);
}

static void assert_equal(struct miniorm_value a, struct miniorm_value b, bool equal)
{
    assert_int_equal(baseapi__value_equals(&a, &b), equal);
}

static void values_of_every_kind_are_compared(void **state)
{
    struct miniorm_uuid one = {{1}};
    struct miniorm_uuid two = {{2}};
    const struct miniorm_bytes some = {(const unsigned char *)"a\0b", 3};
    const struct miniorm_bytes other = {(const unsigned char *)"a\0c", 3};

    (void)state;
    assert_equal(miniorm_value_integer(5), miniorm_value_integer(5), true);
    assert_equal(miniorm_value_integer(5), miniorm_value_integer(-5), false);
    assert_equal(miniorm_value_boolean(true), miniorm_value_boolean(true), true);
    assert_equal(miniorm_value_boolean(true), miniorm_value_boolean(false), false);
    assert_equal(miniorm_value_real(0.5), miniorm_value_real(0.5), true);
    assert_equal(miniorm_value_real(0.5), miniorm_value_real(0.25), false);
    assert_equal(miniorm_value_string("x"), miniorm_value_string("x"), true);
    assert_equal(miniorm_value_string("x"), miniorm_value_string("xy"), false);
    assert_equal(miniorm_value_string(""), miniorm_value_string(""), true);
    assert_equal(miniorm_value_uuid(one), miniorm_value_uuid(one), true);
    assert_equal(miniorm_value_uuid(one), miniorm_value_uuid(two), false);
    assert_equal(miniorm_value_bytes(some), miniorm_value_bytes(some), true);
    assert_equal(miniorm_value_bytes(some), miniorm_value_bytes(other), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keys_get_numbers_in_the_order_of_their_first_appearance,
                                  tear_down),
        cmocka_unit_test_teardown(keys_of_several_values_are_equal_as_a_whole, tear_down),
        cmocka_unit_test_teardown(values_of_every_kind_are_compared, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
