/* The version: header, text and running library agree. */
#include "test.h"

#include <amqpext/version.h>
#include <stdio.h>

static void library_reports_the_version_of_its_header(void **state)
{
    (void)state;
    assert_string_equal(amqpext_version(), AMQPEXT_VERSION);
}

static void version_text_is_made_of_the_three_numbers(void **state)
{
    char expected[64];

    (void)state;
    snprintf(expected, sizeof(expected), "%d.%d.%d", AMQPEXT_VERSION_MAJOR, AMQPEXT_VERSION_MINOR,
             AMQPEXT_VERSION_PATCH);
    assert_string_equal(AMQPEXT_VERSION, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_reports_the_version_of_its_header),
        cmocka_unit_test(version_text_is_made_of_the_three_numbers),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
