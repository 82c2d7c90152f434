/*
 * The scheduler's thread: sleeps until a check is due or overruns, and turns at least once a second
 * so that its silence means something.
 *
 * A probe has its first check soon after the start and then keeps to the slots of its phase. A slot
 * that comes while the check before still runs or waits is skipped.
 */
#include <promon/cell.h>

#include "engine_core.h"

/* A first check comes so soon, even of a probe that runs once a day. */
#define FIRST_SPREAD_NS (5 * PROMON__SECOND_NS)
/* A check that waits for a worker so long past its next slot is told as failed. */
#define STARVED_NS PROMON__SECOND_NS
#define LONGEST_SLEEP_NS PROMON__SECOND_NS

void promon__engine_wake(struct promon__engine *engine, int64_t due_ns)
{
    if (due_ns < engine->wake_ns) {
        engine->wake_ns = due_ns;
        pthread_cond_signal(&engine->turn);
    }
}

static void plan(struct promon__probe *probe, int64_t due_ns)
{
    promon__schedule_set(&probe->engine->schedule, &probe->timer, due_ns);
    promon__engine_wake(probe->engine, due_ns);
}

void promon__engine_plan_first(struct promon__probe *probe, int64_t now_ns)
{
    const int64_t interval_ns = probe->plan->interval_ns;

    probe->is_begun = false;
    if (probe->is_awaited)
        plan(probe, now_ns);
    else if (interval_ns <= FIRST_SPREAD_NS)
        plan(probe, promon__next_slot(probe->hash, interval_ns, now_ns));
    else
        plan(probe, now_ns + (int64_t)(probe->hash % (uint64_t)FIRST_SPREAD_NS));
}

void promon__engine_plan_retry(struct promon__probe *probe, int64_t now_ns)
{
    const int64_t retry_ns = probe->plan->retry_interval_ns;
    int64_t due_ns = probe->started_ns + retry_ns;

    if (probe->status.verdict == PROMON_UP || retry_ns >= probe->plan->interval_ns)
        return;
    if (due_ns <= now_ns)
        due_ns += ((now_ns - due_ns) / retry_ns + 1) * retry_ns;
    if (due_ns < probe->timer.due_ns)
        plan(probe, due_ns);
}

static void plan_next(struct promon__probe *probe, int64_t now_ns)
{
    const int64_t interval_ns = probe->plan->interval_ns;
    int64_t after_ns = now_ns;

    /* The first one came at any time: the next is not to follow at its heels. */
    if (!probe->is_begun)
        after_ns += interval_ns / 2;
    probe->is_begun = true;
    plan(probe, promon__next_slot(probe->hash, interval_ns, after_ns));
}

static void submit(struct promon__probe *probe, int64_t due_ns, int64_t now_ns)
{
    probe->activity = PROMON__QUEUED;
    probe->is_submitted = true;
    probe->due_ns = due_ns;
    probe->submitted_ns = now_ns;
    probe->uses++;
    promon__workers_submit(probe->engine->workers, &probe->job);
}

static void take_slot(struct promon__probe *probe, int64_t now_ns, struct promon__news *news)
{
    const int64_t due_ns = probe->timer.due_ns;

    if (probe->activity == PROMON__IDLE && !probe->is_submitted)
        submit(probe, due_ns, now_ns);
    else if (probe->activity == PROMON__QUEUED &&
             now_ns - probe->submitted_ns > probe->plan->interval_ns + STARVED_NS)
        promon__check_starved(probe, now_ns, news);
    else if (probe->activity == PROMON__RUNNING && probe->is_overrun)
        promon__check_expire(probe, now_ns, news);
    plan_next(probe, now_ns);
}

/* Does one thing that it is time for; false when there is none. */
static bool do_one(struct promon__engine *engine, int64_t now_ns, struct promon__news *news)
{
    struct promon__probe *overdue = promon__checks_overdue(engine, now_ns);
    struct promon__timer *first;

    if (overdue != NULL) {
        promon__check_expire(overdue, now_ns, news);
        return true;
    }
    first = promon__schedule_first(&engine->schedule);
    if (first == NULL || first->due_ns > now_ns)
        return false;
    take_slot((struct promon__probe *)(void *)first, now_ns, news);
    return true;
}

static void sleep_until_due(struct promon__engine *engine, int64_t now_ns)
{
    const struct promon__workers_figures figures = promon__workers_figures(engine->workers);
    const struct promon__timer *first = promon__schedule_first(&engine->schedule);
    const int64_t expire_ns = promon__checks_expire_ns(engine);
    int64_t wake_ns = now_ns + LONGEST_SLEEP_NS;

    promon_cell_set(engine->metrics.workers, figures.threads);
    promon_cell_set(engine->metrics.stuck, figures.left);
    if (first != NULL && first->due_ns < wake_ns)
        wake_ns = first->due_ns;
    if (expire_ns < wake_ns)
        wake_ns = expire_ns;
    engine->wake_ns = wake_ns;
    while (engine->is_running && engine->wake_ns == wake_ns &&
           condition_wait(&engine->turn, &engine->lock, wake_ns))
        ;
    engine->wake_ns = INT64_MIN; /* awake: nobody need wake it */
}

void *promon__engine_turn(void *data)
{
    struct promon__engine *engine = data;

    pthread_setname_np(pthread_self(), "promon-schedule");
    pthread_mutex_lock(&engine->lock);
    while (engine->is_running) {
        const int64_t now_ns = promon_now_ns();
        struct promon__news news = {0};

        atomic_store(&engine->turned_ns, now_ns);
        if (!do_one(engine, now_ns, &news)) {
            sleep_until_due(engine, now_ns);
        } else if (news.level != 0) {
            pthread_mutex_unlock(&engine->lock);
            promon__news_tell(engine->log, &news);
            pthread_mutex_lock(&engine->lock);
        }
    }
    pthread_mutex_unlock(&engine->lock);
    return NULL;
}
