/* Exemplars: where they are kept, and what is none. */
#include "test.h"

#include "support/counting.h"

#include "exemplar.h"

struct reading {
    struct promon__gathered gathered;
    const struct promon__gathered_series *series;
};

static void read_one(struct promon *promon, const char *name, struct reading *reading)
{
    assert_int_equal(
        promon__registry_gather(promon->registry, LABELS(name), &reading->gathered, NULL),
        PROMON_OK);
    reading->series = &reading->gathered.families[0].series[0];
}

static void end_reading(struct promon *promon, struct reading *reading)
{
    promon__registry_release(promon->registry, &reading->gathered);
    promon__gathered_free(&reading->gathered);
}

static void a_counter_keeps_the_last_one(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_COUNTER, "a_total");
    struct reading reading = {.gathered = {NULL, 0, NULL}};

    (void)state;
    promon_cell_add_exemplar(cell, 1, LABELS("trace_id", "first, which is longer"));
    promon_cell_add_exemplar(cell, 2.5, LABELS("trace_id", "a\"b", "span", "7"));
    read_one(promon, "a_total", &reading);
    assert_non_null(reading.series->exemplar);
    assert_string_equal(reading.series->exemplar->label_text, "trace_id=\"a\\\"b\",span=\"7\"");
    assert_int_equal(reading.series->exemplar->label_text_size,
                     strlen(reading.series->exemplar->label_text));
    assert_string_equal(reading.series->exemplar->labels[3], "7");
    assert_null(reading.series->exemplar->labels[4]);
    assert_true(reading.series->exemplar->value == 2.5);
    assert_true(reading.series->exemplar->timestamp_s > 1.5e9);
    assert_true(reading.series->number.real == 3.5);
    end_reading(promon, &reading);
    counting_free(promon);
}

static void a_histogram_keeps_the_last_one_of_each_bucket(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_HISTOGRAM, "a");
    struct reading reading = {.gathered = {NULL, 0, NULL}};

    (void)state;
    promon_cell_observe_exemplar(cell, 0.001, LABELS("id", "1"));
    promon_cell_observe_exemplar(cell, 100, LABELS("id", "2"));
    promon_cell_observe_exemplar(cell, 0.002, LABELS("id", "3"));
    read_one(promon, "a", &reading);
    assert_string_equal(reading.series->histogram->exemplars[0]->label_text, "id=\"3\"");
    assert_null(reading.series->histogram->exemplars[1]);
    assert_string_equal(reading.series->histogram->exemplars[11]->label_text, "id=\"2\"");
    assert_int_equal(reading.series->histogram->n_native_exemplars, 0);
    assert_int_equal(reading.series->histogram->count, 3);
    end_reading(promon, &reading);
    counting_free(promon);
}

static void a_native_histogram_keeps_the_last_few_in_their_order(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family = NULL;
    struct promon_cell *cell = NULL;
    struct reading reading = {.gathered = {NULL, 0, NULL}};
    size_t i;

    (void)state;
    options.kind = PROMON_HISTOGRAM;
    options.name = "a";
    options.native_factor = 2;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    assert_int_equal(promon_family_cell(family, NULL, &cell, NULL), PROMON_OK);
    for (i = 0; i < 13; i++)
        promon_cell_observe_exemplar(cell, (double)i, LABELS("id", "x"));
    read_one(promon, "a", &reading);
    assert_int_equal(reading.series->histogram->n_native_exemplars, PROMON__NATIVE_EXEMPLARS);
    for (i = 0; i < PROMON__NATIVE_EXEMPLARS; i++)
        assert_true(reading.series->histogram->native_exemplars[i].value == (double)i + 3);
    assert_null(reading.series->histogram->exemplars);
    end_reading(promon, &reading);
    counting_free(promon);
}

static void what_is_no_exemplar_is_counted_and_the_value_all_the_same(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *counter = counting_cell(promon, PROMON_COUNTER, "a_total");
    struct promon_cell *gauge = counting_cell(promon, PROMON_GAUGE, "b");
    struct reading reading = {.gathered = {NULL, 0, NULL}};
    char value[512];
    int i;

    (void)state;
    /* With "id" 128 characters of two bytes each are just right, one more is not. */
    for (i = 0; i < 126 * 2; i += 2)
        memcpy(value + i, "\xc3\xa4", 3);
    assert_true(promon__is_exemplar(LABELS("id", value)));
    memcpy(value + i, "x", 2);
    promon_cell_add_exemplar(counter, 1, LABELS("id", value));
    promon_cell_add_exemplar(counter, 1, NULL);
    promon_cell_add_exemplar(counter, 1, LABELS("id"));
    promon_cell_add_exemplar(counter, 1, LABELS("9", "x"));
    promon_cell_add_exemplar(counter, 1, LABELS("id", "\xff"));
    promon_cell_add_exemplar(counter, 1, LABELS("id", "x", "id", "y"));
    read_one(promon, "a_total", &reading);
    assert_null(reading.series->exemplar);
    end_reading(promon, &reading);
    assert_true(counting_value(promon, "a_total", NULL) == 6);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 6);
    promon_cell_add_exemplar(counter, -1, LABELS("id", "x"));
    promon_cell_add_exemplar(gauge, 1, LABELS("id", "x"));
    promon_cell_observe_exemplar(gauge, 1, LABELS("id", "x"));
    assert_true(counting_value(promon, "a_total", NULL) == 6);
    assert_true(counting_value(promon, "b", NULL) == 0);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 9);
    counting_free(promon);
}

static void keep_without_memory(void *context)
{
    struct promon_cell *cell = context;

    promon_cell_observe_exemplar(cell, 1, LABELS("id", "x"));
}

static void without_memory_the_value_is_counted_but_no_example_is_left(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_HISTOGRAM, "a");
    size_t n;

    (void)state;
    promon_cell_observe(cell, 1);
    n = oom_for_every_allocation(keep_without_memory, cell);
    assert_true(n >= 1);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) >= 1);
    assert_true(counting_value(promon, "a_count", NULL) >= 3);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_keeps_the_last_one),
        cmocka_unit_test(a_histogram_keeps_the_last_one_of_each_bucket),
        cmocka_unit_test(a_native_histogram_keeps_the_last_few_in_their_order),
        cmocka_unit_test(what_is_no_exemplar_is_counted_and_the_value_all_the_same),
        cmocka_unit_test(without_memory_the_value_is_counted_but_no_example_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
