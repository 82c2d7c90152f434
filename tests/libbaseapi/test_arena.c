/*
 * Arenas: what is handed out, what a reset keeps, what is refused.
 */
#include "test.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"

static void memory_is_aligned_and_stays_where_it_is(void **state)
{
    enum { COUNT = 200 };
    struct arena arena = {0};
    unsigned char *parts[COUNT];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT; i++) {
        parts[i] = arena_alloc(&arena, i);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        memset(parts[i], (int)i, i);
    }
    for (i = 1; i < COUNT; i++) {
        assert_int_equal(parts[i][0], i);
        assert_int_equal(parts[i][i - 1], i);
    }
    arena_free(&arena);
}

static void reset_keeps_the_newest_block_for_what_comes_next(void **state)
{
    struct arena arena = {0};
    const void *first = arena_alloc(&arena, 16);
    const void *second;

    (void)state;
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    second = arena_alloc(&arena, 1500);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 1500), second);
    arena_free(&arena);
    assert_null(arena.block);
}

static void reset_keeps_no_large_block(void **state)
{
    struct arena arena = {0};
    const void *first = arena_alloc(&arena, 16);

    (void)state;
    assert_non_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 16), first);
    arena_free(&arena);
    assert_non_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    assert_null(arena.block);
}

static void empty_arena_can_be_reset_and_freed(void **state)
{
    struct arena arena = {0};

    (void)state;
    arena_reset(&arena);
    arena_free(&arena);
    assert_null(arena.block);
}

static void sizes_beyond_the_machine_are_refused(void **state)
{
    struct arena arena = {0};

    (void)state;
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_zeroed(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_copy(&arena, "", SIZE_MAX));
    assert_non_null(arena_alloc(&arena, 0));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_stays_where_it_is),
        cmocka_unit_test(reset_keeps_the_newest_block_for_what_comes_next),
        cmocka_unit_test(reset_keeps_no_large_block),
        cmocka_unit_test(empty_arena_can_be_reset_and_freed),
        cmocka_unit_test(sizes_beyond_the_machine_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
