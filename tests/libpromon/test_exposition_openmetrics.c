/* OpenMetrics 1.0, as the parser of the Python client reads it, and the draft of 2.0. */
#include "test.h"

#include "exposition.h"
#include "support/page_file.h"
#include "support/specimen.h"

#define PARSE "/usr/bin/python3 tests/libpromon/pages/parse_openmetrics.py"
#define CHECK_2 "/usr/bin/python3 tests/libpromon/pages/check_openmetrics_2.py"
#define NO_DUPLICATES "test -z \"$(grep -v '^#' | sed 's/ [^}]*$//' | sort | uniq -d)\""

static void page_has_every_kind(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &specimen, false);
    expect_page(&page, "specimen.openmetrics");
    expect_success(NO_DUPLICATES, &page);
    text_free(&page);
}

static void times_of_creation_are_there_if_asked_for(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &specimen, true);
    expect_page(&page, "specimen_created.openmetrics");
    expect_success(NO_DUPLICATES, &page);
    text_free(&page);
}

static void expect_parsed(const struct text *page, const char *expected)
{
    struct text output = {0};
    char *text = page_file(expected, NULL);

    assert_int_equal(run_with_page(PARSE, page->data, page->size, &output), 0);
    assert_string_equal(output.data, text);
    text_free(&output);
    free(text);
}

static void parser_of_python_finds_every_family_sample_and_exemplar(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &specimen, false);
    expect_parsed(&page, "specimen.parsed");
    text_free(&page);
}

static void parser_of_python_reads_times_of_creation(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &specimen, true);
    expect_success(PARSE, &page);
    text_free(&page);
}

static void nothing_gathered_is_a_page_with_an_end(void **state)
{
    const struct promon__gathered nothing = {NULL, 0, NULL};
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &nothing, false);
    assert_string_equal(page.data, "# EOF\n");
    text_free(&page);
    promon__write_openmetrics_2(&page, &nothing);
    assert_string_equal(page.data, "# EOF\n");
    text_free(&page);
}

/* Names as the rules demand them do not come to this; a page is still one that parses. */
static void families_without_their_suffix_get_it_in_their_samples(void **state)
{
    const struct promon__gathered_series series = {.label_text = "",
                                                   .number = {.is_unsigned = true, .whole = 3}};
    const struct promon__gathered_family families[] = {{.kind = PROMON_COUNTER,
                                                        .name = "jobs",
                                                        .help = "h",
                                                        .unit = "parsecs",
                                                        .series = &series,
                                                        .n_series = 1},
                                                       {.kind = PROMON_INFO,
                                                        .name = "build",
                                                        .help = "h",
                                                        .unit = "",
                                                        .series = &series,
                                                        .n_series = 1}};
    const struct promon__gathered gathered = {families, 2, NULL};
    struct text page = {0};

    (void)state;
    promon__write_openmetrics(&page, &gathered, false);
    assert_string_equal(page.data, "# TYPE jobs counter\n# HELP jobs h\njobs_total 3\n"
                                   "# TYPE build info\n# HELP build h\nbuild_info 1\n# EOF\n");
    expect_success(PARSE, &page);
    text_free(&page);
}

static void second_version_has_histograms_as_one_value(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics_2(&page, &specimen);
    expect_page(&page, "specimen.openmetrics2");
    text_free(&page);
}

static void second_version_is_what_its_grammar_says(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_openmetrics_2(&page, &specimen);
    expect_success(CHECK_2, &page);
    text_free(&page);
}

static void write_without_memory(void *context)
{
    struct text page = {0}, page_2 = {0};

    promon__write_openmetrics(&page, context, true);
    promon__write_openmetrics_2(&page_2, context);
    if (oom_stop())
        assert_true(page.failed || page_2.failed);
    text_free(&page);
    text_free(&page_2);
}

static void memory_that_runs_out_is_remembered(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(write_without_memory, (void *)(uintptr_t)&specimen) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_has_every_kind),
        cmocka_unit_test(times_of_creation_are_there_if_asked_for),
        cmocka_unit_test(parser_of_python_finds_every_family_sample_and_exemplar),
        cmocka_unit_test(parser_of_python_reads_times_of_creation),
        cmocka_unit_test(nothing_gathered_is_a_page_with_an_end),
        cmocka_unit_test(families_without_their_suffix_get_it_in_their_samples),
        cmocka_unit_test(second_version_has_histograms_as_one_value),
        cmocka_unit_test(second_version_is_what_its_grammar_says),
        cmocka_unit_test(memory_that_runs_out_is_remembered),
    };

    return cmocka_run_group_tests_name("exposition_openmetrics", tests, NULL, NULL);
}
