/*
 * Which probes there are.
 *
 * A change is prepared with everything that can fail, and then made in one go under the same lock:
 * nobody sees half of it. A probe that takes the place of one of its name takes over its metrics,
 * so that counters go on, and nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <promon/cell.h>
#include <promon/config.h>

#include "engine_core.h"
#include "error.h"

struct place {
    struct promon__probe *old; /* of the same name */
    struct promon__probe *fresh; /* NULL: the old one stays as it is */
    bool is_described; /* the old one's gauge has the new description */
};

struct change {
    struct promon__engine *engine;
    struct promon__plan **plans;
    size_t n_plans;
    bool replaces; /* the configured ones */
    struct place *places; /* one for each plan */
    struct promon__probe **table; /* as it is to be */
    size_t n_table;
    struct promon__probe **gone;
    size_t n_gone;
};

static struct promon__probe *find(const struct promon__engine *engine, const char *name,
                                  uint64_t hash)
{
    size_t i;

    for (i = 0; i < engine->n_probes; i++) {
        if (engine->probes[i]->hash == hash && strcmp(engine->probes[i]->plan->name, name) == 0)
            return engine->probes[i];
    }
    return NULL;
}

struct promon__probe *promon__engine_find(const struct promon__engine *engine, const char *name)
{
    return find(engine, name, promon__name_hash(name));
}

void promon__engine_detach(struct promon__probe *probe)
{
    struct promon__engine *engine = probe->engine;

    promon__schedule_remove(&engine->schedule, &probe->timer);
    promon__probe_metrics_close(&engine->metrics, probe->plan->name, &probe->metrics);
    promon__probe_gauge_close(&engine->metrics, &probe->metrics);
    probe->is_removed = true;
    if (probe->is_awaited)
        engine->n_awaited--;
    probe->is_awaited = false;
    pthread_cond_broadcast(&engine->changed);
}

static bool is_to_go(const struct change *change, const struct promon__probe *probe)
{
    return change->replaces && probe->plan->is_configured;
}

static bool is_same(const struct promon__plan *one, const struct promon__plan *other)
{
    return one->fingerprint != NULL && other->fingerprint != NULL &&
           strcmp(one->fingerprint, other->fingerprint) == 0;
}

static struct promon__probe *new_probe(struct promon__engine *engine, const char *name)
{
    struct promon__probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL)
        return NULL;
    probe->history = calloc(1, sizeof(*probe->history));
    if (probe->history == NULL) {
        free(probe);
        return NULL;
    }
    probe->engine = engine;
    probe->uses = 1;
    probe->hash = promon__name_hash(name);
    probe->job.run = promon__check_job;
    probe->own_job.run = promon__check_own_job;
    probe->status.size = sizeof(probe->status);
    return probe;
}

static enum promon_status open_metrics(struct promon__engine *engine,
                                       const struct promon__plan *plan, struct promon__probe *probe,
                                       struct promon_error *error)
{
    enum promon_status status = promon__probe_gauge_open(&engine->metrics, plan->name,
                                                         plan->description, &probe->metrics, error);

    if (status == PROMON_OK)
        status = promon__probe_metrics_open(&engine->metrics, plan->name, &probe->metrics, error);
    return status;
}

static bool is_twice(const struct change *change, size_t index)
{
    const char *const name = change->plans[index]->name;
    size_t i;

    for (i = 0; i < index; i++) {
        if (strcmp(change->plans[i]->name, name) == 0)
            return true;
    }
    return false;
}

static enum promon_status prepare_place(struct change *change, size_t index,
                                        struct promon_error *error)
{
    const struct promon__plan *plan = change->plans[index];
    struct place *place = &change->places[index];

    place->old = promon__engine_find(change->engine, plan->name);
    if (is_twice(change, index) || (place->old != NULL && !is_to_go(change, place->old)))
        return promon__fail(error, PROMON_EEXISTS, "there is a probe %s already", plan->name);
    if (place->old != NULL && is_same(place->old->plan, plan))
        return PROMON_OK;
    place->fresh = new_probe(change->engine, plan->name);
    if (place->fresh == NULL)
        return promon__fail_memory(error);
    return place->old != NULL ? PROMON_OK : open_metrics(change->engine, plan, place->fresh, error);
}

/* The help text of a family is part of it: another one is another family. */
static enum promon_status describe(struct promon__probe *probe, const char *description,
                                   struct promon_error *error)
{
    struct promon__engine_metrics *metrics = &probe->engine->metrics;
    enum promon_status status;

    promon__probe_gauge_close(metrics, &probe->metrics);
    status =
        promon__probe_gauge_open(metrics, probe->plan->name, description, &probe->metrics, error);
    if (probe->status.runs != 0)
        promon_cell_set(probe->metrics.value, promon__probe_gauge_value(probe->status.verdict));
    return status;
}

static enum promon_status describe_all(struct change *change, struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    size_t i;

    for (i = 0; i < change->n_plans && status == PROMON_OK; i++) {
        struct place *place = &change->places[i];

        if (place->old == NULL || place->fresh == NULL ||
            strcmp(place->old->plan->description, change->plans[i]->description) == 0)
            continue;
        place->is_described = true;
        status = describe(place->old, change->plans[i]->description, error);
    }
    return status;
}

/* Room for what there will be; the table and the list of those that go. */
static enum promon_status prepare_room(struct change *change, struct promon_error *error)
{
    const size_t most = change->engine->n_probes + change->n_plans;

    change->places = calloc(change->n_plans + 1, sizeof(change->places[0]));
    change->table = calloc(most + 1, sizeof(change->table[0]));
    change->gone = calloc(change->engine->n_probes + 1, sizeof(change->gone[0]));
    if (change->places == NULL || change->table == NULL || change->gone == NULL ||
        !promon__schedule_reserve(&change->engine->schedule, most))
        return promon__fail_memory(error);
    return PROMON_OK;
}

static void add_to_table(struct change *change, struct promon__probe *probe)
{
    change->table[change->n_table++] = probe;
}

/* Configured ones stand first, in the order of the configuration. */
static void prepare_table(struct change *change)
{
    const struct promon__engine *engine = change->engine;
    size_t i;

    for (i = 0; i < engine->n_probes && !change->replaces; i++)
        add_to_table(change, engine->probes[i]);
    for (i = 0; i < change->n_plans; i++) {
        struct place *place = &change->places[i];

        add_to_table(change, place->fresh != NULL ? place->fresh : place->old);
    }
    for (i = 0; i < engine->n_probes && change->replaces; i++) {
        if (!is_to_go(change, engine->probes[i]))
            add_to_table(change, engine->probes[i]);
    }
}

/* When no name is there twice, which is not known yet. */
static size_t count_after(const struct change *change)
{
    size_t count = change->n_plans;
    size_t i;

    for (i = 0; i < change->engine->n_probes; i++) {
        if (!is_to_go(change, change->engine->probes[i]))
            count++;
    }
    return count;
}

static enum promon_status prepare(struct change *change, struct promon_error *error)
{
    enum promon_status status;
    size_t i;

    if (count_after(change) > PROMON_MAX_PROBES)
        return promon__fail(error, PROMON_ELIMIT, "more than %d probes", PROMON_MAX_PROBES);
    status = prepare_room(change, error);
    for (i = 0; i < change->n_plans && status == PROMON_OK; i++)
        status = prepare_place(change, i, error);
    if (status != PROMON_OK)
        return status;
    prepare_table(change);
    return describe_all(change, error);
}

static void undo(struct change *change)
{
    struct promon__engine_metrics *metrics = &change->engine->metrics;
    size_t i;

    for (i = 0; i < change->n_plans && change->places != NULL; i++) {
        struct place *place = &change->places[i];

        if (place->is_described)
            (void)describe(place->old, place->old->plan->description, NULL);
        if (place->fresh == NULL)
            continue;
        promon__probe_metrics_close(metrics, change->plans[i]->name, &place->fresh->metrics);
        promon__probe_gauge_close(metrics, &place->fresh->metrics);
        free(place->fresh->history);
        free(place->fresh);
    }
}

static void put_in(struct change *change, size_t index)
{
    struct promon__engine *engine = change->engine;
    struct place *place = &change->places[index];
    struct promon__probe *probe = place->fresh;

    probe->plan = change->plans[index];
    change->plans[index] = NULL;
    if (place->old != NULL) {
        probe->metrics = place->old->metrics;
        memset(&place->old->metrics, 0, sizeof(place->old->metrics));
    } else {
        (void)promon__history_image_find(&engine->histories, probe->plan->name, probe->history);
    }
    engine->uses++;
    probe->status.state_since_ms = (int64_t)time(NULL) * 1000;
    promon__probe_metrics_reset(&engine->metrics, probe->plan->name, &probe->metrics,
                                probe->plan->interval_ns, probe->plan->timeout_ns);
    if (engine->is_running)
        promon__engine_plan_first(probe, promon_now_ns());
}

static bool stays(const struct change *change, const struct promon__probe *probe)
{
    size_t i;

    if (!is_to_go(change, probe))
        return true;
    for (i = 0; i < change->n_plans; i++) {
        if (change->places[i].old == probe && change->places[i].fresh == NULL)
            return true;
    }
    return false;
}

static void commit(struct change *change)
{
    struct promon__engine *engine = change->engine;
    size_t i;

    for (i = 0; i < engine->n_probes; i++) {
        if (!stays(change, engine->probes[i]))
            change->gone[change->n_gone++] = engine->probes[i];
    }
    for (i = 0; i < change->n_plans; i++) {
        if (change->places[i].fresh != NULL)
            put_in(change, i);
    }
    for (i = 0; i < change->n_gone; i++)
        promon__engine_detach(change->gone[i]);
    free(engine->probes);
    engine->probes = change->table;
    engine->n_probes = change->n_table;
    change->table = NULL;
}

static enum promon_status make(struct change *change, struct promon_error *error)
{
    enum promon_status status;
    size_t i;

    pthread_mutex_lock(&change->engine->lock);
    status = prepare(change, error);
    if (status == PROMON_OK)
        commit(change);
    else
        undo(change);
    pthread_mutex_unlock(&change->engine->lock);
    for (i = 0; i < change->n_gone; i++)
        promon__probe_release(change->gone[i]);
    for (i = 0; i < change->n_plans; i++) {
        promon__plan_free(change->plans[i]);
        change->plans[i] = NULL;
    }
    free(change->places);
    free(change->table);
    free(change->gone);
    return status;
}

enum promon_status promon__engine_add(struct promon__engine *engine, struct promon__plan **plans,
                                      size_t n_plans, struct promon_error *error)
{
    struct change change = {.engine = engine, .plans = plans, .n_plans = n_plans};

    return make(&change, error);
}

enum promon_status promon__engine_replace(struct promon__engine *engine,
                                          struct promon__plan **plans, size_t n_plans,
                                          struct promon_error *error)
{
    struct change change = {.engine = engine, .plans = plans, .n_plans = n_plans, .replaces = true};

    return make(&change, error);
}
