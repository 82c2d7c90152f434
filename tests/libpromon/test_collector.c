/* Collectors: what they tell, what is left out, and their coming and going during scrapes. */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

#include "support/counting.h"

static const char *const pool_labels[] = {"pool", NULL};

static void begin(struct promon_collection *collection, enum promon_kind kind, const char *name,
                  const char *const *labels)
{
    struct promon_collected family = PROMON_COLLECTED_INIT;

    family.kind = kind;
    family.name = name;
    family.help = "For a test.";
    family.labels = labels;
    promon_collect_family(collection, &family);
}

static void tell_pools(void *data, struct promon_collection *collection)
{
    static const double bounds[] = {1, 2};
    static const uint64_t counts[] = {3, 0, 4};
    struct promon_collected family = PROMON_COLLECTED_INIT;

    begin(collection, PROMON_GAUGE, "pool_connections", pool_labels);
    promon_collect_value(collection, LABELS("a\n"), *(const double *)data);
    promon_collect_value(collection, LABELS("b"), NAN);
    begin(collection, PROMON_COUNTER, "pool_uses_total", NULL);
    promon_collect_unsigned(collection, NULL, UINT64_MAX);
    begin(collection, PROMON_INFO, "pool_info", pool_labels);
    promon_collect_value(collection, LABELS("a"), 77);
    family.kind = PROMON_HISTOGRAM;
    family.name = "pool_wait_seconds";
    family.unit = "seconds";
    family.buckets = bounds;
    family.n_buckets = 2;
    promon_collect_family(collection, &family);
    promon_collect_histogram(collection, NULL, counts, 12.5);
}

static void metrics_of_collectors_are_exposed(void **state)
{
    struct promon *promon = counting_new();
    struct promon_collector *collector = NULL;
    double connections = 5;

    (void)state;
    assert_int_equal(promon_collector_add(promon, NULL, NULL, &collector, NULL), PROMON_EINVALID);
    assert_int_equal(promon_collector_add(promon, tell_pools, &connections, &collector, NULL),
                     PROMON_OK);
    assert_true(counting_value(promon, "pool_connections", LABELS("pool", "a\n")) == 5);
    connections = 6;
    assert_true(counting_value(promon, "pool_connections", LABELS("pool", "a\n")) == 6);
    assert_true(isnan(counting_value(promon, "pool_connections", LABELS("pool", "b"))));
    assert_true(counting_value(promon, "pool_uses_total", NULL) == (double)UINT64_MAX);
    assert_true(counting_value(promon, "pool_info", LABELS("pool", "a")) == 1);
    assert_true(counting_value(promon, "pool_wait_seconds_bucket", LABELS("le", "2")) == 3);
    assert_true(counting_value(promon, "pool_wait_seconds_count", NULL) == 7);
    assert_true(counting_value(promon, "pool_wait_seconds_sum", NULL) == 12.5);
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 0);
    promon_collector_remove(promon, collector);
    promon_collector_remove(promon, NULL);
    assert_true(counting_value(promon, "pool_uses_total", NULL) == COUNTING_ABSENT);
    counting_free(promon);
}

/*
 * Twelve faults, the last in another family; between them samples of nothing, which is not counted
 * again.
 */
static void tell_wrongly(void *data, struct promon_collection *collection)
{
    static const uint64_t counts[] = {1};
    struct promon_collected no_size = {.kind = PROMON_GAUGE, .name = "a"};

    (void)data;
    promon_collect_value(collection, NULL, 1);
    promon_collect_family(collection, &no_size);
    begin(collection, PROMON_GAUGE, "9", NULL);
    promon_collect_value(collection, NULL, 1);
    begin(collection, PROMON_COUNTER, "not_so", NULL);
    begin(collection, PROMON_STATESET, "state", NULL);
    begin(collection, PROMON_GAUGE, "promon_mine", NULL);
    begin(collection, PROMON_GAUGE, "taken_count", NULL);
    promon_collect_value(collection, NULL, 1);
    begin(collection, PROMON_GAUGE, "right", pool_labels);
    promon_collect_value(collection, LABELS("x"), 1);
    promon_collect_value(collection, LABELS("x"), 2);
    promon_collect_value(collection, LABELS("x", "y"), 3);
    promon_collect_value(collection, LABELS("\xff"), 4);
    promon_collect_histogram(collection, LABELS("z"), counts, 1);
    promon_collect_value(collection, LABELS("y"), 5);
    begin(collection, PROMON_GAUGE, "right", NULL);
    promon_collect_value(collection, NULL, 6);
    begin(collection, PROMON_COUNTER, "falling_total", NULL);
    promon_collect_value(collection, NULL, -1);
}

static void what_is_wrong_is_left_out_and_counted(void **state)
{
    struct promon *promon = counting_new();
    struct promon__gathered gathered = {NULL, 0, NULL};
    struct promon_collector *collector = NULL;

    (void)state;
    counting_cell(promon, PROMON_HISTOGRAM, "taken");
    promon_collector_add(promon, tell_wrongly, NULL, &collector, NULL);
    assert_true(counting_value(promon, "right", LABELS("pool", "x")) == 1);
    /* A scrape tells of the faults before it, and looks at no sample that is not asked for. */
    assert_true(counting_value(promon, "promon_misuse_total", NULL) == 11);
    assert_true(counting_value(promon, "right", LABELS("pool", "y")) == 5);
    assert_int_equal(
        promon__registry_gather(promon->registry, LABELS("right", "taken_count"), &gathered, NULL),
        PROMON_OK);
    assert_int_equal(gathered.n_families, 2);
    assert_string_equal(gathered.families[0].name, "taken");
    assert_int_equal(gathered.families[1].n_series, 2);
    promon__registry_release(promon->registry, &gathered);
    promon__gathered_free(&gathered);
    counting_free(promon);
}

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running, most_running, runs;
    bool is_open;
};

static void pass_gate(void *data, struct promon_collection *collection)
{
    struct gate *gate = data;

    pthread_mutex_lock(&gate->lock);
    gate->runs++;
    gate->running++;
    if (gate->running > gate->most_running)
        gate->most_running = gate->running;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->running--;
    pthread_mutex_unlock(&gate->lock);
    begin(collection, PROMON_GAUGE, "passed", NULL);
    promon_collect_value(collection, NULL, 1);
}

static void *scrape(void *data)
{
    struct promon__gathered gathered = {NULL, 0, NULL};
    struct promon *promon = data;

    assert_int_equal(promon__registry_gather(promon->registry, NULL, &gathered, NULL), PROMON_OK);
    promon__registry_release(promon->registry, &gathered);
    promon__gathered_free(&gathered);
    return NULL;
}

struct removal {
    struct promon *promon;
    struct promon_collector *collector;
    bool is_done;
};

static void *remove_collector(void *data)
{
    struct removal *removal = data;

    promon_collector_remove(removal->promon, removal->collector);
    __atomic_store_n(&removal->is_done, true, __ATOMIC_RELEASE);
    return NULL;
}

static void wait_for_run(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->running == 0)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void collectors_run_one_scrape_at_a_time_and_removal_waits_for_them(void **state)
{
    const struct timespec pause = {0, 20000000};
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, false};
    struct promon *promon = counting_new();
    struct removal removal = {.promon = promon};
    pthread_t scrapes[2], remover;

    (void)state;
    promon_collector_add(promon, pass_gate, &gate, &removal.collector, NULL);
    assert_int_equal(pthread_create(&scrapes[0], NULL, scrape, promon), 0);
    wait_for_run(&gate);
    assert_int_equal(pthread_create(&scrapes[1], NULL, scrape, promon), 0);
    assert_int_equal(pthread_create(&remover, NULL, remove_collector, &removal), 0);
    nanosleep(&pause, NULL);
    assert_false(__atomic_load_n(&removal.is_done, __ATOMIC_ACQUIRE));
    /* Families and counting do not wait for a collector. */
    promon_cell_inc(counting_cell(promon, PROMON_COUNTER, "meanwhile_total"));
    open_gate(&gate);
    pthread_join(remover, NULL);
    pthread_join(scrapes[0], NULL);
    pthread_join(scrapes[1], NULL);
    assert_int_equal(gate.most_running, 1);
    assert_true(gate.runs == 1 || gate.runs == 2);
    assert_true(counting_value(promon, "passed", NULL) == COUNTING_ABSENT);
    counting_free(promon);
}

struct joiner {
    struct promon *promon;
    struct promon_collector *other;
    struct promon_family *family;
};

static void tell_nothing(void *data, struct promon_collection *collection)
{
    (void)data;
    (void)collection;
}

/* What a collector may do: use the library but for reading values. */
static void use_library(void *data, struct promon_collection *collection)
{
    struct joiner *joiner = data;

    (void)collection;
    if (joiner->family == NULL) {
        joiner->family = counting_family(joiner->promon, PROMON_COUNTER, "inside_total", NULL);
        promon_collector_add(joiner->promon, tell_nothing, NULL, &joiner->other, NULL);
    } else if (joiner->other != NULL) {
        promon_collector_remove(joiner->promon, joiner->other);
        joiner->other = NULL;
    }
    promon_family_count(joiner->family, NULL, 1);
}

static void a_collector_may_add_families_and_other_collectors(void **state)
{
    struct promon *promon = counting_new();
    struct joiner joiner = {.promon = promon};
    struct promon_collector *collector = NULL;

    (void)state;
    promon_collector_add(promon, use_library, &joiner, &collector, NULL);
    assert_true(counting_value(promon, "inside_total", NULL) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "inside_total", NULL) == 1);
    assert_true(counting_value(promon, "inside_total", NULL) == 2);
    counting_free(promon);
}

static void gather_without_memory(void *context)
{
    struct promon *promon = context;
    struct promon__gathered gathered = {NULL, 0, NULL};

    if (promon__registry_gather(promon->registry, NULL, &gathered, NULL) == PROMON_OK)
        promon__registry_release(promon->registry, &gathered);
    else
        assert_int_equal(gathered.n_families, 0);
    promon__gathered_free(&gathered);
}

static void a_scrape_without_memory_fails_and_the_next_one_does_not(void **state)
{
    struct promon *promon = counting_new();
    struct promon_collector *collector = NULL;
    double connections = 5;

    (void)state;
    promon_collector_add(promon, tell_pools, &connections, &collector, NULL);
    promon_cell_observe_exemplar(counting_cell(promon, PROMON_HISTOGRAM, "a"), 1,
                                 LABELS("id", "x"));
    assert_true(oom_for_every_allocation(gather_without_memory, promon) >= 2);
    assert_true(counting_value(promon, "pool_connections", LABELS("pool", "a\n")) == 5);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_of_collectors_are_exposed),
        cmocka_unit_test(what_is_wrong_is_left_out_and_counted),
        cmocka_unit_test(collectors_run_one_scrape_at_a_time_and_removal_waits_for_them),
        cmocka_unit_test(a_collector_may_add_families_and_other_collectors),
        cmocka_unit_test(a_scrape_without_memory_fails_and_the_next_one_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
