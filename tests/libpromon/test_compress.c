/* gzip: what goes in comes out of another's hands, and memory is used again. */
#include "test.h"

#include "compress.h"
#include "support/page_file.h"

static struct promon__compressor *new_compressor(void)
{
    struct promon__compressor *compressor = NULL;

    assert_int_equal(promon__compressor_new(&compressor, NULL), PROMON_OK);
    return compressor;
}

static void expect_unpacked(const struct text *packed, const char *data, size_t size)
{
    struct text output = {0};

    assert_int_equal(run_with_page("gzip -dc", packed->data, packed->size, &output), 0);
    assert_int_equal(output.size, size);
    if (size != 0)
        assert_memory_equal(output.data, data, size);
    text_free(&output);
}

static void gzip_reads_what_was_compressed(void **state)
{
    static const size_t sizes[] = {0, 1, 1000, 500000};
    static char data[500000];
    struct promon__compressor *compressor = new_compressor();
    struct text packed = {0};
    uint64_t seed = 88172645463325252;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(data); i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        data[i] = (char)(i % 100 < 50 ? 'a' : seed >> 56);
    }
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_true(promon__compress(compressor, &packed, data, sizes[i]));
        expect_unpacked(&packed, data, sizes[i]);
    }
    text_free(&packed);
    promon__compressor_free(compressor);
}

static void repetitive_page_shrinks_to_a_fraction(void **state)
{
    static char data[100000];
    struct promon__compressor *compressor = new_compressor();
    struct text packed = {0};

    (void)state;
    memset(data, 'x', sizeof(data));
    assert_true(promon__compress(compressor, &packed, data, sizeof(data)));
    assert_true(packed.size < sizeof(data) / 50);
    text_free(&packed);
    promon__compressor_free(compressor);
}

static void second_page_needs_no_memory(void **state)
{
    static const char data[20000] = "y";
    struct promon__compressor *compressor = new_compressor();
    struct text packed = {0};

    (void)state;
    assert_true(promon__compress(compressor, &packed, data, sizeof(data)));
    oom_fail_from(1);
    assert_true(promon__compress(compressor, &packed, data, sizeof(data)));
    assert_false(oom_stop());
    text_free(&packed);
    promon__compressor_free(compressor);
}

static void without_memory_nothing_is_written(void **state)
{
    struct promon__compressor *compressor = new_compressor();
    struct promon__compressor *none = NULL;
    struct text packed = {0};

    (void)state;
    oom_fail_from(1);
    assert_false(promon__compress(compressor, &packed, "abc", 3));
    assert_int_equal(promon__compressor_new(&none, NULL), PROMON_ENOMEM);
    assert_true(oom_stop());
    assert_null(none);
    assert_int_equal(packed.size, 0);
    assert_true(promon__compress(compressor, &packed, "abc", 3));
    expect_unpacked(&packed, "abc", 3);
    text_free(&packed);
    promon__compressor_free(compressor);
    promon__compressor_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_reads_what_was_compressed),
        cmocka_unit_test(repetitive_page_shrinks_to_a_fraction),
        cmocka_unit_test(second_page_needs_no_memory),
        cmocka_unit_test(without_memory_nothing_is_written),
    };

    return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
