#include "engine_bench.h"

#include "test.h"

#include <stdio.h>
#include <unistd.h>

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
void bench_await_logged(struct bench *bench, const char *line)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (!has_logged(bench, line) && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(has_logged(bench, line));
}

struct bench *bench_new(unsigned workers, unsigned max_stuck)
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

void bench_free(struct bench *bench)
{
    promon__engine_free(bench->promon.engine);
    promon__registry_free(bench->promon.registry);
    pthread_mutex_destroy(&bench->lock);
    free(bench);
}

enum promon_verdict script_play(void *data, int64_t deadline_ns, struct promon_result *result)
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

void script_init(struct script *script, const char *letters)
{
    memset(script, 0, sizeof(*script));
    script->letters = letters;
    sem_init(&script->go, 0, 0);
}

struct promon__plan *plan_of(const char *name, promon_check_fn run, void *data, int64_t interval_ms,
                             int64_t timeout_ms)
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

struct promon__plan *script_plan(const char *name, struct script *script, int64_t interval_ms,
                                 int64_t timeout_ms)
{
    struct promon__plan *plan = plan_of(name, script_play, script, interval_ms, timeout_ms);

    assert_non_null(plan);
    return plan;
}

void bench_add(struct bench *bench, struct promon__plan *plan)
{
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__engine_add(bench->promon.engine, &plan, 1, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

void bench_start(struct bench *bench)
{
    assert_int_equal(promon__engine_start(bench->promon.engine, NULL), PROMON_OK);
}

struct promon_probe_status bench_status(struct bench *bench, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    assert_int_equal(promon__engine_status(bench->promon.engine, name, &status, NULL), PROMON_OK);
    return status;
}

void bench_await_runs(struct bench *bench, const char *name, uint64_t runs)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (bench_status(bench, name).runs < runs && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(bench_status(bench, name).runs >= runs);
}

void await_count(atomic_int *count, int least)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (atomic_load(count) < least && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(atomic_load(count) >= least);
}

double bench_value(struct bench *bench, const char *name, const char *label, const char *of)
{
    const char *const labels[] = {label, of, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, name, label == NULL ? NULL : labels, &result, NULL);
    return result;
}

double bench_probe_value(struct bench *bench, const char *name)
{
    return bench_value(bench, name, "probe", "p");
}

double bench_reason_value(struct bench *bench, const char *reason)
{
    const char *const labels[] = {"probe", "p", "reason", reason, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, "promon_probe_failures_total", labels, &result, NULL);
    return result;
}

struct promon_probe_status bench_run_now(struct bench *bench, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__engine_run(bench->promon.engine, name, NULL, NULL, &status, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return status;
}
