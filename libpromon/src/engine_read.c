/*
 * What is known of probes: copies for whoever asks, and histories to and from a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_core.h"
#include "error.h"

enum promon_status promon__engine_status(struct promon__engine *engine, const char *name,
                                         struct promon_probe_status *out,
                                         struct promon_error *error)
{
    const struct promon__probe *probe;

    pthread_mutex_lock(&engine->lock);
    probe = promon__engine_find(engine, name);
    if (probe != NULL)
        *out = probe->status;
    pthread_mutex_unlock(&engine->lock);
    return probe != NULL ? PROMON_OK
                         : promon__fail(error, PROMON_ENOTFOUND, "there is no probe %s", name);
}

static void show(const struct promon__probe *probe,
                 void (*visit)(void *data, const struct promon__probe_view *view), void *data)
{
    const struct promon__plan *plan = probe->plan;
    const struct promon__probe_view view = {
        .name = plan->name,
        .description = plan->description,
        .module = plan->module == NULL ? "" : plan->module,
        .groups = (const char *const *)plan->groups,
        .interval_ms = plan->interval_ns / PROMON__MILLISECOND_NS,
        .was_up = probe->was_up,
        .status = &probe->status,
        .history = probe->history,
    };

    visit(data, &view);
}

size_t promon__engine_visit_some(struct promon__engine *engine, size_t first, size_t count,
                                 void (*visit)(void *data, const struct promon__probe_view *view),
                                 void *data)
{
    size_t i;

    pthread_mutex_lock(&engine->lock);
    for (i = first; i < engine->n_probes && i - first < count; i++)
        show(engine->probes[i], visit, data);
    pthread_mutex_unlock(&engine->lock);
    return i - first;
}

void promon__engine_visit(struct promon__engine *engine,
                          void (*visit)(void *data, const struct promon__probe_view *view),
                          void *data)
{
    (void)promon__engine_visit_some(engine, 0, SIZE_MAX, visit, data);
}

static bool has_history(const struct promon__probe *probe)
{
    return probe->history->newest[PROMON__MINUTES] != 0;
}

/* Probes that are there and have none take theirs now, others when they are added. */
void promon__engine_load_histories(struct promon__engine *engine, const char *path)
{
    struct promon__history_image image = {.data = NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    const enum promon_status status = promon__history_image_read(path, &image, &error);
    size_t i;

    if (status != PROMON_OK) {
        promon__log(engine->log,
                    error.system_errno == ENOENT ? PROMON_LOG_INFO : PROMON_LOG_WARNING,
                    "history: %s", error.message);
        return;
    }
    pthread_mutex_lock(&engine->lock);
    promon__history_image_free(&engine->histories);
    engine->histories = image;
    for (i = 0; i < engine->n_probes; i++) {
        if (!has_history(engine->probes[i]))
            (void)promon__history_image_find(&image, engine->probes[i]->plan->name,
                                             engine->probes[i]->history);
    }
    pthread_mutex_unlock(&engine->lock);
}

/* The probe at `index` with its history as it is now, for as long as the caller likes. */
static struct promon__probe *copy_history(struct promon__engine *engine, size_t index,
                                          struct promon__history *out)
{
    struct promon__probe *probe = NULL;

    pthread_mutex_lock(&engine->lock);
    if (index < engine->n_probes) {
        probe = engine->probes[index];
        probe->uses++;
        *out = *probe->history;
    }
    pthread_mutex_unlock(&engine->lock);
    return probe;
}

enum promon_status promon__engine_save_histories(struct promon__engine *engine, const char *path,
                                                 struct promon_error *error)
{
    struct promon__history *history = malloc(sizeof(*history));
    struct text text = {.size = 0};
    struct promon__probe *probe;
    enum promon_status status;
    size_t i;

    if (history == NULL)
        return promon__fail_memory(error);
    promon__history_begin(&text);
    /* One at a time, so that the lock is held for a copy only. */
    for (i = 0; (probe = copy_history(engine, i, history)) != NULL; i++) {
        promon__history_entry(&text, probe->plan->name, history);
        promon__probe_release(probe);
    }
    status = promon__history_write(&text, path, error);
    text_free(&text);
    free(history);
    return status;
}
