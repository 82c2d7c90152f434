/*
 * Removing a probe: it is gone at once, and then its check is waited for, because what it works
 * with is the application's.
 */
#include <string.h>

#include "engine_core.h"
#include "error.h"

/* Whether the thread would wait for itself, by way of other checks that remove too. */
static bool is_circle(const struct promon__probe *probe, const struct promon__probe *inside)
{
    while (probe != NULL && probe != inside)
        probe = probe->waits_for;
    return inside != NULL && probe == inside;
}

static void take_out(struct promon__engine *engine, struct promon__probe *probe)
{
    size_t i = 0;

    while (engine->probes[i] != probe)
        i++;
    engine->n_probes--;
    memmove(&engine->probes[i], &engine->probes[i + 1],
            (engine->n_probes - i) * sizeof(engine->probes[0]));
}

/* A module's check that is stuck keeps its context, and needs nothing of the application. */
static bool is_in_use(const struct promon__probe *probe)
{
    return probe->activity == PROMON__RUNNING &&
           !(probe->is_overrun && probe->plan->module != NULL);
}

static void wait_until_unused(struct promon__probe *probe, struct promon__probe *inside)
{
    struct promon__engine *engine = probe->engine;

    if (inside != NULL)
        inside->waits_for = probe;
    while (is_in_use(probe))
        (void)condition_wait(&engine->changed, &engine->lock, PROMON__NEVER);
    if (inside != NULL)
        inside->waits_for = NULL;
}

enum promon_status promon__engine_remove(struct promon__engine *engine, const char *name,
                                         struct promon_error *error)
{
    struct promon__probe *probe, *inside;
    enum promon_status status = PROMON_OK;

    pthread_mutex_lock(&engine->lock);
    probe = promon__engine_find(engine, name);
    inside = promon__check_inside(engine);
    if (probe == NULL)
        status = promon__fail(error, PROMON_ENOTFOUND, "there is no probe %s", name);
    else if (is_circle(probe, inside))
        status = promon__fail(error, PROMON_ESTATE,
                              "probe %s cannot be removed from inside of its own check", name);
    if (status == PROMON_OK) {
        take_out(engine, probe);
        promon__engine_detach(probe);
        wait_until_unused(probe, inside);
    }
    pthread_mutex_unlock(&engine->lock);
    if (status == PROMON_OK)
        promon__probe_release(probe);
    return status;
}
