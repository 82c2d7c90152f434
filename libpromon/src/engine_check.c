/*
 * One check: from the beginning on its thread to the result that is recorded.
 *
 * A check that does not return in time gets a result without it: from then on its thread is left
 * behind, and what it returns at last is dropped. While it is stuck the probe is not run again, and
 * each time that it would be due it is recorded as overrun again.
 */
#include "engine_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <promon/cell.h>

void promon__news_tell(const struct promon__log *log, const struct promon__news *news)
{
    if (news->level != 0)
        promon__log(log, news->level, "%s", news->line);
}

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / PROMON__MILLISECOND_NS;
}

static void tell_state(const struct promon__probe *probe, const struct promon_result *result,
                       struct promon__news *news)
{
    const char *const name = probe->plan->name;

    news->level = probe->outcome.state == PROMON_STATE_UP ? PROMON_LOG_INFO : PROMON_LOG_WARNING;
    if (probe->outcome.state == PROMON_STATE_UP)
        (void)snprintf(news->line, sizeof(news->line), "probe %s is up", name);
    else
        (void)snprintf(news->line, sizeof(news->line), "probe %s is %s: %s: %s", name,
                       promon_state_name(probe->outcome.state), promon_reason_name(result->reason),
                       result->message);
}

static void keep_status(struct promon__probe *probe, const struct promon_result *result,
                        int64_t duration_ns, int64_t now_ms)
{
    struct promon_probe_status *status = &probe->status;
    const bool is_up = result->verdict == PROMON_UP;

    status->verdict = result->verdict;
    status->reason = result->reason;
    status->last_run_ms = now_ms;
    status->runs++;
    if (is_up)
        status->last_success_ms = now_ms;
    else
        status->failures++;
    if (duration_ns >= 0)
        status->duration_ns = duration_ns;
    if (result->has_certificate)
        status->tls_not_after_s = result->not_after_s;
    memcpy(status->message, result->message, sizeof(status->message));
}

static void keep_state(struct promon__probe *probe, const struct promon_result *result,
                       int64_t now_ms, struct promon__news *news)
{
    if (promon__outcome_add(&probe->outcome, result->verdict, probe->plan->fail_after,
                            probe->plan->ok_after)) {
        probe->status.state_since_ms = now_ms;
        tell_state(probe, result, news);
    }
    probe->status.state = probe->outcome.state;
    if (probe->outcome.state == PROMON_STATE_UP)
        probe->was_up = true;
    if (probe->is_awaited) {
        probe->is_awaited = false;
        probe->engine->n_awaited--;
    }
}

/* `duration_ns` is -1 when nothing was run. */
static void record(struct promon__probe *probe, const struct promon_result *result,
                   int64_t duration_ns, struct promon__news *news)
{
    const int64_t now_ms = wall_ms();
    const enum promon__history_event event = result->verdict == PROMON_UP     ? PROMON__WAS_UP
                                             : result->verdict == PROMON_DOWN ? PROMON__WAS_DOWN
                                                                              : PROMON__WAS_UNKNOWN;

    keep_status(probe, result, duration_ns, now_ms);
    keep_state(probe, result, now_ms, news);
    promon__history_add(probe->history, now_ms / 1000, event, duration_ns);
    promon__probe_metrics_result(&probe->engine->metrics, probe->plan->name, &probe->metrics,
                                 result, duration_ns, probe->outcome.state, (double)now_ms / 1e3);
    pthread_cond_broadcast(&probe->engine->changed);
}

static void link_check(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;

    probe->before = NULL;
    probe->after = engine->checks;
    if (probe->after != NULL)
        probe->after->before = probe;
    engine->checks = probe;
}

static void unlink_check(struct promon__probe *probe)
{
    if (probe->after != NULL)
        probe->after->before = probe->before;
    if (probe->before != NULL)
        probe->before->after = probe->after;
    else
        probe->engine->checks = probe->after;
    probe->before = probe->after = NULL;
}

static void keep_note(void *data, const char *line);

static void restart_clock(struct promon__probe *probe)
{
    probe->started_ns = promon_now_ns();
    probe->deadline_ns = probe->started_ns + probe->plan->timeout_ns;
}

void promon__check_taken(struct promon__probe *probe, struct promon__job *job)
{
    probe->activity = PROMON__RUNNING;
    probe->running = job;
    probe->is_overrun = false;
    restart_clock(probe);
    promon__result_reset(&probe->result);
    if (probe->wants_notes) {
        probe->result.note = keep_note;
        probe->result.note_data = probe;
    }
    link_check(probe);
    promon__engine_wake(probe->engine, probe->deadline_ns + PROMON__GRACE_NS);
}

static void set_thread(struct promon__probe *probe)
{
    probe->thread = pthread_self();
    probe->has_thread = true;
}

/* Whether the check is to be run. */
static bool begin_due(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;
    bool is_due;

    pthread_mutex_lock(&engine->lock);
    probe->is_submitted = false;
    is_due = probe->activity == PROMON__QUEUED && !probe->is_removed && engine->is_running;
    if (is_due) {
        promon__check_taken(probe, &probe->job);
        set_thread(probe);
        promon_cell_observe(engine->metrics.lag, (double)(probe->started_ns - probe->due_ns) / 1e9);
    } else if (probe->activity == PROMON__QUEUED) {
        probe->activity = PROMON__IDLE;
    }
    pthread_mutex_unlock(&engine->lock);
    return is_due;
}

/* The result counts, unless it is too late or the probe is gone. */
static void take_answer(struct promon__probe *probe, enum promon_verdict verdict, int64_t now_ns)
{
    struct promon__engine *engine = probe->engine;
    struct promon__news news = {0};

    pthread_mutex_lock(&engine->lock);
    probe->is_answered = true;
    if (!probe->is_overrun && !probe->is_removed) {
        promon__result_finish(&probe->result, verdict);
        record(probe, &probe->result, now_ns - probe->started_ns, &news);
    }
    pthread_mutex_unlock(&engine->lock);
    /* A thread that was left behind may outlive the log, but then there is no news. */
    if (news.level != 0)
        promon__news_tell(engine->log, &news);
}

/*
 * Only now, when the log is told, do those who wait for the check go on, and with this the use is
 * given back, so that it is they who close what is removed, and not this thread some time later.
 */
static void leave(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;
    bool is_last;

    pthread_mutex_lock(&engine->lock);
    unlink_check(probe);
    probe->activity = PROMON__IDLE;
    probe->running = NULL;
    probe->has_thread = probe->is_answered = false;
    probe->n_ended++;
    if (!probe->is_removed && engine->is_running)
        promon__engine_plan_retry(probe, promon_now_ns());
    probe->is_overrun = false;
    is_last = --probe->uses == 0;
    pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
    if (is_last)
        promon__probe_free(probe);
}

static void run(struct promon__probe *probe)
{
    const struct promon__check *check = &probe->plan->check;
    const enum promon_verdict verdict = check->run(check->data, probe->deadline_ns, &probe->result);

    take_answer(probe, verdict, promon_now_ns());
    leave(probe);
}

void promon__check_job(struct promon__job *job)
{
    struct promon__probe *probe =
        (struct promon__probe *)(void *)((char *)job - offsetof(struct promon__probe, job));

    if (begin_due(probe))
        run(probe);
    else
        promon__probe_release(probe);
}

void promon__check_own_job(struct promon__job *job)
{
    struct promon__probe *probe =
        (struct promon__probe *)(void *)((char *)job - offsetof(struct promon__probe, own_job));
    struct promon__engine *engine = probe->engine;

    pthread_mutex_lock(&engine->lock);
    set_thread(probe);
    /* Unless the machine is so busy that its time is over. */
    if (!probe->is_overrun)
        restart_clock(probe);
    pthread_mutex_unlock(&engine->lock);
    run(probe);
}

static void keep_note(void *data, const char *line)
{
    enum { MOST_NOTES = 1000 };
    struct promon__probe *probe = data;
    struct promon__engine *engine = probe->engine;
    const size_t size = strlen(line) + 1;
    struct promon__note *note = malloc(sizeof(*note) + size);

    if (note == NULL)
        return;
    note->next = NULL;
    memcpy(note->line, line, size);
    pthread_mutex_lock(&engine->lock);
    if (probe->wants_notes && probe->n_notes < MOST_NOTES) {
        probe->n_notes++;
        *probe->last_note = note;
        probe->last_note = &note->next;
        note = NULL;
        pthread_cond_broadcast(&engine->changed);
    }
    pthread_mutex_unlock(&engine->lock);
    free(note);
}

static void record_overrun(struct promon__probe *probe, int64_t now_ns, struct promon__news *news)
{
    struct promon_result result;
    const int64_t duration_ns = now_ns - probe->started_ns;
    const bool is_first = !probe->is_overrun;

    promon__result_reset(&result);
    promon__result_finish(&result, promon_result_fail(&result, PROMON_REASON_OVERRUN,
                                                      "the check has not returned for %lld ms",
                                                      (long long)(duration_ns / 1000000)));
    probe->is_overrun = true;
    record(probe, &result, is_first ? duration_ns : -1, news);
    if (!is_first)
        return;
    probe->status.overruns++;
    promon_cell_inc(probe->metrics.cells[PROMON__OVERRUNS]);
    news->level = PROMON_LOG_ERROR;
    (void)snprintf(news->line, sizeof(news->line),
                   "probe %s overruns: its check has not returned by its deadline of %lld ms",
                   probe->plan->name, (long long)(probe->plan->timeout_ns / 1000000));
}

void promon__check_expire(struct promon__probe *probe, int64_t now_ns, struct promon__news *news)
{
    if (probe->is_answered || now_ns < probe->deadline_ns + PROMON__GRACE_NS)
        return;
    if (probe->is_removed)
        probe->is_overrun = true;
    else
        record_overrun(probe, now_ns, news);
    (void)promon__workers_leave(probe->engine->workers, probe->running, false);
    pthread_cond_broadcast(&probe->engine->changed);
}

void promon__check_starved(struct promon__probe *probe, int64_t now_ns, struct promon__news *news)
{
    struct promon_result result;

    promon__result_reset(&result);
    promon__result_finish(
        &result,
        promon_result_fail(&result, PROMON_REASON_INTERNAL, "no worker was free for %lld ms",
                           (long long)((now_ns - probe->submitted_ns) / 1000000)));
    record(probe, &result, -1, news);
}

static bool is_expiring(const struct promon__probe *probe)
{
    return !probe->is_overrun && !probe->is_answered;
}

bool promon__checks_pend(const struct promon__engine *engine)
{
    const struct promon__probe *probe = engine->checks;

    while (probe != NULL && probe->is_overrun)
        probe = probe->after;
    return probe != NULL;
}

int64_t promon__checks_expire_ns(const struct promon__engine *engine)
{
    const struct promon__probe *probe;
    int64_t first_ns = PROMON__NEVER;

    for (probe = engine->checks; probe != NULL; probe = probe->after) {
        if (is_expiring(probe) && probe->deadline_ns + PROMON__GRACE_NS < first_ns)
            first_ns = probe->deadline_ns + PROMON__GRACE_NS;
    }
    return first_ns;
}

struct promon__probe *promon__checks_overdue(const struct promon__engine *engine, int64_t now_ns)
{
    struct promon__probe *probe = engine->checks;

    while (probe != NULL && (!is_expiring(probe) || now_ns < probe->deadline_ns + PROMON__GRACE_NS))
        probe = probe->after;
    return probe;
}

struct promon__probe *promon__check_inside(const struct promon__engine *engine)
{
    struct promon__probe *probe = engine->checks;

    while (probe != NULL && !(probe->has_thread && pthread_equal(probe->thread, pthread_self())))
        probe = probe->after;
    return probe;
}
