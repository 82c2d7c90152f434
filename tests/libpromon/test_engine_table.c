/*
 * The table of probes: changes that are whole or none, and what stays through them.
 */
#include "test.h"

#include <math.h>
#include <promon/config.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "engine.h"
#include "monitor.h"

enum { MOST = 8 };

struct bench {
    struct promon promon;
};

/* How often a check ran, and whether it is closed. */
struct mark {
    atomic_int runs, closed;
};

static struct bench *new_bench(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct promon__engine_options options = {.workers = 2, .max_stuck = 2};

    assert_non_null(bench);
    assert_int_equal(promon__registry_new(&bench->promon.registry, NULL), PROMON_OK);
    options.registry = bench->promon.registry;
    assert_int_equal(promon__engine_new(&options, &bench->promon.engine, NULL), PROMON_OK);
    return bench;
}

static void free_bench(struct bench *bench)
{
    promon__engine_free(bench->promon.engine);
    promon__registry_free(bench->promon.registry);
    free(bench);
}

static enum promon_verdict run(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)deadline_ns;
    (void)result;
    atomic_fetch_add(&((struct mark *)data)->runs, 1);
    return PROMON_UP;
}

static void close_mark(void *data)
{
    atomic_fetch_add(&((struct mark *)data)->closed, 1);
}

/* NULL without memory. */
static struct promon__plan *try_plan(const char *name, const char *fingerprint, struct mark *mark)
{
    struct promon__plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL)
        return NULL;
    plan->name = strdup(name);
    plan->description = strdup(fingerprint == NULL ? "" : fingerprint);
    plan->groups = calloc(1, sizeof(char *));
    plan->check.run = run;
    plan->check.data = mark;
    plan->interval_ns = plan->retry_interval_ns = INT64_C(3600000000000);
    plan->timeout_ns = INT64_C(30000000000);
    plan->fail_after = plan->ok_after = 1;
    plan->is_configured = fingerprint != NULL;
    if (fingerprint != NULL)
        plan->fingerprint = strdup(fingerprint);
    if (plan->name != NULL && plan->description != NULL && plan->groups != NULL &&
        (fingerprint == NULL || plan->fingerprint != NULL)) {
        plan->check.close = close_mark;
        return plan;
    }
    promon__plan_free(plan);
    return NULL;
}

/* `fingerprint` is the description too; NULL: not configured. */
static struct promon__plan *new_plan(const char *name, const char *fingerprint, struct mark *mark)
{
    struct promon__plan *plan = try_plan(name, fingerprint, mark);

    assert_non_null(plan);
    return plan;
}

static void add(struct bench *bench, struct promon__plan *plan)
{
    assert_int_equal(promon__engine_add(bench->promon.engine, &plan, 1, NULL), PROMON_OK);
    assert_null(plan);
}

static void run_now(struct bench *bench, const char *name)
{
    struct promon_probe_status status;

    assert_int_equal(promon__engine_run(bench->promon.engine, name, NULL, NULL, &status, NULL),
                     PROMON_OK);
}

static uint64_t runs_of(struct bench *bench, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    assert_int_equal(promon__engine_status(bench->promon.engine, name, &status, NULL), PROMON_OK);
    return status.runs;
}

static double gauge(struct bench *bench, const char *name)
{
    double value = -99;

    (void)promon_value(&bench->promon, name, NULL, &value, NULL);
    return value;
}

static double counted(struct bench *bench, const char *name)
{
    const char *const labels[] = {"probe", name, NULL};
    double value = -99;

    (void)promon_value(&bench->promon, "promon_probe_runs_total", labels, &value, NULL);
    return value;
}

static void join_name(void *data, const struct promon__probe_view *view)
{
    strcat(strcat(data, view->name), " ");
}

static void expect_order(struct bench *bench, const char *names)
{
    char seen[256] = "";

    promon__engine_visit(bench->promon.engine, join_name, seen);
    assert_string_equal(seen, names);
}

static void probes_are_shown_as_they_were_added(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[MOST] = {{0}};

    (void)state;
    add(bench, new_plan("z", NULL, &marks[0]));
    add(bench, new_plan("a", NULL, &marks[1]));
    add(bench, new_plan("m", NULL, &marks[2]));
    expect_order(bench, "z a m ");
    assert_int_equal(promon__engine_remove(bench->promon.engine, "a", NULL), PROMON_OK);
    expect_order(bench, "z m ");
    assert_int_equal(marks[1].closed, 1);
    free_bench(bench);
    assert_int_equal(marks[0].closed + marks[2].closed, 2);
}

static void gauges_are_exposed_in_the_order_of_the_configuration(void **state)
{
    struct bench *bench = new_bench();
    struct mark mark = {0};
    struct promon__plan *plans[] = {new_plan("z", "1", &mark), new_plan("a", "1", &mark)};
    struct promon__gathered gathered = {.families = NULL};
    size_t i, n = 0;

    (void)state;
    assert_int_equal(promon__engine_replace(bench->promon.engine, plans, 2, NULL), PROMON_OK);
    assert_int_equal(promon__registry_gather(bench->promon.registry, NULL, &gathered, NULL),
                     PROMON_OK);
    for (i = 0; i < gathered.n_families; i++) {
        if (strlen(gathered.families[i].name) == 1)
            assert_string_equal(gathered.families[i].name, n++ == 0 ? "z" : "a");
    }
    assert_int_equal(n, 2);
    promon__registry_release(bench->promon.registry, &gathered);
    promon__gathered_free(&gathered);
    free_bench(bench);
}

static void one_that_is_wrong_keeps_all_out(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[MOST] = {{0}};
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__plan *plans[] = {new_plan("one", NULL, &marks[0]),
                                    new_plan("two", NULL, &marks[1]),
                                    new_plan("one", NULL, &marks[2])};

    (void)state;
    assert_int_equal(promon__engine_add(bench->promon.engine, plans, 3, &error), PROMON_EEXISTS);
    assert_string_equal(error.message, "there is a probe one already");
    expect_order(bench, "");
    assert_true(gauge(bench, "one") == -99 && gauge(bench, "two") == -99);
    assert_true(counted(bench, "two") == -99);
    assert_int_equal(marks[0].closed + marks[1].closed + marks[2].closed, 3);
    /* The names are free again. */
    add(bench, new_plan("one", NULL, &marks[3]));
    free_bench(bench);
}

static void table_of_too_many_keeps_all_out(void **state)
{
    enum { TOO_MANY = PROMON_MAX_PROBES + 1 };
    struct bench *bench = new_bench();
    struct promon_error error = PROMON_ERROR_INIT;
    struct mark mark = {0, 0};
    struct promon__plan **plans = calloc(TOO_MANY, sizeof(struct promon__plan *));
    char name[32];
    size_t i;

    (void)state;
    assert_non_null(plans);
    for (i = 0; i < TOO_MANY; i++) {
        snprintf(name, sizeof(name), "p%zu", i);
        plans[i] = try_plan(name, NULL, &mark);
        assert_non_null(plans[i]);
    }
    assert_int_equal(promon__engine_add(bench->promon.engine, plans, TOO_MANY, &error),
                     PROMON_ELIMIT);
    assert_string_equal(error.message, "more than 10000 probes");
    assert_int_equal(atomic_load(&mark.closed), TOO_MANY);
    expect_order(bench, "");
    free(plans);
    free_bench(bench);
}

static void name_of_another_metric_is_taken(void **state)
{
    struct bench *bench = new_bench();
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family;
    struct mark mark = {0};
    struct promon__plan *plan = new_plan("app_depth", NULL, &mark);

    (void)state;
    options.kind = PROMON_GAUGE;
    options.name = "app_depth";
    assert_int_equal(promon__registry_family_add(bench->promon.registry, &options, &family, NULL),
                     PROMON_OK);
    assert_int_equal(promon__engine_add(bench->promon.engine, &plan, 1, NULL), PROMON_EEXISTS);
    assert_int_equal(mark.closed, 1);
    free_bench(bench);
}

static void replacement_leaves_unchanged_probes_alone(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[MOST] = {{0}};
    struct promon__plan *first[] = {new_plan("same", "1", &marks[0]),
                                    new_plan("other", "1", &marks[1]),
                                    new_plan("gone", "1", &marks[2])};
    struct promon__plan *second[] = {new_plan("fresh", "1", &marks[3]),
                                     new_plan("other", "2", &marks[4]),
                                     new_plan("same", "1", &marks[5])};

    (void)state;
    assert_int_equal(promon__engine_replace(bench->promon.engine, first, 3, NULL), PROMON_OK);
    add(bench, new_plan("mine", NULL, &marks[6]));
    run_now(bench, "same");
    run_now(bench, "other");
    run_now(bench, "gone");
    run_now(bench, "mine");
    assert_int_equal(promon__engine_replace(bench->promon.engine, second, 3, NULL), PROMON_OK);
    expect_order(bench, "fresh other same mine ");
    assert_int_equal(runs_of(bench, "same"), 1);
    assert_int_equal(runs_of(bench, "mine"), 1);
    assert_true(gauge(bench, "same") == 1 && gauge(bench, "mine") == 1);
    /* The changed one knows nothing, but its counters go on. */
    assert_int_equal(runs_of(bench, "other"), 0);
    assert_true(isnan(gauge(bench, "other")));
    assert_true(counted(bench, "other") == 1);
    assert_true(gauge(bench, "gone") == -99 && counted(bench, "gone") == -99);
    assert_int_equal(marks[0].closed + marks[3].closed + marks[4].closed + marks[6].closed, 0);
    assert_int_equal(marks[1].closed + marks[2].closed + marks[5].closed, 3);
    run_now(bench, "same");
    assert_int_equal(marks[0].runs, 2);
    free_bench(bench);
}

static void replacement_that_is_wrong_changes_nothing(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[MOST] = {{0}};
    struct promon__plan *first[] = {new_plan("a", "1", &marks[0])};
    struct promon__plan *second[] = {new_plan("a", "2", &marks[1]), new_plan("b", "1", &marks[2]),
                                     new_plan("mine", "1", &marks[3])};

    (void)state;
    assert_int_equal(promon__engine_replace(bench->promon.engine, first, 1, NULL), PROMON_OK);
    add(bench, new_plan("mine", NULL, &marks[4]));
    run_now(bench, "a");
    assert_int_equal(promon__engine_replace(bench->promon.engine, second, 3, NULL), PROMON_EEXISTS);
    expect_order(bench, "a mine ");
    assert_int_equal(runs_of(bench, "a"), 1);
    assert_true(gauge(bench, "a") == 1);
    assert_true(gauge(bench, "b") == -99 && counted(bench, "b") == -99);
    assert_int_equal(marks[0].closed + marks[4].closed, 0);
    assert_int_equal(marks[1].closed + marks[2].closed + marks[3].closed, 3);
    free_bench(bench);
}

static void replacement_by_nothing_leaves_those_of_the_program(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[MOST] = {{0}};
    struct promon__plan *first[] = {new_plan("a", "1", &marks[0]), new_plan("b", "1", &marks[1])};

    (void)state;
    add(bench, new_plan("mine", NULL, &marks[2]));
    assert_int_equal(promon__engine_replace(bench->promon.engine, first, 2, NULL), PROMON_OK);
    expect_order(bench, "a b mine ");
    assert_int_equal(promon__engine_replace(bench->promon.engine, NULL, 0, NULL), PROMON_OK);
    expect_order(bench, "mine ");
    free_bench(bench);
}

static void running_engine_is_replaced_under_way(void **state)
{
    struct bench *bench = new_bench();
    struct mark marks[2] = {{0}};
    char fingerprint[8];
    int i;

    (void)state;
    assert_int_equal(promon__engine_start(bench->promon.engine, NULL), PROMON_OK);
    for (i = 0; i < 200; i++) {
        struct promon__plan *plans[2];
        int n;

        for (n = 0; n < 2; n++) {
            (void)snprintf(fingerprint, sizeof(fingerprint), "%d", n == 0 ? 0 : i);
            plans[n] = new_plan(n == 0 ? "same" : "other", fingerprint, &marks[n]);
            plans[n]->interval_ns = plans[n]->retry_interval_ns = 10000000;
        }
        assert_int_equal(promon__engine_replace(bench->promon.engine, plans, 2, NULL), PROMON_OK);
        usleep(2000);
    }
    while (runs_of(bench, "same") == 0 || runs_of(bench, "other") == 0)
        usleep(1000);
    promon__engine_stop(bench->promon.engine);
    assert_true(runs_of(bench, "same") == (uint64_t)marks[0].runs);
    assert_int_equal(marks[0].closed, 199);
    assert_int_equal(marks[1].closed, 199);
    free_bench(bench);
}

static char path[] = "/tmp/promon-engine-XXXXXX";

static void see_history(void *data, const struct promon__probe_view *view)
{
    strcat(strcat(data, view->name), view->history->newest[PROMON__DAYS] == 0 ? "- " : "+ ");
}

static void histories_outlive_the_engine(void **state)
{
    struct bench *bench = new_bench();
    struct mark mark = {0};
    char seen[64] = "";
    const int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    add(bench, new_plan("a", NULL, &mark));
    add(bench, new_plan("b", NULL, &mark));
    run_now(bench, "a");
    run_now(bench, "b");
    assert_int_equal(promon__engine_save_histories(bench->promon.engine, path, NULL), PROMON_OK);
    free_bench(bench);
    bench = new_bench();
    add(bench, new_plan("a", NULL, &mark));
    promon__engine_load_histories(bench->promon.engine, path);
    /* One that is added later has its history too. */
    add(bench, new_plan("b", NULL, &mark));
    add(bench, new_plan("c", NULL, &mark));
    promon__engine_visit(bench->promon.engine, see_history, seen);
    assert_string_equal(seen, "a+ b+ c- ");
    assert_int_equal(runs_of(bench, "a"), 0);
    free_bench(bench);
    (void)unlink(path);
    bench = new_bench();
    promon__engine_load_histories(bench->promon.engine, path);
    free_bench(bench);
}

static void replace_without_memory(void *context)
{
    struct bench *bench = context;
    static struct mark mark;
    struct promon__plan *plans[] = {try_plan("a", "2", &mark), try_plan("b", "1", &mark)};
    enum promon_status status = PROMON_ENOMEM;

    if (plans[0] != NULL && plans[1] != NULL) {
        status = promon__engine_replace(bench->promon.engine, plans, 2, NULL);
    } else {
        promon__plan_free(plans[0]);
        promon__plan_free(plans[1]);
    }
    (void)oom_stop();
    if (status == PROMON_OK)
        return;
    assert_int_equal(status, PROMON_ENOMEM);
    expect_order(bench, "a ");
    assert_int_equal(runs_of(bench, "a"), 1);
    assert_true(gauge(bench, "a") == 1);
    assert_true(gauge(bench, "b") == -99);
}

static void replacement_without_memory_changes_nothing(void **state)
{
    struct bench *bench = new_bench();
    struct mark mark = {0};
    struct promon__plan *first[] = {new_plan("a", "1", &mark)};
    size_t n = 0;

    (void)state;
    assert_int_equal(promon__engine_replace(bench->promon.engine, first, 1, NULL), PROMON_OK);
    run_now(bench, "a");
    /* oom_stop was called inside: whether one failed is seen by what came of it. */
    while (n < 1000 && runs_of(bench, "a") == 1) {
        oom_fail_at(++n);
        replace_without_memory(bench);
    }
    assert_true(n > 20 && n < 1000);
    expect_order(bench, "a b ");
    free_bench(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_are_shown_as_they_were_added),
        cmocka_unit_test(gauges_are_exposed_in_the_order_of_the_configuration),
        cmocka_unit_test(one_that_is_wrong_keeps_all_out),
        cmocka_unit_test(table_of_too_many_keeps_all_out),
        cmocka_unit_test(name_of_another_metric_is_taken),
        cmocka_unit_test(replacement_leaves_unchanged_probes_alone),
        cmocka_unit_test(replacement_that_is_wrong_changes_nothing),
        cmocka_unit_test(replacement_by_nothing_leaves_those_of_the_program),
        cmocka_unit_test(running_engine_is_replaced_under_way),
        cmocka_unit_test(histories_outlive_the_engine),
        cmocka_unit_test(replacement_without_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
