/* Native histograms: schemas, buckets, widening, and the agreement with classic buckets. */
#include "test.h"

#include <float.h>
#include <math.h>
#include <pthread.h>

#include "support/counting.h"

#include "native.h"

static void the_schema_is_the_coarsest_that_keeps_the_factor(void **state)
{
    (void)state;
    assert_int_equal(promon__native_schema_of(1.1), 3);
    assert_int_equal(promon__native_schema_of(2), 0);
    assert_int_equal(promon__native_schema_of(1.5), 1);
    assert_int_equal(promon__native_schema_of(4), -1);
    assert_int_equal(promon__native_schema_of(1.0000001), PROMON__MAX_SCHEMA);
    assert_int_equal(promon__native_schema_of(1e30), PROMON__MIN_SCHEMA);
}

/* A bound as its definition has it; too large ones are infinite. */
static double bound_of(int32_t key, int32_t schema)
{
    return exp2(ldexp(key, -schema));
}

static void a_bucket_holds_what_is_between_its_bounds(void **state)
{
    double bounds[1 << PROMON__MAX_SCHEMA];
    int32_t fine, schema;
    double value;

    (void)state;
    for (fine = 1; fine <= PROMON__MAX_SCHEMA; fine++) {
        promon__native_fill_bounds(bounds, fine);
        for (schema = PROMON__MIN_SCHEMA; schema <= fine; schema++) {
            for (value = 1e-300; value < 1e300; value *= 1.37) {
                const int32_t key = promon__native_key(value, schema, bounds, fine);

                assert_true(value <= bound_of(key, schema) * (1 + 1e-12));
                assert_true(value > bound_of(key - 1, schema) * (1 - 1e-12));
            }
            assert_int_equal(promon__native_key(1, schema, bounds, fine), 0);
            assert_int_equal(promon__native_key(nextafter(1, 2), schema, bounds, fine), 1);
            assert_int_equal(promon__native_key(INFINITY, schema, bounds, fine),
                             promon__native_key(DBL_MAX, schema, bounds, fine) + 1);
        }
    }
}

static struct promon_family *native_family(struct promon *promon, const char *name,
                                           unsigned max_buckets, bool is_classic)
{
    static const double bounds[] = {0.01, 0.1, 1, 10, 100};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family = NULL;

    options.kind = PROMON_HISTOGRAM;
    options.name = name;
    options.native_factor = 1.1;
    options.native_max_buckets = max_buckets;
    options.native_zero_threshold = 1e-6;
    options.buckets = is_classic ? bounds : NULL;
    options.n_buckets = is_classic ? 5 : 0;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    return family;
}

struct reading {
    struct promon__gathered gathered;
    const struct promon__gathered_family *family;
    const struct promon__gathered_histogram *histogram;
    const struct promon__native *native;
};

static void read_one(struct promon *promon, const char *name, struct reading *reading)
{
    assert_int_equal(
        promon__registry_gather(promon->registry, LABELS(name), &reading->gathered, NULL),
        PROMON_OK);
    reading->family = &reading->gathered.families[0];
    reading->histogram = reading->family->series[0].histogram;
    reading->native = reading->histogram->native;
}

static void end_reading(struct promon *promon, struct reading *reading)
{
    promon__registry_release(promon->registry, &reading->gathered);
}

/* Whether spans and counts belong together and all is the count. */
static void check_totals(const struct reading *reading)
{
    const struct promon__native *native = reading->native;
    uint64_t all = native->zero_count;
    size_t spanned = 0, i;

    for (i = 0; i < native->n_positive_counts; i++)
        all += native->positive_counts[i];
    for (i = 0; i < native->n_negative_counts; i++)
        all += native->negative_counts[i];
    assert_true(all == reading->histogram->count);
    for (i = 0; i < native->n_positive_spans; i++)
        spanned += native->positive_spans[i].length;
    assert_int_equal(spanned, native->n_positive_counts);
    for (spanned = 0, i = 0; i < native->n_negative_spans; i++)
        spanned += native->negative_spans[i].length;
    assert_int_equal(spanned, native->n_negative_counts);
}

static void values_are_told_in_spans_by_sign_with_zero_apart(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = native_family(promon, "a", 0, false);
    struct reading reading = {.gathered = {NULL, 0, NULL}};

    (void)state;
    promon_family_observe(family, NULL, 0);
    promon_family_observe(family, NULL, -1e-6);
    promon_family_observe(family, NULL, 1); /* key 0 */
    promon_family_observe(family, NULL, 1.2); /* 3: two empty ones between are told */
    promon_family_observe(family, NULL, 1.2);
    promon_family_observe(family, NULL, 2.1); /* 9: a gap of 5 */
    promon_family_observe(family, NULL, -0.5); /* -8 */
    read_one(promon, "a", &reading);
    assert_int_equal(reading.native->schema, 3);
    assert_int_equal(reading.native->zero_count, 2);
    assert_int_equal(reading.native->n_positive_spans, 2);
    assert_int_equal(reading.native->positive_spans[0].offset, 0);
    assert_int_equal(reading.native->positive_spans[0].length, 4);
    assert_int_equal(reading.native->positive_spans[1].offset, 5);
    assert_int_equal(reading.native->positive_spans[1].length, 1);
    assert_int_equal(reading.native->positive_counts[3], 2);
    assert_int_equal(reading.native->positive_counts[1], 0);
    assert_int_equal(reading.native->n_negative_spans, 1);
    assert_int_equal(reading.native->negative_spans[0].offset, -8);
    assert_int_equal(reading.native->negative_counts[0], 1);
    assert_int_equal(reading.histogram->count, 7);
    assert_true(fabs(reading.histogram->sum - 5) < 1e-5);
    assert_false(reading.family->is_classic);
    check_totals(&reading);
    end_reading(promon, &reading);
    promon__gathered_free(&reading.gathered);
    counting_free(promon);
}

static void an_empty_one_has_neither_buckets_nor_count(void **state)
{
    struct promon *promon = counting_new();
    struct reading reading = {.gathered = {NULL, 0, NULL}};

    (void)state;
    native_family(promon, "a", 0, false);
    read_one(promon, "a", &reading);
    assert_int_equal(reading.native->n_positive_spans, 0);
    assert_int_equal(reading.native->n_negative_spans, 0);
    assert_int_equal(reading.histogram->count, 0);
    end_reading(promon, &reading);
    promon__gathered_free(&reading.gathered);
    counting_free(promon);
}

/* Buckets told of a positive key. */
static uint64_t count_of(const struct promon__native *native, int32_t key)
{
    int32_t at = 0;
    size_t i, n = 0;
    uint32_t j;

    for (i = 0; i < native->n_positive_spans; i++) {
        at += native->positive_spans[i].offset;
        for (j = 0; j < native->positive_spans[i].length; j++, n++, at++) {
            if (at == key)
                return native->positive_counts[n];
        }
    }
    return 0;
}

static void buckets_become_wider_when_they_would_be_too_many_and_lose_nothing(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = native_family(promon, "a", 10, false);
    struct reading reading = {.gathered = {NULL, 0, NULL}};
    double value;
    uint64_t n = 0;

    (void)state;
    for (value = 0.001; value < 1000; value *= 1.05) {
        promon_family_observe(family, NULL, value);
        promon_family_observe(family, NULL, value);
        n += 2;
    }
    read_one(promon, "a", &reading);
    assert_int_equal(reading.native->schema, -1);
    assert_true(reading.histogram->count == n);
    check_totals(&reading);
    /* Between 1 and 4, of 2^(2 * 0) and 2^(2 * 1). */
    for (n = 0, value = 0.001; value < 1000; value *= 1.05)
        n += value > 1 && value <= 4 ? 2 : 0;
    assert_true(count_of(reading.native, 1) == n);
    end_reading(promon, &reading);
    promon__gathered_free(&reading.gathered);
    counting_free(promon);
}

static void the_widest_schema_takes_all_there_is(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = native_family(promon, "a", 1, false);
    struct reading reading = {.gathered = {NULL, 0, NULL}};
    uint64_t n = 2;
    double value;

    (void)state;
    for (value = 1e-5; value < 1e308; value *= 3, n += 2) {
        promon_family_observe(family, NULL, value);
        promon_family_observe(family, NULL, -value);
    }
    promon_family_observe(family, NULL, INFINITY);
    promon_family_observe(family, NULL, -INFINITY);
    read_one(promon, "a", &reading);
    assert_int_equal(reading.native->schema, PROMON__MIN_SCHEMA);
    assert_true(reading.histogram->count == n);
    check_totals(&reading);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 0);
    end_reading(promon, &reading);
    promon__gathered_free(&reading.gathered);
    counting_free(promon);
}

struct storm {
    struct promon_family *family;
    struct promon_cell *cell;
    uint32_t seed;
};

enum { OBSERVERS = 3, OBSERVATIONS = 15000 };

static void *observe(void *data)
{
    const struct storm *storm = data;
    uint32_t random = storm->seed;
    int i;

    for (i = 0; i < OBSERVATIONS; i++) {
        double value;

        random = random * 1664525 + 1013904223;
        /* Wider and wider, so that buckets are made and widened meanwhile. */
        value = exp2((double)(random >> 16) / 65536 * i / 500 - i / 1000.0);
        if (i % 2 == 0)
            promon_cell_observe(storm->cell, value);
        else
            promon_family_observe(storm->family, NULL, value);
    }
    return NULL;
}

/* What a scrape must find: the forms agree, and nothing is less than it was. */
static void check_scrape(const struct reading *reading, uint64_t *last)
{
    uint64_t all = 0;
    size_t i;

    check_totals(reading);
    for (i = 0; i <= reading->family->n_bounds; i++) {
        assert_true(reading->histogram->counts[i] >= last[i]);
        last[i] = reading->histogram->counts[i];
        all += last[i];
    }
    assert_true(all == reading->histogram->count);
}

static void both_forms_agree_in_every_scrape_under_threads_and_widening(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family *family = native_family(promon, "a", 40, true);
    struct promon_cell *cell = NULL;
    struct reading reading = {.gathered = {NULL, 0, NULL}};
    struct storm storms[OBSERVERS];
    pthread_t threads[OBSERVERS];
    uint64_t last[6] = {0};
    int i;

    (void)state;
    assert_int_equal(promon_family_cell(family, NULL, &cell, NULL), PROMON_OK);
    for (i = 0; i < OBSERVERS; i++) {
        storms[i] = (struct storm){family, cell, (uint32_t)i};
        assert_int_equal(pthread_create(&threads[i], NULL, observe, &storms[i]), 0);
    }
    for (i = 0; i < 300; i++) {
        read_one(promon, "a", &reading);
        check_scrape(&reading, last);
        end_reading(promon, &reading);
    }
    for (i = 0; i < OBSERVERS; i++)
        pthread_join(threads[i], NULL);
    read_one(promon, "a", &reading);
    check_scrape(&reading, last);
    assert_true(reading.histogram->count == OBSERVERS * OBSERVATIONS);
    assert_true(reading.native->schema < 3);
    end_reading(promon, &reading);
    promon__gathered_free(&reading.gathered);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_is_the_coarsest_that_keeps_the_factor),
        cmocka_unit_test(a_bucket_holds_what_is_between_its_bounds),
        cmocka_unit_test(values_are_told_in_spans_by_sign_with_zero_apart),
        cmocka_unit_test(an_empty_one_has_neither_buckets_nor_count),
        cmocka_unit_test(buckets_become_wider_when_they_would_be_too_many_and_lose_nothing),
        cmocka_unit_test(the_widest_schema_takes_all_there_is),
        cmocka_unit_test(both_forms_agree_in_every_scrape_under_threads_and_widening),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
