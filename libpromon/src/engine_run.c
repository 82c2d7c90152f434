/*
 * A check that somebody asked for: on a thread of its own, watched by the one who asked, who is
 * told the notes meanwhile. A check of the probe that runs already is that check.
 */
#include <stdlib.h>

#include <promon/cell.h>

#include "engine_core.h"
#include "error.h"

struct listener {
    void (*note)(void *data, const char *line);
    void *data;
    bool has_notes; /* it was this one who asked first */
};

static void listen(struct promon__probe *probe, struct listener *listener)
{
    listener->has_notes = listener->note != NULL;
    probe->wants_notes = listener->has_notes;
    probe->n_notes = 0;
    probe->notes = NULL;
    probe->last_note = &probe->notes;
}

static struct promon__note *take_notes(struct promon__probe *probe, const struct listener *listener)
{
    struct promon__note *notes = NULL;

    if (listener->has_notes) {
        notes = probe->notes;
        probe->notes = NULL;
        probe->last_note = &probe->notes;
    }
    return notes;
}

static void tell_notes(struct promon__note *note, const struct listener *listener)
{
    while (note != NULL) {
        struct promon__note *next = note->next;

        listener->note(listener->data, note->line);
        free(note);
        note = next;
    }
}

/* The lock is held. The deadline counts from here, that of the check from its beginning. */
static enum promon_status begin(struct promon__probe *probe, struct listener *listener,
                                struct promon_error *error)
{
    struct promon__engine *engine = probe->engine;
    enum promon_status status;

    listen(probe, listener);
    probe->uses++;
    status = promon__workers_run_alone(engine->workers, &probe->own_job, error);
    if (status != PROMON_OK) {
        probe->uses--;
        probe->wants_notes = false;
        return status;
    }
    /* A job that waits for a worker finds that it is not wanted any more. */
    promon__check_taken(probe, &probe->own_job);
    return PROMON_OK;
}

/* One turn of waiting: for a note, the end, or the time when it overruns. */
static void wait_a_turn(struct promon__probe *probe, const struct listener *listener)
{
    struct promon__engine *engine = probe->engine;
    const int64_t now_ns = promon_now_ns();
    const int64_t expire_ns =
        probe->is_answered ? PROMON__NEVER : probe->deadline_ns + PROMON__GRACE_NS;
    struct promon__note *notes = take_notes(probe, listener);
    struct promon__news news = {0};

    if (notes == NULL && now_ns < expire_ns) {
        (void)condition_wait(&engine->changed, &engine->lock, expire_ns);
        return;
    }
    if (notes == NULL)
        promon__check_expire(probe, now_ns, &news);
    pthread_mutex_unlock(&engine->lock);
    tell_notes(notes, listener);
    promon__news_tell(engine->log, &news);
    pthread_mutex_lock(&engine->lock);
}

/* The lock is held at first, and given back. */
static enum promon_status wait_for_result(struct promon__probe *probe, struct listener *listener,
                                          struct promon_probe_status *out,
                                          struct promon_error *error)
{
    const uint64_t n_ended = probe->n_ended;
    enum promon_status status = PROMON_OK;
    struct promon__note *notes;

    /* This check, not the next one, which may have begun before its end is noticed here. */
    while (probe->activity == PROMON__RUNNING && !probe->is_overrun && probe->n_ended == n_ended)
        wait_a_turn(probe, listener);
    notes = take_notes(probe, listener);
    if (listener->has_notes)
        probe->wants_notes = false;
    if (probe->is_removed)
        status = promon__fail(error, PROMON_ENOTFOUND, "probe %s was removed meanwhile",
                              probe->plan->name);
    else if (probe->status.reason == PROMON_REASON_OVERRUN)
        status = promon__fail(error, PROMON_ETIMEDOUT, "probe %s: %s", probe->plan->name,
                              probe->status.message);
    else
        *out = probe->status;
    pthread_mutex_unlock(&probe->engine->lock);
    tell_notes(notes, listener);
    return status;
}

enum promon_status promon__engine_run(struct promon__engine *engine, const char *name,
                                      void (*note)(void *data, const char *line), void *note_data,
                                      struct promon_probe_status *out, struct promon_error *error)
{
    struct listener listener = {note, note_data, false};
    struct promon__probe *probe;
    enum promon_status status = PROMON_OK;

    pthread_mutex_lock(&engine->lock);
    probe = promon__engine_find(engine, name);
    if (probe == NULL)
        status = promon__fail(error, PROMON_ENOTFOUND, "there is no probe %s", name);
    else if (promon__check_inside(engine) != NULL)
        status = promon__fail(error, PROMON_ESTATE, "a check cannot run probes");
    else if (probe->activity != PROMON__RUNNING)
        status = begin(probe, &listener, error);
    if (status != PROMON_OK) {
        pthread_mutex_unlock(&engine->lock);
        return status;
    }
    probe->uses++;
    status = wait_for_result(probe, &listener, out, error);
    promon__probe_release(probe);
    return status;
}
