/* Families: what is a family, its series by label values, and their end. */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "support/counting.h"

#include "registry_state.h"
#include "slots_process.h"

static const char *const two_labels[] = {"queue", "result", NULL};

struct wrong {
    const char *what; /* part of the message */
    struct promon_family_options options;
};

#define WRONG(text, ...)                                              \
    {                                                                 \
        text,                                                         \
        {                                                             \
            .size = sizeof(struct promon_family_options), __VA_ARGS__ \
        }                                                             \
    }

static const double falling[] = {1, 1}, infinite[] = {1, INFINITY};
static const char *const reserved_label[] = {"__name", NULL}, *const le[] = {"le", NULL};
static const char *const same_labels[] = {"a", "b", "a", NULL}, *const colon[] = {"a:b", NULL};
static const char *const mode_label[] = {"mode", NULL}, *const same_states[] = {"x", "x", NULL};

static const struct wrong wrongs[] = {
    WRONG("kind", .name = "a_total"),
    WRONG("name is not set", .kind = PROMON_GAUGE),
    WRONG("no name", .kind = PROMON_GAUGE, .name = ""),
    WRONG("no name", .kind = PROMON_GAUGE, .name = "9a"),
    WRONG("no name", .kind = PROMON_GAUGE, .name = "a-b"),
    WRONG("no name", .kind = PROMON_GAUGE, .name = "\xc3\xa4"),
    WRONG("_total", .kind = PROMON_COUNTER, .name = "a"),
    WRONG("_total", .kind = PROMON_COUNTER, .name = "_total"),
    WRONG("_info", .kind = PROMON_INFO, .name = "a"),
    WRONG("one of a label", .kind = PROMON_STATESET, .name = "a:b", .states = two_labels),
    WRONG("one of a label", .kind = PROMON_STATESET, .name = "__a", .states = two_labels),
    WRONG("library's", .kind = PROMON_GAUGE, .name = "promon_a"),
    WRONG("library's", .kind = PROMON_GAUGE, .name = "process_a"),
    WRONG("unit", .kind = PROMON_GAUGE, .name = "a_bytes", .unit = "seconds"),
    WRONG("unit", .kind = PROMON_GAUGE, .name = "bytes", .unit = "bytes"),
    WRONG("UTF-8", .kind = PROMON_GAUGE, .name = "a", .help = "\xff"),
    WRONG("wrong name", .kind = PROMON_GAUGE, .name = "a", .labels = reserved_label),
    WRONG("wrong name", .kind = PROMON_GAUGE, .name = "a", .labels = colon),
    WRONG("twice", .kind = PROMON_GAUGE, .name = "a", .labels = same_labels),
    WRONG("own", .kind = PROMON_HISTOGRAM, .name = "a", .labels = le),
    WRONG("own", .kind = PROMON_STATESET, .name = "mode", .labels = mode_label,
          .states = two_labels),
    WRONG("only histograms", .kind = PROMON_GAUGE, .name = "a", .native_factor = 1.1),
    WRONG("grow", .kind = PROMON_HISTOGRAM, .name = "a", .buckets = falling, .n_buckets = 2),
    WRONG("grow", .kind = PROMON_HISTOGRAM, .name = "a", .buckets = infinite, .n_buckets = 2),
    WRONG("n_buckets", .kind = PROMON_HISTOGRAM, .name = "a", .n_buckets = 2),
    WRONG("above 1", .kind = PROMON_HISTOGRAM, .name = "a", .native_factor = 1),
    WRONG("above 1", .kind = PROMON_HISTOGRAM, .name = "a", .native_factor = NAN),
    WRONG("native_factor", .kind = PROMON_HISTOGRAM, .name = "a", .native_max_buckets = 5),
    WRONG("too large", .kind = PROMON_HISTOGRAM, .name = "a", .native_factor = 2,
          .native_max_buckets = 501),
    WRONG("zero", .kind = PROMON_HISTOGRAM, .name = "a", .native_factor = 2,
          .native_zero_threshold = -1),
    WRONG("needs states", .kind = PROMON_STATESET, .name = "a"),
    WRONG("twice", .kind = PROMON_STATESET, .name = "a", .states = same_states),
    WRONG("only state sets", .kind = PROMON_GAUGE, .name = "a", .states = two_labels),
    WRONG("ttl", .kind = PROMON_GAUGE, .name = "a", .series_ttl_ms = -1),
};

static void a_wrong_option_is_refused_and_named(void **state)
{
    struct promon *promon = counting_new();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct promon_error error = PROMON_ERROR_INIT;
        struct promon_family *family = NULL;

        if (promon_family_add(promon, &wrongs[i].options, &family, &error) != PROMON_EINVALID)
            fail_msg("%zu: %s was taken", i, wrongs[i].what);
        if (strstr(error.message, wrongs[i].what) == NULL)
            fail_msg("%zu: \"%s\" does not tell of \"%s\"", i, error.message, wrongs[i].what);
        assert_null(family);
    }
    counting_free(promon);
}

struct pair {
    enum promon_kind first_kind;
    const char *first;
    enum promon_kind second_kind;
    const char *second;
    bool is_allowed;
};

static const struct pair pairs[] = {
    {PROMON_GAUGE, "a", PROMON_GAUGE, "a", false},
    {PROMON_GAUGE, "a", PROMON_COUNTER, "a_total", false},
    {PROMON_COUNTER, "a_total", PROMON_GAUGE, "a_created", false},
    {PROMON_COUNTER, "a_total", PROMON_GAUGE, "a_count", true},
    {PROMON_HISTOGRAM, "a", PROMON_GAUGE, "a_count", false},
    {PROMON_GAUGE, "a_bucket", PROMON_HISTOGRAM, "a", false},
    {PROMON_HISTOGRAM, "a", PROMON_GAUGE, "a_sum", false},
    {PROMON_HISTOGRAM, "a", PROMON_COUNTER, "a_sum_total", false},
    {PROMON_HISTOGRAM, "a", PROMON_COUNTER, "a_total", false},
    {PROMON_INFO, "a_info", PROMON_GAUGE, "a", false},
    {PROMON_INFO, "a_info", PROMON_GAUGE, "a_inf", true},
    {PROMON_GAUGE, "a", PROMON_GAUGE, "a_total", true},
};

static void names_that_samples_share_are_taken(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct promon *promon = counting_new();
        struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
        struct promon_family *family =
            counting_family(promon, pairs[i].first_kind, pairs[i].first, NULL);
        struct promon_family *second = NULL;

        options.kind = pairs[i].second_kind;
        options.name = pairs[i].second;
        if (promon_family_add(promon, &options, &second, NULL) !=
            (pairs[i].is_allowed ? PROMON_OK : PROMON_EEXISTS))
            fail_msg("%s beside %s", pairs[i].second, pairs[i].first);
        promon_family_remove(promon, family);
        if (!pairs[i].is_allowed)
            assert_int_equal(promon_family_add(promon, &options, &second, NULL), PROMON_OK);
        counting_free(promon);
    }
}

static void a_cell_is_the_same_each_time_and_never_missing(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = counting_family(promon, PROMON_COUNTER, "a_total", two_labels);
    struct promon_cell *cell = PROMON_CELL(family, "mail", "ok");
    struct promon_cell *wrong = NULL;

    (void)state;
    assert_ptr_equal(cell, PROMON_CELL(family, "mail", "ok"));
    assert_ptr_not_equal(cell, PROMON_CELL(family, "mailo", "k"));
    assert_ptr_not_equal(PROMON_CELL(family, "12345678", ""), PROMON_CELL(family, "", "12345678"));
    assert_int_equal(promon_family_cell(family, LABELS("mail"), &wrong, NULL), PROMON_EINVALID);
    promon_cell_inc(wrong);
    promon_cell_set(wrong, 1);
    promon_cell_observe(wrong, 1);
    assert_int_equal(promon_family_cell(family, LABELS("a", "b", "c"), &wrong, NULL),
                     PROMON_EINVALID);
    assert_int_equal(promon_family_cell(family, NULL, &wrong, NULL), PROMON_EINVALID);
    assert_int_equal(promon_family_cell(family, LABELS("\xff", "b"), &wrong, NULL),
                     PROMON_EINVALID);
    assert_int_equal(promon_family_cell(NULL, NULL, &wrong, NULL), PROMON_EINVALID);
    assert_non_null(wrong);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 0);
    promon_cell_inc(PROMON_CELL(family, "mail"));
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 1);
    counting_free(promon);
}

static void label_values_of_any_length_and_text_are_kept_apart(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = counting_family(promon, PROMON_GAUGE, "a", two_labels);
    char value[1200];
    size_t size;

    (void)state;
    for (size = 0; size < sizeof(value) - 1; size++) {
        memset(value, 'x', size);
        value[size] = '\0';
        promon_family_set(family, LABELS(value, "y"), (double)size);
        promon_family_set(family, LABELS("y", value), -(double)size);
    }
    for (size = 0; size < sizeof(value) - 1; size += 7) {
        memset(value, 'x', size);
        value[size] = '\0';
        assert_true(counting_value(promon, "a", LABELS("queue", value, "result", "y")) ==
                    (double)size);
        assert_true(counting_value(promon, "a", LABELS("result", value, "queue", "y")) ==
                    -(double)size);
    }
    counting_free(promon);
}

static void counting_by_label_values_makes_the_series(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *counter = counting_family(promon, PROMON_COUNTER, "a_total", two_labels);
    struct promon_family *histogram = counting_family(promon, PROMON_HISTOGRAM, "b", two_labels);
    struct promon_family *single = counting_family(promon, PROMON_COUNTER, "c_total", NULL);

    (void)state;
    promon_family_count(counter, LABELS("mail", "ok"), 2);
    promon_family_count(counter, LABELS("mail", "ok"), 0.5);
    promon_family_observe(histogram, LABELS("mail", "ok"), 3);
    promon_family_count(single, NULL, 1);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "mail", "result", "ok")) == 2.5);
    assert_true(counting_value(promon, "b_sum", LABELS("queue", "mail", "result", "ok")) == 3);
    assert_true(counting_value(promon, "c_total", NULL) == 1);
    promon_family_count(counter, LABELS("mail"), 1);
    promon_family_count(counter, LABELS("mail", "\xc3"), 1);
    promon_family_set(counter, LABELS("mail", "ok"), 1);
    promon_family_count(counter, LABELS("mail", "ok"), -1);
    promon_family_observe(histogram, LABELS("mail", "ok"), NAN);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 5);
    promon_family_count(NULL, NULL, 1);
    counting_free(promon);
}

static void a_removed_series_is_gone_and_begins_anew(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = counting_family(promon, PROMON_COUNTER, "a_total", two_labels);
    const char *const labels[] = {"queue", "mail", "result", "ok", NULL};

    (void)state;
    promon_family_count(family, LABELS("mail", "ok"), 5);
    promon_family_count(family, LABELS("mail", "bad"), 1);
    assert_int_equal(promon_family_remove_series(family, LABELS("mail", "ok"), NULL), PROMON_OK);
    assert_true(counting_value(promon, "a_total", labels) == COUNTING_ABSENT);
    assert_int_equal(promon_family_remove_series(family, LABELS("mail", "ok"), NULL),
                     PROMON_ENOTFOUND);
    assert_int_equal(promon_family_remove_series(family, LABELS("mail"), NULL), PROMON_EINVALID);
    promon_family_count(family, LABELS("mail", "ok"), 1);
    assert_true(counting_value(promon, "a_total", labels) == 1);
    promon_family_clear(family);
    assert_true(counting_value(promon, "a_total", labels) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "mail", "result", "bad")) ==
                COUNTING_ABSENT);
    counting_free(promon);
}

static struct promon_family *limited(struct promon *promon, size_t max_series, int64_t ttl_ms)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family = NULL;

    options.kind = PROMON_COUNTER;
    options.name = "a_total";
    options.labels = two_labels;
    options.max_series = max_series;
    options.series_ttl_ms = ttl_ms;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    return family;
}

static void more_series_than_the_limit_fall_together_and_are_counted(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = limited(promon, 2, 0);
    const char *const other[] = {"queue", "__other__", "result", "__other__", NULL};
    struct promon_cell *cell = NULL;

    (void)state;
    promon_family_count(family, LABELS("1", "x"), 1);
    promon_family_count(family, LABELS("2", "x"), 1);
    promon_family_count(family, LABELS("3", "x"), 1);
    promon_family_count(family, LABELS("4", "x"), 1);
    promon_family_count(family, LABELS("1", "x"), 1);
    assert_int_equal(promon_family_cell(family, LABELS("5", "x"), &cell, NULL), PROMON_ELIMIT);
    promon_cell_inc(cell);
    assert_true(counting_value(promon, "a_total", other) == 3);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "1", "result", "x")) == 2);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "3", "result", "x")) ==
                COUNTING_ABSENT);
    assert_true(
        counting_value(promon, "promon_series_dropped_total", LABELS("family", "a_total")) == 3);
    promon_family_remove_series(family, LABELS("1", "x"), NULL);
    promon_family_count(family, LABELS("3", "x"), 1);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "3", "result", "x")) == 1);
    counting_free(promon);
}

/* Slots, tables and lists that a family with removals leaves behind. */
static void endless_new_label_sets_take_no_endless_memory(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = limited(promon, 100, 0);
    size_t n_slabs, mask;
    char value[32];
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        promon_family_count(family, LABELS(value, "x"), 1);
    }
    assert_true(counting_value(promon, "promon_series_dropped_total",
                               LABELS("family", "a_total")) == 20000 - 100);
    assert_int_equal(family->n_series, 100);
    promon_family_clear(family);
    n_slabs = promon__process.n_slabs;
    mask = family->table->mask;
    for (i = 0; i < 20000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        promon_family_count(family, LABELS(value, "x"), 1);
        assert_int_equal(promon_family_remove_series(family, LABELS(value, "x"), NULL), PROMON_OK);
    }
    assert_true(promon__process.n_slabs <= n_slabs);
    assert_true(family->table->mask <= mask);
    assert_null(family->first);
    assert_null(promon->registry->removed_series);
    counting_free(promon);
}

static void wait_ms(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static void what_was_not_touched_for_its_time_to_live_ends_but_not_what_is_held(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = limited(promon, 0, 50);
    const char *const loose[] = {"queue", "loose", "result", "x", NULL};
    struct promon_cell *cell = PROMON_CELL(family, "held", "x");
    int tries;

    (void)state;
    promon_family_count(family, LABELS("loose", "x"), 1);
    assert_true(counting_value(promon, "a_total", loose) == 1);
    for (tries = 0; tries < 1000 && counting_value(promon, "a_total", loose) == 1; tries++)
        wait_ms(10);
    assert_true(counting_value(promon, "a_total", loose) == COUNTING_ABSENT);
    promon_cell_inc(cell);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "held", "result", "x")) == 1);
    counting_free(promon);
}

struct storm {
    struct promon_family *family;
    uint64_t counted;
    bool stop;
};

static void *count_victim(void *data)
{
    struct storm *storm = data;

    while (!__atomic_load_n(&storm->stop, __ATOMIC_RELAXED)) {
        promon_family_count(storm->family, LABELS("victim", "x"), 1);
        promon_family_count(storm->family, LABELS("steady", "x"), 1);
        __atomic_fetch_add(&storm->counted, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Slots of the victim are used again at once by series that nobody counts in. */
static void reuse_slots_under_threads(void)
{
    struct promon *promon = counting_new();
    struct storm storm = {.family = counting_family(promon, PROMON_COUNTER, "a_total", two_labels)};
    pthread_t threads[3];
    char value[32];
    int i;

    for (i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_victim, &storm), 0);
    for (i = 0; i < 400; i++) {
        const char *const labels[] = {"queue", value, "result", "y", NULL};

        promon_family_remove_series(storm.family, LABELS("victim", "x"), NULL);
        snprintf(value, sizeof(value), "%d", i);
        promon_family_count(storm.family, LABELS(value, "y"), 0);
        wait_ms(0);
        assert_true(counting_value(promon, "a_total", labels) == 0);
        if (i % 2 == 0)
            promon_family_remove_series(storm.family, LABELS(value, "y"), NULL);
    }
    __atomic_store_n(&storm.stop, true, __ATOMIC_RELAXED);
    for (i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(counting_value(promon, "a_total", LABELS("queue", "steady", "result", "x")) ==
                (double)storm.counted);
    counting_free(promon);
}

static void a_slot_that_is_used_again_never_receives_the_count_of_a_removed_series(void **state)
{
    (void)state;
    reuse_slots_under_threads();
}

static void nor_does_it_where_the_kernel_has_no_barrier_for_all_threads(void **state)
{
    const bool is_fenced = promon__process.is_fenced;

    (void)state;
    promon__process.is_fenced = true;
    reuse_slots_under_threads();
    promon__process.is_fenced = is_fenced;
}

static void *count_many(void *data)
{
    struct storm *storm = data;
    char value[32];
    int i;

    for (i = 0; i < 3000; i++) {
        snprintf(value, sizeof(value), "%d", i % 500);
        promon_family_count(storm->family, LABELS(value, "x"), 1);
        promon_cell_inc(PROMON_CELL(storm->family, "held", value));
    }
    return NULL;
}

static void tables_grow_under_threads_that_look_up_and_totals_are_exact(void **state)
{
    struct promon *promon = counting_new();
    struct storm storm = {.family = counting_family(promon, PROMON_COUNTER, "a_total", two_labels)};
    pthread_t threads[4];
    char value[32];
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, &storm), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < 500; i += 50) {
        snprintf(value, sizeof(value), "%d", i);
        assert_true(counting_value(promon, "a_total", LABELS("queue", value, "result", "x")) ==
                    4 * 3000 / 500);
        assert_true(counting_value(promon, "a_total", LABELS("queue", "held", "result", value)) ==
                    4 * 3000 / 500);
    }
    counting_free(promon);
}

static void add_without_memory(void *context)
{
    struct promon *promon = context;
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family = NULL;
    struct promon_cell *cell = NULL;

    options.kind = PROMON_HISTOGRAM;
    options.name = "a";
    options.help = "help";
    options.labels = two_labels;
    options.native_factor = 1.1;
    options.buckets = (const double[]){1, 2};
    options.n_buckets = 2;
    options.max_series = 1;
    if (promon_family_add(promon, &options, &family, NULL) != PROMON_OK) {
        assert_null(family);
        return;
    }
    promon_family_cell(family, LABELS("1", "x"), &cell, NULL);
    promon_cell_observe_exemplar(cell, 1, LABELS("trace_id", "1"));
    promon_family_cell(family, LABELS("2", "x"), &cell, NULL);
    promon_cell_observe(cell, 1);
    promon_family_observe(family, LABELS("3", "x"), 1);
    promon_family_remove_series(family, LABELS("1", "x"), NULL);
    promon_family_remove(promon, family);
}

static void without_memory_there_is_no_family_or_no_series_and_nothing_breaks(void **state)
{
    struct promon *promon = counting_new();

    (void)state;
    assert_true(oom_for_every_allocation(add_without_memory, promon) > 10);
    counting_free(promon);
}

static void make_without_memory(void *context)
{
    struct promon__registry *registry = NULL;

    (void)context;
    if (promon__registry_new(&registry, NULL) != PROMON_OK)
        assert_null(registry);
    promon__registry_free(registry);
}

static void a_registry_without_memory_is_not_made(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(make_without_memory, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_option_is_refused_and_named),
        cmocka_unit_test(names_that_samples_share_are_taken),
        cmocka_unit_test(a_cell_is_the_same_each_time_and_never_missing),
        cmocka_unit_test(label_values_of_any_length_and_text_are_kept_apart),
        cmocka_unit_test(counting_by_label_values_makes_the_series),
        cmocka_unit_test(a_removed_series_is_gone_and_begins_anew),
        cmocka_unit_test(more_series_than_the_limit_fall_together_and_are_counted),
        cmocka_unit_test(endless_new_label_sets_take_no_endless_memory),
        cmocka_unit_test(what_was_not_touched_for_its_time_to_live_ends_but_not_what_is_held),
        cmocka_unit_test(a_slot_that_is_used_again_never_receives_the_count_of_a_removed_series),
        cmocka_unit_test(nor_does_it_where_the_kernel_has_no_barrier_for_all_threads),
        cmocka_unit_test(tables_grow_under_threads_that_look_up_and_totals_are_exact),
        cmocka_unit_test(without_memory_there_is_no_family_or_no_series_and_nothing_breaks),
        cmocka_unit_test(a_registry_without_memory_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
