/*
 * The life of an engine.
 *
 * The memory of the engine itself, its lock and conditions, stays until the last probe is freed,
 * and a probe until the last check of it has returned: what is stuck when the engine is freed finds
 * its way out. Metrics, log and table are gone by then, and are not touched.
 */
#include <stdlib.h>
#include <string.h>

#include <promon/cell.h>

#include "engine_core.h"
#include "error.h"
#include "thread.h"

/* How long a thread rests before it ends: long against the usual rate of checks. */
#define REST_NS (10 * PROMON__SECOND_NS)

static enum promon_status open_parts(struct promon__engine *engine,
                                     const struct promon__engine_options *options,
                                     struct promon_error *error)
{
    enum promon_status status =
        promon__engine_metrics_open(options->registry, &engine->metrics, error);

    if (status == PROMON_OK)
        status = promon__workers_new(options->workers, options->max_stuck, REST_NS,
                                     &engine->workers, error);
    return status;
}

enum promon_status promon__engine_new(const struct promon__engine_options *options,
                                      struct promon__engine **out, struct promon_error *error)
{
    struct promon__engine *engine = calloc(1, sizeof(*engine));
    enum promon_status status;

    if (engine == NULL)
        return promon__fail_memory(error);
    pthread_mutex_init(&engine->lock, NULL);
    promon__condition_init(&engine->turn);
    promon__condition_init(&engine->changed);
    engine->uses = 1;
    engine->registry = options->registry;
    engine->log = options->log;
    engine->n_workers = options->workers;
    status = open_parts(engine, options, error);
    if (status == PROMON_OK)
        *out = engine;
    else
        promon__engine_free(engine);
    return status;
}

void promon__engine_unlock_release(struct promon__engine *engine)
{
    const bool is_last = --engine->uses == 0;

    pthread_mutex_unlock(&engine->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&engine->changed);
    pthread_cond_destroy(&engine->turn);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

void promon__probe_free(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;

    promon__plan_free(probe->plan);
    free(probe->history);
    free(probe);
    pthread_mutex_lock(&engine->lock);
    promon__engine_unlock_release(engine);
}

void promon__probe_release(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;
    bool is_last;

    pthread_mutex_lock(&engine->lock);
    is_last = --probe->uses == 0;
    pthread_mutex_unlock(&engine->lock);
    if (is_last)
        promon__probe_free(probe);
}

static void remove_all(struct promon__engine *engine)
{
    size_t i;

    pthread_mutex_lock(&engine->lock);
    for (i = 0; i < engine->n_probes; i++)
        promon__engine_detach(engine->probes[i]);
    pthread_mutex_unlock(&engine->lock);
    for (i = 0; i < engine->n_probes; i++)
        promon__probe_release(engine->probes[i]);
}

void promon__engine_free(struct promon__engine *engine)
{
    if (engine == NULL)
        return;
    promon__engine_stop(engine);
    remove_all(engine);
    free(engine->probes);
    promon__schedule_free(&engine->schedule);
    promon__history_image_free(&engine->histories);
    promon__engine_metrics_close(&engine->metrics);
    if (engine->workers != NULL)
        promon__workers_release(engine->workers);
    pthread_mutex_lock(&engine->lock);
    promon__engine_unlock_release(engine);
}

/* Gives each probe its first time, and returns how long the results that are awaited may take. */
static int64_t plan_all(struct promon__engine *engine)
{
    const int64_t now_ns = promon_now_ns();
    int64_t longest_ns = 0;
    size_t i;

    engine->n_awaited = 0;
    for (i = 0; i < engine->n_probes; i++) {
        struct promon__probe *probe = engine->probes[i];

        probe->is_awaited = probe->plan->wait_first;
        promon__engine_plan_first(probe, now_ns);
        if (!probe->is_awaited)
            continue;
        engine->n_awaited++;
        if (probe->plan->timeout_ns > longest_ns)
            longest_ns = probe->plan->timeout_ns;
    }
    /* One after the other where there are more of them than workers. */
    return now_ns + (engine->n_awaited / engine->n_workers + 1) * (longest_ns + PROMON__SECOND_NS);
}

static void wait_for_first(struct promon__engine *engine, int64_t deadline_ns)
{
    while (engine->n_awaited != 0 && engine->is_running &&
           condition_wait(&engine->changed, &engine->lock, deadline_ns))
        ;
}

enum promon_status promon__engine_start(struct promon__engine *engine, struct promon_error *error)
{
    enum promon_status status = promon__workers_start(engine->workers, error);

    if (status != PROMON_OK)
        return status;
    pthread_mutex_lock(&engine->lock);
    engine->is_running = true;
    engine->wake_ns = INT64_MIN;
    atomic_store(&engine->turned_ns, promon_now_ns());
    status = promon__thread_start(&engine->scheduler, promon__engine_turn, engine, error);
    if (status == PROMON_OK) {
        const int64_t deadline_ns = plan_all(engine);

        wait_for_first(engine, deadline_ns);
        pthread_mutex_unlock(&engine->lock);
        return PROMON_OK;
    }
    engine->is_running = false;
    pthread_mutex_unlock(&engine->lock);
    (void)promon__workers_close(engine->workers);
    promon__workers_join(engine->workers);
    return status;
}

/* False when it does not run. */
static bool stop_scheduler(struct promon__engine *engine)
{
    bool was_running;
    size_t i;

    pthread_mutex_lock(&engine->lock);
    was_running = engine->is_running;
    engine->is_running = false;
    for (i = 0; i < engine->n_probes; i++)
        promon__schedule_remove(&engine->schedule, &engine->probes[i]->timer);
    pthread_cond_signal(&engine->turn);
    pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
    if (was_running)
        pthread_join(engine->scheduler, NULL);
    return was_running;
}

/* Jobs that no worker took have nothing to do but to give their probe back. */
static void give_back(struct promon__job *job)
{
    while (job != NULL) {
        struct promon__job *next = job->next;

        job->run(job);
        job = next;
    }
}

/* Waits for checks that run, and leaves those behind that overrun. */
static void end_checks(struct promon__engine *engine)
{
    struct promon__probe *probe;

    pthread_mutex_lock(&engine->lock);
    while (promon__checks_pend(engine)) {
        const int64_t now_ns = promon_now_ns();
        struct promon__news news = {0};

        probe = promon__checks_overdue(engine, now_ns);
        if (probe == NULL) {
            (void)condition_wait(&engine->changed, &engine->lock, promon__checks_expire_ns(engine));
            continue;
        }
        promon__check_expire(probe, now_ns, &news);
        pthread_mutex_unlock(&engine->lock);
        promon__news_tell(engine->log, &news);
        pthread_mutex_lock(&engine->lock);
    }
    for (probe = engine->checks; probe != NULL; probe = probe->after)
        (void)promon__workers_leave(engine->workers, probe->running, true);
    pthread_mutex_unlock(&engine->lock);
}

void promon__engine_stop(struct promon__engine *engine)
{
    if (!stop_scheduler(engine))
        return;
    give_back(promon__workers_close(engine->workers));
    end_checks(engine);
    promon__workers_join(engine->workers);
    promon_cell_set(engine->metrics.workers, 0);
    promon_cell_set(engine->metrics.stuck, promon__workers_figures(engine->workers).left);
}

int64_t promon__engine_silence_ns(struct promon__engine *engine)
{
    bool is_running;

    pthread_mutex_lock(&engine->lock);
    is_running = engine->is_running;
    pthread_mutex_unlock(&engine->lock);
    return is_running ? promon_now_ns() - atomic_load(&engine->turned_ns) : 0;
}

/* What was submitted or ran has no thread here, and never returns. */
static void forget_checks(struct promon__probe *probe)
{
    probe->uses -= (probe->is_submitted ? 1 : 0) + (probe->running != NULL ? 1 : 0);
    probe->activity = PROMON__IDLE;
    probe->timer.place = 0;
    probe->running = NULL;
    probe->before = probe->after = probe->waits_for = NULL;
    probe->is_submitted = probe->is_overrun = probe->is_answered = probe->is_awaited = false;
    probe->has_thread = probe->wants_notes = false;
    probe->status.runs = probe->status.failures = probe->status.overruns = 0;
    if (probe->plan->check.renew != NULL)
        probe->plan->check.renew(probe->plan->check.data);
}

void promon__engine_after_fork(struct promon__engine *engine)
{
    size_t i;

    pthread_mutex_init(&engine->lock, NULL);
    promon__condition_init(&engine->turn);
    promon__condition_init(&engine->changed);
    promon__workers_after_fork(engine->workers);
    engine->is_running = false;
    engine->checks = NULL;
    engine->n_awaited = 0;
    /* The heap is emptied at once: the scheduler may have been in the middle of a change. */
    engine->schedule.size = 0;
    for (i = 0; i < engine->n_probes; i++)
        forget_checks(engine->probes[i]);
    promon_cell_set(engine->metrics.workers, 0);
    promon_cell_set(engine->metrics.stuck, 0);
}
