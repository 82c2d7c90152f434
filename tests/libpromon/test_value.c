/* Single values, as tests of programs ask for them. */
#include "test.h"

#include <locale.h>

#include "support/counting.h"

static const char *const two_labels[] = {"queue", "result", NULL};

static void labels_are_found_in_any_order_and_have_to_be_all(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = counting_family(promon, PROMON_COUNTER, "a_total", two_labels);

    (void)state;
    promon_family_count(family, LABELS("mail", "ok"), 3);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "mail", "result", "ok")) == 3);
    assert_true(counting_value(promon, "a_total", LABELS("result", "ok", "queue", "mail")) == 3);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "mail")) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "mail", "result", "bad")) ==
                COUNTING_ABSENT);
    assert_true(
        counting_value(promon, "a_total", LABELS("queue", "mail", "result", "ok", "x", "y")) ==
        COUNTING_ABSENT);
    assert_true(counting_value(promon, "a_total", NULL) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "a", NULL) == COUNTING_ABSENT);
    counting_free(promon);
}

static void samples_are_found_by_their_names(void **state)
{
    struct promon *promon = counting_new();
    struct promon_error error = PROMON_ERROR_INIT;
    double value = 1;

    (void)state;
    promon_cell_observe(counting_cell(promon, PROMON_HISTOGRAM, "h"), 0.25);
    promon_cell_inc(counting_cell(promon, PROMON_COUNTER, "c_total"));
    counting_cell(promon, PROMON_INFO, "build_info");
    assert_true(counting_value(promon, "h_sum", NULL) == 0.25);
    assert_true(counting_value(promon, "h_count", NULL) == 1);
    assert_true(counting_value(promon, "h_created", NULL) > 1.5e9);
    assert_true(counting_value(promon, "c_created", NULL) > 1.5e9);
    assert_true(counting_value(promon, "build_info", NULL) == 1);
    assert_true(counting_value(promon, "h", NULL) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "h_bucket", NULL) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "h_bucket", LABELS("le", "none")) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "h_bucket", LABELS("le", "-Inf")) == COUNTING_ABSENT);
    assert_int_equal(promon_value(promon, "x", NULL, &value, &error), PROMON_ENOTFOUND);
    assert_non_null(strstr(error.message, "x"));
    assert_true(value == 1);
    counting_free(promon);
}

static void bounds_are_read_the_same_in_every_locale(void **state)
{
    struct promon *promon;

    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        skip();
    promon = counting_new();
    promon_cell_observe(counting_cell(promon, PROMON_HISTOGRAM, "h"), 0.25);
    assert_true(counting_value(promon, "h_bucket", LABELS("le", "0.25")) == 1);
    setlocale(LC_ALL, "C");
    counting_free(promon);
}

static void ask_without_memory(void *context)
{
    double value = 7;

    if (promon_value(context, "h_count", NULL, &value, NULL) == PROMON_OK)
        assert_true(value == 1);
    else
        assert_true(value == 7);
}

static void without_memory_there_is_no_value(void **state)
{
    struct promon *promon = counting_new();

    (void)state;
    promon_cell_observe(counting_cell(promon, PROMON_HISTOGRAM, "h"), 1);
    assert_true(oom_for_every_allocation(ask_without_memory, promon) >= 2);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_found_in_any_order_and_have_to_be_all),
        cmocka_unit_test(samples_are_found_by_their_names),
        cmocka_unit_test(bounds_are_read_the_same_in_every_locale),
        cmocka_unit_test(without_memory_there_is_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
