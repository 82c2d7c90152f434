/*
 * Engine: what runs when, what is recorded, and what happens to checks that do not return.
 */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <promon/cell.h>

#include "engine.h"
#include "monitor.h"
#include "wait.h"

/* Nothing here takes so long unless it hangs. */
#define PATIENCE_NS (60 * PROMON__SECOND_NS)

/* A monitor of registry and engine only, and what its log said. */
struct bench {
    struct promon promon;
    pthread_mutex_t lock;
    char lines[8192];
};

static void keep_line(void *data, enum promon_log_level level, const char *message)
{
    struct bench *bench = data;
    size_t used;

    pthread_mutex_lock(&bench->lock);
    used = strlen(bench->lines);
    (void)snprintf(bench->lines + used, sizeof(bench->lines) - used, "%d %s\n", (int)level,
                   message);
    pthread_mutex_unlock(&bench->lock);
}

static bool has_logged(struct bench *bench, const char *line)
{
    bool is_there;

    pthread_mutex_lock(&bench->lock);
    is_there = strstr(bench->lines, line) != NULL;
    pthread_mutex_unlock(&bench->lock);
    return is_there;
}

/* The log is told after the result is there. */
static void await_logged(struct bench *bench, const char *line)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (!has_logged(bench, line) && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(has_logged(bench, line));
}

static struct bench *new_bench(unsigned workers, unsigned max_stuck)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct promon__engine_options options = {.workers = workers, .max_stuck = max_stuck};

    assert_non_null(bench);
    pthread_mutex_init(&bench->lock, NULL);
    bench->promon.log = (struct promon__log){keep_line, bench, PROMON_LOG_DEBUG};
    assert_int_equal(promon__registry_new(&bench->promon.registry, NULL), PROMON_OK);
    options.registry = bench->promon.registry;
    options.log = &bench->promon.log;
    assert_int_equal(promon__engine_new(&options, &bench->promon.engine, NULL), PROMON_OK);
    return bench;
}

static void free_bench(struct bench *bench)
{
    promon__engine_free(bench->promon.engine);
    promon__registry_free(bench->promon.registry);
    pthread_mutex_destroy(&bench->lock);
    free(bench);
}

/* A check that answers by its script, one letter each time and the last for ever: u, d, e; s is
 * stuck until it is let go. */
struct script {
    const char *letters;
    atomic_int runs, overlaps, inside, closed;
    atomic_int_least64_t first_ns, last_ns;
    sem_t go;
    struct bench *bench;
};

static enum promon_verdict play(void *data, int64_t deadline_ns, struct promon_result *result)
{
    struct script *script = data;
    const int run = atomic_fetch_add(&script->runs, 1);
    const size_t length = strlen(script->letters);
    const char letter = script->letters[(size_t)run < length ? (size_t)run : length - 1];
    enum promon_verdict verdict = PROMON_UP;

    (void)deadline_ns;
    if (atomic_fetch_add(&script->inside, 1) != 0)
        atomic_fetch_add(&script->overlaps, 1);
    atomic_store(&script->last_ns, promon_now_ns());
    if (run == 0)
        atomic_store(&script->first_ns, promon_now_ns());
    if (letter == 's')
        while (sem_wait(&script->go) != 0)
            ;
    if (letter == 'd')
        verdict = promon_result_fail(result, PROMON_REASON_REFUSED, "nobody listens");
    if (letter == 'e')
        verdict = promon_result_fail(result, PROMON_REASON_INTERNAL, "no descriptor");
    atomic_fetch_sub(&script->inside, 1);
    return verdict;
}

static void close_script(void *data)
{
    atomic_fetch_add(&((struct script *)data)->closed, 1);
}

static void script_init(struct script *script, const char *letters)
{
    memset(script, 0, sizeof(*script));
    script->letters = letters;
    sem_init(&script->go, 0, 0);
}

static struct promon__plan *new_plan_of(const char *name, promon_check_fn run, void *data,
                                        int64_t interval_ms, int64_t timeout_ms)
{
    struct promon__plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL)
        return NULL;
    plan->name = strdup(name);
    plan->description = strdup("A probe of the tests.");
    plan->groups = calloc(1, sizeof(char *));
    if (plan->name == NULL || plan->description == NULL || plan->groups == NULL) {
        promon__plan_free(plan);
        return NULL;
    }
    plan->check.run = run;
    plan->check.data = data;
    plan->interval_ns = interval_ms * PROMON__MILLISECOND_NS;
    plan->timeout_ns = timeout_ms * PROMON__MILLISECOND_NS;
    plan->retry_interval_ns = plan->interval_ns;
    plan->fail_after = plan->ok_after = 1;
    return plan;
}

static struct promon__plan *new_plan(const char *name, struct script *script, int64_t interval_ms,
                                     int64_t timeout_ms)
{
    struct promon__plan *plan = new_plan_of(name, play, script, interval_ms, timeout_ms);

    assert_non_null(plan);
    return plan;
}

static void add(struct bench *bench, struct promon__plan *plan)
{
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__engine_add(bench->promon.engine, &plan, 1, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

static void start(struct bench *bench)
{
    assert_int_equal(promon__engine_start(bench->promon.engine, NULL), PROMON_OK);
}

static struct promon_probe_status status_of(struct bench *bench, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    assert_int_equal(promon__engine_status(bench->promon.engine, name, &status, NULL), PROMON_OK);
    return status;
}

static void await_runs(struct bench *bench, const char *name, uint64_t runs)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (status_of(bench, name).runs < runs && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(status_of(bench, name).runs >= runs);
}

static void await_count(atomic_int *count, int least)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (atomic_load(count) < least && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(atomic_load(count) >= least);
}

static double value(struct bench *bench, const char *name, const char *label, const char *of)
{
    const char *const labels[] = {label, of, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, name, label == NULL ? NULL : labels, &result, NULL);
    return result;
}

static double probe_value(struct bench *bench, const char *name)
{
    return value(bench, name, "probe", "p");
}

static double reason_value(struct bench *bench, const char *reason)
{
    const char *const labels[] = {"probe", "p", "reason", reason, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, "promon_probe_failures_total", labels, &result, NULL);
    return result;
}

static struct promon_probe_status run_now(struct bench *bench, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__engine_run(bench->promon.engine, name, NULL, NULL, &status, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return status;
}

static void nothing_is_known_before_the_first_result(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    struct promon_probe_status status;

    (void)state;
    script_init(&script, "u");
    add(bench, new_plan("p", &script, 60000, 1000));
    status = status_of(bench, "p");
    assert_int_equal(status.state, PROMON_STATE_UNKNOWN);
    assert_int_equal(status.verdict, 0);
    assert_true(isnan(value(bench, "p", NULL, NULL)));
    assert_true(isnan(probe_value(bench, "promon_probe_success")));
    assert_true(isnan(probe_value(bench, "promon_probe_last_run_timestamp_seconds")));
    assert_true(isnan(probe_value(bench, "promon_probe_last_success_timestamp_seconds")));
    assert_true(probe_value(bench, "promon_probe_runs_total") == 0);
    assert_true(reason_value(bench, "refused") == 0);
    assert_true(reason_value(bench, "overrun") == 0);
    assert_true(probe_value(bench, "promon_probe_interval_seconds") == 60);
    assert_true(probe_value(bench, "promon_probe_timeout_seconds") == 1);
    /* No certificate was seen: none is told. */
    assert_true(probe_value(bench, "promon_probe_tls_verified") == -99);
    free_bench(bench);
}

static void each_result_is_told_in_all_places(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    struct promon_probe_status status;

    (void)state;
    script_init(&script, "ude");
    add(bench, new_plan("p", &script, 60000, 30000));
    status = run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_UP);
    assert_int_equal(status.state, PROMON_STATE_UP);
    assert_true(status.last_success_ms > 0 && status.last_success_ms == status.last_run_ms);
    assert_true(value(bench, "p", NULL, NULL) == 1);
    assert_true(probe_value(bench, "promon_probe_success") == 1);
    status = run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_DOWN);
    assert_int_equal(status.reason, PROMON_REASON_REFUSED);
    assert_string_equal(status.message, "nobody listens");
    assert_true(value(bench, "p", NULL, NULL) == 0);
    assert_true(reason_value(bench, "refused") == 1);
    status = run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_ERROR);
    assert_int_equal(status.state, PROMON_STATE_UNKNOWN);
    assert_true(value(bench, "p", NULL, NULL) == -1);
    assert_true(probe_value(bench, "promon_probe_success") == 0);
    assert_true(probe_value(bench, "promon_probe_runs_total") == 3);
    assert_int_equal(status.runs, 3);
    assert_int_equal(status.failures, 2);
    await_logged(bench, "3 probe p is up\n");
    await_logged(bench, "2 probe p is down: refused: nobody listens\n");
    await_logged(bench, "2 probe p is unknown: internal: no descriptor\n");
    free_bench(bench);
}

static enum promon_verdict tell_much(void *data, int64_t deadline_ns, struct promon_result *result)
{
    const int run = atomic_fetch_add((atomic_int *)data, 1);
    char key[16];
    int i;

    (void)deadline_ns;
    promon_result_note(result, "run %d", run);
    promon_result_note(result, "second line");
    promon_result_phase(result, PROMON_PHASE_CONNECT, 2000000000);
    for (i = 0; i < (run == 0 ? 2 : PROMON_RESULT_MAX_VALUES); i++) {
        (void)snprintf(key, sizeof(key), "k%d", i + run);
        promon_result_value(result, key, run + i);
    }
    if (run == 0)
        promon_result_certificate(result, 4000, 3000, true);
    return PROMON_UP;
}

static double key_value(struct bench *bench, const char *key)
{
    const char *const labels[] = {"probe", "p", "key", key, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, "promon_probe_value", labels, &result, NULL);
    return result;
}

static void figures_phases_and_certificate_become_metrics(void **state)
{
    static const char *const connect[] = {"probe", "p", "phase", "connect", NULL};
    struct bench *bench = new_bench(2, 2);
    atomic_int runs = 0;
    double sum = 0;

    (void)state;
    add(bench, new_plan_of("p", tell_much, &runs, 60000, 30000));
    (void)run_now(bench, "p");
    assert_true(key_value(bench, "k0") == 0 && key_value(bench, "k1") == 1);
    assert_true(probe_value(bench, "promon_probe_tls_not_after_timestamp_seconds") == 4000);
    assert_true(probe_value(bench, "promon_probe_tls_chain_not_after_timestamp_seconds") == 3000);
    assert_true(probe_value(bench, "promon_probe_tls_verified") == 1);
    /* k0 is not told any more and gives its place to the last of k1 to k16. */
    (void)run_now(bench, "p");
    assert_true(key_value(bench, "k1") == 1 && key_value(bench, "k16") == 16);
    assert_true(key_value(bench, "k0") == -99);
    assert_true(probe_value(bench, "promon_probe_tls_verified") == 1);
    assert_int_equal(
        promon_value(&bench->promon, "promon_probe_duration_seconds_sum", connect, &sum, NULL),
        PROMON_OK);
    assert_true(sum == 4);
    free_bench(bench);
}

static void keep_notes(void *data, const char *line)
{
    strcat(strcat(data, line), "|");
}

static void notes_are_told_on_the_thread_that_asks(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct promon_probe_status status;
    atomic_int runs = 0;
    char lines[200] = "";

    (void)state;
    add(bench, new_plan_of("p", tell_much, &runs, 60000, 30000));
    assert_int_equal(
        promon__engine_run(bench->promon.engine, "p", keep_notes, lines, &status, NULL), PROMON_OK);
    assert_string_equal(lines, "run 0|second line|");
    free_bench(bench);
}

static void probes_run_at_a_fixed_rate(void **state)
{
    enum { INTERVAL_MS = 20, RUNS = 50 };
    struct bench *bench = new_bench(2, 2);
    struct script script;
    int64_t took_ns;

    (void)state;
    script_init(&script, "u");
    add(bench, new_plan("p", &script, INTERVAL_MS, INTERVAL_MS));
    start(bench);
    await_runs(bench, "p", RUNS);
    promon__engine_stop(bench->promon.engine);
    /* Slots are never closer: drift would show as less time, a busy machine only as more. */
    took_ns = atomic_load(&script.last_ns) - atomic_load(&script.first_ns);
    assert_true(took_ns > (atomic_load(&script.runs) - 3) * INTERVAL_MS * PROMON__MILLISECOND_NS);
    assert_int_equal(script.overlaps, 0);
    assert_true(value(bench, "promon_scheduler_lag_seconds_count", NULL, NULL) ==
                atomic_load(&script.runs));
    free_bench(bench);
}

static void start_waits_for_the_first_results_that_are_asked_for(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script scripts[5];
    struct promon__plan *plan;
    char name[8];
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        script_init(&scripts[i], i % 2 ? "u" : "d");
        (void)snprintf(name, sizeof(name), "p%d", i);
        plan = new_plan(name, &scripts[i], 3600000, 30000);
        plan->wait_first = true;
        add(bench, plan);
    }
    start(bench);
    for (i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof(name), "p%d", i);
        assert_int_equal(status_of(bench, name).runs, 1);
    }
    free_bench(bench);
}

static void failing_probe_is_tried_again_sooner(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    struct promon__plan *plan;

    (void)state;
    script_init(&script, "dddu");
    plan = new_plan("p", &script, 3600000, 1000);
    plan->retry_interval_ns = 20 * PROMON__MILLISECOND_NS;
    plan->wait_first = true;
    add(bench, plan);
    start(bench);
    await_runs(bench, "p", 4);
    assert_int_equal(status_of(bench, "p").verdict, PROMON_UP);
    usleep(200000);
    /* It is up again: the next one is an hour away. */
    assert_int_equal(status_of(bench, "p").runs, 4);
    free_bench(bench);
}

static void stuck_check_is_overrun_and_holds_up_no_other(void **state)
{
    struct bench *bench = new_bench(1, 4);
    struct script stuck, good;
    struct promon_probe_status status;

    (void)state;
    script_init(&stuck, "su");
    script_init(&good, "u");
    add(bench, new_plan("p", &stuck, 200, 20));
    add(bench, new_plan("good", &good, 20, 20));
    start(bench);
    await_runs(bench, "p", 3);
    status = status_of(bench, "p");
    assert_int_equal(status.verdict, PROMON_DOWN);
    assert_int_equal(status.reason, PROMON_REASON_OVERRUN);
    assert_int_equal(status.overruns, 1);
    assert_true(status.duration_ns >= 520 * PROMON__MILLISECOND_NS);
    assert_int_equal(stuck.runs, 1);
    assert_true(value(bench, "p", NULL, NULL) == 0);
    assert_true(probe_value(bench, "promon_probe_overrun_total") == 1);
    assert_true(reason_value(bench, "overrun") >= 3);
    await_logged(bench, "1 probe p overruns: its check has not returned by its deadline "
                        "of 20 ms\n");
    await_runs(bench, "good", status_of(bench, "good").runs + 5);
    assert_true(value(bench, "promon_scheduler_workers_stuck", NULL, NULL) == 1);
    sem_post(&stuck.go);
    /* What it returned at last was dropped; then it runs again. */
    await_count(&stuck.runs, 3);
    await_runs(bench, "p", status_of(bench, "p").runs + 1);
    assert_int_equal(status_of(bench, "p").verdict, PROMON_UP);
    assert_int_equal(stuck.overlaps, 0);
    free_bench(bench);
}

static void probes_starve_visibly_when_no_worker_can_be_replaced(void **state)
{
    struct bench *bench = new_bench(1, 0);
    struct script stuck, other;
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    (void)state;
    script_init(&stuck, "su");
    script_init(&other, "u");
    add(bench, new_plan("p", &stuck, 100, 10));
    start(bench);
    await_count(&stuck.runs, 1);
    add(bench, new_plan("other", &other, 100, 10));
    while (status_of(bench, "other").verdict != PROMON_ERROR && promon_now_ns() < end_ns)
        usleep(10000);
    assert_int_equal(status_of(bench, "other").reason, PROMON_REASON_INTERNAL);
    assert_non_null(strstr(status_of(bench, "other").message, "no worker was free for"));
    assert_int_equal(status_of(bench, "p").reason, PROMON_REASON_OVERRUN);
    assert_int_equal(other.runs, 0);
    sem_post(&stuck.go);
    await_count(&other.runs, 1);
    free_bench(bench);
}

static void stop_and_free_leave_a_stuck_check_what_it_needs(void **state)
{
    struct bench *bench = new_bench(1, 0);
    struct script stuck;
    struct promon__plan *plan;
    int64_t begin_ns;

    (void)state;
    script_init(&stuck, "s");
    plan = new_plan("p", &stuck, 50, 50);
    plan->check.close = close_script;
    add(bench, plan);
    start(bench);
    await_count(&stuck.runs, 1);
    begin_ns = promon_now_ns();
    promon__engine_stop(bench->promon.engine);
    assert_true(promon_now_ns() - begin_ns < PATIENCE_NS);
    assert_int_equal(status_of(bench, "p").reason, PROMON_REASON_OVERRUN);
    free_bench(bench);
    assert_int_equal(stuck.closed, 0);
    sem_post(&stuck.go);
    await_count(&stuck.closed, 1);
}

static void stop_waits_for_checks_that_return_in_time(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    int i;

    (void)state;
    script_init(&script, "u");
    add(bench, new_plan("p", &script, 10, 10));
    for (i = 0; i < 20; i++) {
        start(bench);
        await_runs(bench, "p", status_of(bench, "p").runs + 1);
        promon__engine_stop(bench->promon.engine);
        assert_int_equal(script.inside, 0);
        assert_int_equal(promon__engine_silence_ns(bench->promon.engine), 0);
    }
    assert_int_equal(script.overlaps, 0);
    free_bench(bench);
}

static void removal_waits_for_the_check(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    int i;

    (void)state;
    for (i = 0; i < 30; i++) {
        script_init(&script, "u");
        start(bench);
        add(bench, new_plan("p", &script, 10, 10));
        await_count(&script.runs, 1);
        assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
        assert_int_equal(script.inside, 0);
        /* Nothing touches the script any more. */
        memset(&script, 0xff, sizeof(script));
        promon__engine_stop(bench->promon.engine);
    }
    assert_true(probe_value(bench, "promon_probe_runs_total") == -99);
    assert_true(reason_value(bench, "overrun") == -99);
    assert_true(value(bench, "p", NULL, NULL) == -99);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_ENOTFOUND);
    free_bench(bench);
}

static void *release_later(void *data)
{
    struct script *script = data;

    usleep(700000);
    sem_post(&script->go);
    return NULL;
}

static void removal_of_a_stuck_function_waits_until_it_returns(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script stuck;
    pthread_t thread;

    (void)state;
    script_init(&stuck, "s");
    add(bench, new_plan("p", &stuck, 10, 10));
    start(bench);
    await_count(&stuck.runs, 1);
    assert_int_equal(pthread_create(&thread, NULL, release_later, &stuck), 0);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
    assert_int_equal(stuck.inside, 0);
    pthread_join(thread, NULL);
    free_bench(bench);
}

static void removal_of_a_stuck_module_leaves_it_behind(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script stuck;
    struct promon__plan *plan;

    (void)state;
    script_init(&stuck, "s");
    plan = new_plan("p", &stuck, 10, 10);
    plan->module = strdup("mine");
    plan->check.close = close_script;
    add(bench, plan);
    start(bench);
    await_count(&stuck.runs, 1);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
    assert_int_equal(stuck.inside, 1);
    assert_int_equal(stuck.closed, 0);
    sem_post(&stuck.go);
    await_count(&stuck.closed, 1);
    free_bench(bench);
}

static enum promon_verdict change_probes(void *data, int64_t deadline_ns,
                                         struct promon_result *result)
{
    struct script *script = data;
    struct promon__engine *engine = script->bench->promon.engine;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__plan *plan = new_plan_of("added", play, script->bench, 3600000, 10);
    bool is_good;

    (void)deadline_ns;
    is_good =
        promon__engine_add(engine, &plan, 1, NULL) == PROMON_OK &&
        promon__engine_status(engine, "p", &status, NULL) == PROMON_OK &&
        promon__engine_remove(engine, "p", &error) == PROMON_ESTATE &&
        strcmp(error.message, "probe p cannot be removed from inside of its own check") == 0 &&
        promon__engine_run(engine, "added", NULL, NULL, &status, NULL) == PROMON_ESTATE &&
        promon__engine_remove(engine, "added", NULL) == PROMON_OK;
    return is_good ? PROMON_UP : promon_result_fail(result, PROMON_REASON_BODY, "not allowed");
}

static void checks_may_change_other_probes_but_not_remove_themselves(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;

    (void)state;
    script_init(&script, "u");
    script.bench = bench;
    add(bench, new_plan_of("p", change_probes, &script, 60000, 30000));
    assert_string_equal(run_now(bench, "p").message, "");
    free_bench(bench);
}

/* Two checks that each remove the other one, when both run. */
struct pair {
    struct bench *bench;
    const char *other;
    sem_t *mine, *others;
    enum promon_status status;
};

static enum promon_verdict remove_other(void *data, int64_t deadline_ns,
                                        struct promon_result *result)
{
    struct pair *pair = data;

    (void)deadline_ns;
    (void)result;
    sem_post(pair->mine);
    sem_wait(pair->others);
    pair->status = promon__engine_remove(pair->bench->promon.engine, pair->other, NULL);
    return PROMON_UP;
}

static void *run_first(void *data)
{
    (void)promon__engine_run(((struct bench *)data)->promon.engine, "a", NULL, NULL,
                             &(struct promon_probe_status){.size = 0}, NULL);
    return NULL;
}

static void checks_that_remove_each_other_do_not_wait_for_ever(void **state)
{
    struct bench *bench = new_bench(2, 2);
    sem_t a, b;
    struct pair first = {bench, "b", &a, &b, PROMON_OK}, second = {bench, "a", &b, &a, PROMON_OK};
    struct promon_probe_status status;
    pthread_t thread;

    (void)state;
    sem_init(&a, 0, 0);
    sem_init(&b, 0, 0);
    add(bench, new_plan_of("a", remove_other, &first, 60000, 30000));
    add(bench, new_plan_of("b", remove_other, &second, 60000, 30000));
    assert_int_equal(pthread_create(&thread, NULL, run_first, bench), 0);
    (void)promon__engine_run(bench->promon.engine, "b", NULL, NULL, &status, NULL);
    pthread_join(thread, NULL);
    free_bench(bench);
    /* One of them was first, and the other must not wait for it. */
    assert_true((first.status == PROMON_OK) != (second.status == PROMON_OK));
}

static void run_of_a_stuck_check_is_told_in_time(void **state)
{
    struct bench *bench = new_bench(1, 1);
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct script stuck, other;

    (void)state;
    script_init(&stuck, "su");
    script_init(&other, "u");
    add(bench, new_plan("p", &stuck, 1000, 10));
    add(bench, new_plan("other", &other, 1000, 10));
    assert_int_equal(promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, &error),
                     PROMON_ETIMEDOUT);
    assert_non_null(strstr(error.message, "probe p: the check has not returned for "));
    assert_int_equal(status.runs, 0);
    assert_int_equal(status_of(bench, "p").overruns, 1);
    assert_int_equal(promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, NULL),
                     PROMON_ETIMEDOUT);
    assert_int_equal(stuck.runs, 1);
    assert_int_equal(promon__engine_run(bench->promon.engine, "other", NULL, NULL, &status, NULL),
                     PROMON_ERESOURCES);
    sem_post(&stuck.go);
    while (promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, NULL) != PROMON_OK)
        usleep(1000);
    assert_int_equal(stuck.runs, 2);
    assert_int_equal(promon__engine_run(bench->promon.engine, "gone", NULL, NULL, &status, NULL),
                     PROMON_ENOTFOUND);
    free_bench(bench);
}

static void runs_that_are_asked_for_fit_between_the_others(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script;
    int i;

    (void)state;
    script_init(&script, "u");
    add(bench, new_plan("p", &script, 10, 10));
    start(bench);
    for (i = 0; i < 200; i++)
        (void)run_now(bench, "p");
    assert_int_equal(script.overlaps, 0);
    free_bench(bench);
}

static void child_of_a_fork_starts_anew(void **state)
{
    struct bench *bench = new_bench(2, 2);
    struct script script, stuck;
    pid_t child;
    int how = -1;

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it starts no thread after a fork of a program with threads */
#endif
    script_init(&script, "u");
    script_init(&stuck, "su");
    add(bench, new_plan("p", &script, 20, 20));
    add(bench, new_plan("stuck", &stuck, 20, 10));
    start(bench);
    await_runs(bench, "p", 2);
    await_runs(bench, "stuck", 1);
    child = fork();
    if (child == 0) {
        promon__registry_after_fork(bench->promon.registry);
        promon__engine_after_fork(bench->promon.engine);
        pthread_mutex_init(&bench->lock, NULL);
        if (promon__engine_silence_ns(bench->promon.engine) != 0 || status_of(bench, "p").runs != 0)
            _exit(2);
        start(bench);
        await_runs(bench, "p", 2);
        await_count(&stuck.runs, 2);
        promon__engine_stop(bench->promon.engine);
        free_bench(bench);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    sem_post(&stuck.go);
    await_runs(bench, "p", status_of(bench, "p").runs + 2);
    free_bench(bench);
}

static unsigned count_threads(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[128];
    unsigned threads = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        (void)(strncmp(line, "Threads:", 8) == 0 &&
               (threads = (unsigned)strtoul(line + 8, NULL, 10)) != 0);
    (void)fclose(file);
    return threads;
}

static void threads_are_as_many_after_thousands_of_checks(void **state)
{
    enum { PROBES = 100, CYCLES = 3000 };
    struct bench *bench = new_bench(10, 2);
    static struct script scripts[PROBES];
    const unsigned before = count_threads();
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;
    char name[16];
    uint64_t runs = 0;
    int i;

    (void)state;
    for (i = 0; i < PROBES; i++) {
        script_init(&scripts[i], "ud");
        (void)snprintf(name, sizeof(name), "p%d", i);
        add(bench, new_plan(name, &scripts[i], 50, 50));
    }
    start(bench);
    while (runs < CYCLES && promon_now_ns() < end_ns) {
        usleep(10000);
        assert_true(count_threads() <= before + 11);
        for (runs = 0, i = 0; i < PROBES; i++)
            runs += (uint64_t)atomic_load(&scripts[i].runs);
    }
    assert_true(runs >= CYCLES);
    assert_true(promon__engine_silence_ns(bench->promon.engine) < PATIENCE_NS);
    for (i = 0; i < PROBES; i++)
        assert_int_equal(scripts[i].overlaps, 0);
    promon__engine_stop(bench->promon.engine);
    /* One that is detached may be on its way out. */
    while (count_threads() > before && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(count_threads() <= before);
    free_bench(bench);
}

static void make_without_memory(void *context)
{
    struct promon__engine_options options = {
        .registry = context, .workers = 2, .max_stuck = 2, .log = NULL};
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon__engine *engine = NULL;
    struct promon__plan *plan;
    struct script script;
    enum promon_status result = promon__engine_new(&options, &engine, NULL);

    assert_true(result == PROMON_OK || result == PROMON_ENOMEM);
    if (result != PROMON_OK)
        return;
    script_init(&script, "u");
    plan = new_plan_of("p", play, &script, 60000, 30000);
    result = plan == NULL ? PROMON_ENOMEM : promon__engine_add(engine, &plan, 1, NULL);
    if (result == PROMON_OK)
        result = promon__engine_start(engine, NULL);
    if (result == PROMON_OK)
        result = promon__engine_run(engine, "p", NULL, NULL, &status, NULL);
    assert_true(result == PROMON_OK || result == PROMON_ENOMEM);
    promon__engine_free(engine);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct promon__registry *registry = NULL;

    (void)state;
    assert_int_equal(promon__registry_new(&registry, NULL), PROMON_OK);
    assert_true(oom_for_every_allocation(make_without_memory, registry) >= 30);
    promon__registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_the_first_result),
        cmocka_unit_test(each_result_is_told_in_all_places),
        cmocka_unit_test(figures_phases_and_certificate_become_metrics),
        cmocka_unit_test(notes_are_told_on_the_thread_that_asks),
        cmocka_unit_test(probes_run_at_a_fixed_rate),
        cmocka_unit_test(start_waits_for_the_first_results_that_are_asked_for),
        cmocka_unit_test(failing_probe_is_tried_again_sooner),
        cmocka_unit_test(stuck_check_is_overrun_and_holds_up_no_other),
        cmocka_unit_test(probes_starve_visibly_when_no_worker_can_be_replaced),
        cmocka_unit_test(stop_and_free_leave_a_stuck_check_what_it_needs),
        cmocka_unit_test(stop_waits_for_checks_that_return_in_time),
        cmocka_unit_test(removal_waits_for_the_check),
        cmocka_unit_test(removal_of_a_stuck_function_waits_until_it_returns),
        cmocka_unit_test(removal_of_a_stuck_module_leaves_it_behind),
        cmocka_unit_test(checks_may_change_other_probes_but_not_remove_themselves),
        cmocka_unit_test(checks_that_remove_each_other_do_not_wait_for_ever),
        cmocka_unit_test(run_of_a_stuck_check_is_told_in_time),
        cmocka_unit_test(runs_that_are_asked_for_fit_between_the_others),
        cmocka_unit_test(child_of_a_fork_starts_anew),
        cmocka_unit_test(threads_are_as_many_after_thousands_of_checks),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
