/* The version: header, text and running library agree. */
#include "test.h"

#include <promon/version.h>
#include <stdio.h>

static void library_reports_the_version_of_its_header(void **state)
{
    (void)state;
    assert_string_equal(promon_version(), PROMON_VERSION);
}

static void version_text_is_made_of_the_three_numbers(void **state)
{
    char expected[64];

    (void)state;
    snprintf(expected, sizeof(expected), "%d.%d.%d", PROMON_VERSION_MAJOR, PROMON_VERSION_MINOR,
             PROMON_VERSION_PATCH);
    assert_string_equal(PROMON_VERSION, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_reports_the_version_of_its_header),
        cmocka_unit_test(version_text_is_made_of_the_three_numbers),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
