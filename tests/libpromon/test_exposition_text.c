/* Text 0.0.4: as the original writes it, and as promtool reads it. */
#include "test.h"

#include "exposition.h"
#include "support/page_file.h"
#include "support/specimen.h"

static void page_has_every_kind(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_text(&page, &specimen);
    expect_page(&page, "specimen.text");
    text_free(&page);
}

static void gauges_of_probes_are_those_of_the_original_byte_for_byte(void **state)
{
    const struct promon__gathered_series series[] = {
        {.label_text = "", .number = {.real = 1}},
        {.label_text = "", .number = {.real = 0}},
        {.label_text = "", .number = {.real = -1}},
        {.label_text = "", .number = {.real = 60297216}},
    };
    static const char *const expected[] = {
        "# HELP n back\\\\slash\\nand \"quotes\"\n# TYPE n gauge\nn 1.0\n",
        "# HELP n back\\\\slash\\nand \"quotes\"\n# TYPE n gauge\nn 0.0\n",
        "# HELP n back\\\\slash\\nand \"quotes\"\n# TYPE n gauge\nn -1.0\n",
        "# HELP n back\\\\slash\\nand \"quotes\"\n# TYPE n gauge\nn 6.0297216e+07\n",
    };
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        const struct promon__gathered_family family = {.kind = PROMON_GAUGE,
                                                       .name = "n",
                                                       .help = "back\\slash\nand \"quotes\"",
                                                       .unit = "",
                                                       .series = &series[i],
                                                       .n_series = 1};
        const struct promon__gathered gathered = {&family, 1, NULL};
        struct text page = {0};

        promon__write_text(&page, &gathered);
        assert_string_equal(page.data, expected[i]);
        text_free(&page);
    }
}

static void nothing_gathered_is_an_empty_page(void **state)
{
    const struct promon__gathered nothing = {NULL, 0, NULL};
    struct text page = {0};

    (void)state;
    promon__write_text(&page, &nothing);
    assert_int_equal(page.size, 0);
    assert_false(page.failed);
    text_free(&page);
}

/* Its third status is for advice: the specimen has a family without help. */
static void promtool_reads_the_page(void **state)
{
    struct text page = {0}, output = {0};

    (void)state;
    promon__write_text(&page, &specimen);
    assert_int_equal(run_with_page("promtool check metrics", page.data, page.size, &output), 3);
    assert_string_equal(output.data, "app_number no help text\n");
    text_free(&output);
    text_free(&page);
}

static void no_series_is_there_twice(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_text(&page, &specimen);
    expect_success("test -z \"$(grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d)\"", &page);
    text_free(&page);
}

static void write_without_memory(void *context)
{
    struct text page = {0};

    promon__write_text(&page, context);
    if (oom_stop())
        assert_true(page.failed);
    text_free(&page);
}

static void memory_that_runs_out_is_remembered(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(write_without_memory, (void *)(uintptr_t)&specimen) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_has_every_kind),
        cmocka_unit_test(gauges_of_probes_are_those_of_the_original_byte_for_byte),
        cmocka_unit_test(nothing_gathered_is_an_empty_page),
        cmocka_unit_test(promtool_reads_the_page),
        cmocka_unit_test(no_series_is_there_twice),
        cmocka_unit_test(memory_that_runs_out_is_remembered),
    };

    return cmocka_run_group_tests_name("exposition_text", tests, NULL, NULL);
}
