/* Gathering: order and choice of families, what a reading keeps, and its memory. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>

#include "support/counting.h"

#include "registry_state.h"

static const char *const labels[] = {"queue", NULL};

static void gather(struct promon *promon, const char *const *names,
                   struct promon__gathered *gathered)
{
    assert_int_equal(promon__registry_gather(promon->registry, names, gathered, NULL), PROMON_OK);
}

static void families_come_in_the_order_in_which_they_were_added(void **state)
{
    struct promon *promon = counting_new();
    struct promon__gathered gathered = {NULL, 0, NULL};
    struct promon_family *second;

    (void)state;
    counting_cell(promon, PROMON_GAUGE, "z");
    second = counting_family(promon, PROMON_COUNTER, "m_total", labels);
    counting_cell(promon, PROMON_STATESET, "a");
    promon_family_count(second, LABELS("9"), 1);
    promon_family_count(second, LABELS("1\"\\\n"), 2.5);
    gather(promon, NULL, &gathered);
    assert_true(gathered.n_families >= 4);
    assert_string_equal(gathered.families[0].name, "z");
    assert_string_equal(gathered.families[1].name, "m_total");
    assert_string_equal(gathered.families[2].name, "a");
    assert_int_equal(gathered.families[1].n_series, 2);
    assert_string_equal(gathered.families[1].series[0].label_text, "queue=\"9\"");
    assert_string_equal(gathered.families[1].series[1].label_text, "queue=\"1\\\"\\\\\\n\"");
    assert_int_equal(gathered.families[1].series[1].label_text_size,
                     strlen(gathered.families[1].series[1].label_text));
    assert_string_equal(gathered.families[1].series[1].label_values[0], "1\"\\\n");
    assert_false(gathered.families[1].series[1].number.is_unsigned);
    assert_true(gathered.families[1].series[0].number.is_unsigned);
    assert_string_equal(gathered.families[0].series[0].label_text, "");
    assert_int_equal(gathered.families[2].n_states, 3);
    promon__registry_release(promon->registry, &gathered);
    promon__gathered_free(&gathered);
    counting_free(promon);
}

static void names_of_samples_choose_their_families(void **state)
{
    struct promon *promon = counting_new();
    struct promon__gathered gathered = {NULL, 0, NULL};

    (void)state;
    counting_cell(promon, PROMON_HISTOGRAM, "a");
    counting_cell(promon, PROMON_COUNTER, "b_total");
    counting_cell(promon, PROMON_GAUGE, "c");
    gather(promon, LABELS("a_bucket", "a_count", "b", "unknown"), &gathered);
    assert_int_equal(gathered.n_families, 2);
    assert_string_equal(gathered.families[0].name, "a");
    assert_string_equal(gathered.families[1].name, "b_total");
    promon__registry_release(promon->registry, &gathered);
    gather(promon, LABELS("unknown"), &gathered);
    assert_int_equal(gathered.n_families, 0);
    promon__registry_release(promon->registry, &gathered);
    promon__gathered_free(&gathered);
    counting_free(promon);
}

static void what_is_removed_during_a_reading_stays_until_its_release(void **state)
{
    struct promon *promon = counting_new();
    struct promon__gathered first = {NULL, 0, NULL}, second = {NULL, 0, NULL};
    struct promon_family *family = counting_family(promon, PROMON_COUNTER, "a_total", labels);
    struct promon_family *whole = counting_family(promon, PROMON_GAUGE, "b", NULL);

    (void)state;
    promon_family_count(family, LABELS("mail"), 3);
    gather(promon, NULL, &first);
    promon_family_clear(family);
    promon_family_remove(promon, whole);
    gather(promon, NULL, &second);
    assert_non_null(promon->registry->removed_series);
    assert_non_null(promon->registry->removed_families);
    assert_string_equal(first.families[0].series[0].label_text, "queue=\"mail\"");
    assert_string_equal(first.families[1].name, "b");
    assert_int_equal(second.families[0].n_series, 0);
    promon__registry_release(promon->registry, &first);
    assert_null(promon->registry->removed_series);
    assert_null(promon->registry->removed_families);
    promon__registry_release(promon->registry, &second);
    promon__gathered_free(&first);
    promon__gathered_free(&second);
    counting_free(promon);
}

static void make_much(struct promon *promon)
{
    struct promon_family *counters = counting_family(promon, PROMON_COUNTER, "a_total", labels);
    struct promon_family *histograms = counting_family(promon, PROMON_HISTOGRAM, "b", labels);
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *native = NULL;
    char value[32];
    int i;

    options.kind = PROMON_HISTOGRAM;
    options.name = "c";
    options.labels = labels;
    options.native_factor = 1.1;
    assert_int_equal(promon_family_add(promon, &options, &native, NULL), PROMON_OK);
    for (i = 0; i < 2000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        promon_family_count(counters, LABELS(value), i);
        promon_family_observe(histograms, LABELS(value), i);
        promon_family_observe(native, LABELS(value), i);
    }
    promon_cell_observe_exemplar(PROMON_CELL(native, "7"), 1, LABELS("id", "x"));
}

static void gathering_again_allocates_nothing(void **state)
{
    struct promon *promon = counting_new();
    struct promon__gathered gathered = {NULL, 0, NULL};
    int i;

    (void)state;
    make_much(promon);
    assert_int_equal(promon__process_metrics_add(promon->registry, NULL), PROMON_OK);
    for (i = 0; i < 3; i++) {
        gather(promon, NULL, &gathered);
        promon__registry_release(promon->registry, &gathered);
    }
    for (i = 0; i < 40; i++) {
        oom_fail_from(1);
        gather(promon, NULL, &gathered);
        assert_false(oom_stop());
        assert_int_equal(gathered.families[0].n_series, 2000);
        promon__registry_release(promon->registry, &gathered);
    }
    promon__gathered_free(&gathered);
    counting_free(promon);
}

struct turmoil {
    struct promon *promon;
    bool stop;
};

static void *come_and_go(void *data)
{
    struct turmoil *turmoil = data;

    while (!__atomic_load_n(&turmoil->stop, __ATOMIC_RELAXED)) {
        struct promon_family *family =
            counting_family(turmoil->promon, PROMON_HISTOGRAM, "passing", labels);

        promon_family_observe(family, LABELS("a"), 1);
        promon_family_observe(family, LABELS("b"), 1);
        promon_family_remove_series(family, LABELS("a"), NULL);
        promon_family_remove(turmoil->promon, family);
    }
    return NULL;
}

/* Reads every text, so that the sanitizers see one that is gone. */
static size_t read_texts(const struct promon__gathered *gathered)
{
    size_t size = 0, i, j;

    for (i = 0; i < gathered->n_families; i++) {
        const struct promon__gathered_family *family = &gathered->families[i];

        size += strlen(family->name) + strlen(family->help);
        for (j = 0; j < family->n_series; j++)
            size += strlen(family->series[j].label_text);
    }
    return size;
}

static void families_and_series_come_and_go_during_readings(void **state)
{
    struct promon *promon = counting_new();
    struct turmoil turmoil = {promon, false};
    struct promon__gathered gathered[2] = {{NULL, 0, NULL}, {NULL, 0, NULL}};
    pthread_t thread;
    int i;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, &turmoil), 0);
    for (i = 0; i < 500; i++) {
        gather(promon, NULL, &gathered[0]);
        gather(promon, NULL, &gathered[1]);
        assert_true(read_texts(&gathered[0]) > 0);
        promon__registry_release(promon->registry, &gathered[0]);
        assert_true(read_texts(&gathered[1]) > 0);
        promon__registry_release(promon->registry, &gathered[1]);
    }
    __atomic_store_n(&turmoil.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    promon__gathered_free(&gathered[0]);
    promon__gathered_free(&gathered[1]);
    counting_free(promon);
}

static void monitors_count_apart(void **state)
{
    struct promon *first = counting_new(), *second = counting_new();
    struct promon_cell *cells[2] = {counting_cell(first, PROMON_COUNTER, "a_total"),
                                    counting_cell(second, PROMON_COUNTER, "a_total")};

    (void)state;
    promon_cell_inc(cells[0]);
    promon_cell_add(cells[1], 5);
    assert_true(counting_value(first, "a_total", NULL) == 1);
    assert_true(counting_value(second, "a_total", NULL) == 5);
    counting_free(first);
    promon_cell_inc(cells[1]);
    assert_true(counting_value(second, "a_total", NULL) == 6);
    counting_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_come_in_the_order_in_which_they_were_added),
        cmocka_unit_test(names_of_samples_choose_their_families),
        cmocka_unit_test(what_is_removed_during_a_reading_stays_until_its_release),
        cmocka_unit_test(gathering_again_allocates_nothing),
        cmocka_unit_test(families_and_series_come_and_go_during_readings),
        cmocka_unit_test(monitors_count_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
