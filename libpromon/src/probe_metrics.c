/*
 * Metrics of one probe.
 *
 * Cells are looked up once. Series that only some probes have (certificates, parts of a check,
 * figures) are made when they are told first; those of a figure that the last check did not give
 * are NaN, and make room for another one when there are as many as may be.
 */
#include "probe_metrics.h"

#include <math.h>
#include <string.h>

#include "registry.h"

#define NS_PER_SECOND 1e9

static const char *const *label_values(const char **values, const char *name, const char *second)
{
    values[0] = name;
    values[1] = second;
    values[2] = NULL;
    return values;
}

static enum promon_status find_cell(const struct promon__engine_metrics *engine,
                                    enum promon__probe_family which, const char *name,
                                    const char *second, struct promon_cell **out,
                                    struct promon_error *error)
{
    const char *values[3];
    struct promon_cell *cell = NULL;
    enum promon_status status;

    if (*out != NULL)
        return PROMON_OK;
    status = promon_family_cell(engine->families[which], label_values(values, name, second), &cell,
                                error);
    if (status == PROMON_OK)
        *out = cell;
    return status;
}

static void drop_cell(const struct promon__engine_metrics *engine, enum promon__probe_family which,
                      const char *name, const char *second, struct promon_cell **cell)
{
    const char *values[3];

    if (*cell == NULL)
        return;
    (void)promon_family_remove_series(engine->families[which], label_values(values, name, second),
                                      NULL);
    *cell = NULL;
}

enum promon_status promon__probe_gauge_open(struct promon__engine_metrics *engine, const char *name,
                                            const char *description,
                                            struct promon__probe_metrics *metrics,
                                            struct promon_error *error)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    enum promon_status status;

    options.kind = PROMON_GAUGE;
    options.name = name;
    options.help = description;
    status = promon__registry_family_add(engine->registry, &options, &metrics->gauge, error);
    if (status == PROMON_OK)
        status = promon_family_cell(metrics->gauge, NULL, &metrics->value, error);
    if (status != PROMON_OK)
        promon__probe_gauge_close(engine, metrics);
    else
        promon_cell_set(metrics->value, (double)NAN);
    return status;
}

void promon__probe_gauge_close(struct promon__engine_metrics *engine,
                               struct promon__probe_metrics *metrics)
{
    if (metrics->gauge != NULL)
        promon__registry_family_remove(engine->registry, metrics->gauge);
    metrics->gauge = NULL;
    metrics->value = NULL;
}

/* Not every probe sees a certificate. */
static bool is_certificate(enum promon__probe_family which)
{
    return which == PROMON__NOT_AFTER || which == PROMON__CHAIN_NOT_AFTER ||
           which == PROMON__VERIFIED;
}

enum promon_status promon__probe_metrics_open(struct promon__engine_metrics *engine,
                                              const char *name,
                                              struct promon__probe_metrics *metrics,
                                              struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    unsigned i;

    for (i = 0; i < PROMON__OF_PROBE && status == PROMON_OK; i++) {
        if (!is_certificate(i))
            status = find_cell(engine, i, name, NULL, &metrics->cells[i], error);
    }
    /* All reasons from the beginning: the first failure of a kind is a step that rate() sees. */
    for (i = PROMON_REASON_NONE + 1; i <= PROMON_REASON_INTERNAL && status == PROMON_OK; i++)
        status = find_cell(engine, PROMON__FAILURES, name, promon_reason_name(i),
                           &metrics->failures[i], error);
    if (status == PROMON_OK)
        status = find_cell(engine, PROMON__DURATION, name, "all", &metrics->duration, error);
    if (status != PROMON_OK)
        promon__probe_metrics_close(engine, name, metrics);
    return status;
}

static void drop_results(struct promon__engine_metrics *engine, const char *name,
                         struct promon__probe_metrics *metrics)
{
    unsigned i;

    for (i = 0; i < PROMON__OF_PROBE; i++) {
        if (is_certificate(i))
            drop_cell(engine, i, name, NULL, &metrics->cells[i]);
    }
    for (i = 0; i < PROMON_RESULT_MAX_VALUES; i++) {
        drop_cell(engine, PROMON__VALUE, name, metrics->values[i].key, &metrics->values[i].cell);
        metrics->values[i].key[0] = '\0';
    }
}

void promon__probe_metrics_close(struct promon__engine_metrics *engine, const char *name,
                                 struct promon__probe_metrics *metrics)
{
    unsigned i;

    drop_results(engine, name, metrics);
    for (i = 0; i < PROMON__OF_PROBE; i++)
        drop_cell(engine, i, name, NULL, &metrics->cells[i]);
    for (i = 0; i <= PROMON_REASON_INTERNAL; i++)
        drop_cell(engine, PROMON__FAILURES, name, promon_reason_name(i), &metrics->failures[i]);
    for (i = 0; i < PROMON_PHASES; i++)
        drop_cell(engine, PROMON__DURATION, name, promon_phase_name(i), &metrics->phases[i]);
    drop_cell(engine, PROMON__DURATION, name, "all", &metrics->duration);
}

void promon__probe_metrics_reset(struct promon__engine_metrics *engine, const char *name,
                                 struct promon__probe_metrics *metrics, int64_t interval_ns,
                                 int64_t timeout_ns)
{
    drop_results(engine, name, metrics);
    promon_cell_set(metrics->value, (double)NAN);
    promon_cell_set(metrics->cells[PROMON__SUCCESS], (double)NAN);
    promon_cell_set(metrics->cells[PROMON__LAST_RUN], (double)NAN);
    promon_cell_set(metrics->cells[PROMON__LAST_SUCCESS], (double)NAN);
    promon_cell_set_only_state(metrics->cells[PROMON__STATE], PROMON_STATE_UNKNOWN);
    promon_cell_set(metrics->cells[PROMON__INTERVAL], (double)interval_ns / NS_PER_SECOND);
    promon_cell_set(metrics->cells[PROMON__TIMEOUT], (double)timeout_ns / NS_PER_SECOND);
}

static void tell_durations(struct promon__engine_metrics *engine, const char *name,
                           struct promon__probe_metrics *metrics,
                           const struct promon_result *result, int64_t duration_ns)
{
    unsigned i;

    if (duration_ns < 0)
        return;
    promon_cell_observe(metrics->duration, (double)duration_ns / NS_PER_SECOND);
    for (i = 0; i < PROMON_PHASES; i++) {
        if (result->phases_ns[i] < 0)
            continue;
        (void)find_cell(engine, PROMON__DURATION, name, promon_phase_name(i), &metrics->phases[i],
                        NULL);
        promon_cell_observe(metrics->phases[i], (double)result->phases_ns[i] / NS_PER_SECOND);
    }
}

/* The slot of a key; NULL when all are taken by keys that the same check gave. */
static struct promon__probe_value *find_value(struct promon__probe_metrics *metrics,
                                              const char *key)
{
    struct promon__probe_value *unused = NULL;
    unsigned i;

    for (i = 0; i < PROMON_RESULT_MAX_VALUES; i++) {
        struct promon__probe_value *value = &metrics->values[i];

        if (value->cell != NULL && strcmp(value->key, key) == 0)
            return value;
        if (!value->is_fresh && (unused == NULL || value->cell == NULL))
            unused = value;
    }
    return unused;
}

static void tell_value(struct promon__engine_metrics *engine, const char *name,
                       struct promon__probe_metrics *metrics, const struct promon__figure *figure)
{
    struct promon__probe_value *value = find_value(metrics, figure->key);

    if (value == NULL)
        return;
    if (value->cell != NULL && strcmp(value->key, figure->key) != 0)
        drop_cell(engine, PROMON__VALUE, name, value->key, &value->cell);
    memcpy(value->key, figure->key, sizeof(value->key));
    value->is_fresh = true;
    (void)find_cell(engine, PROMON__VALUE, name, value->key, &value->cell, NULL);
    promon_cell_set(value->cell, figure->value);
}

static void tell_values(struct promon__engine_metrics *engine, const char *name,
                        struct promon__probe_metrics *metrics, const struct promon_result *result)
{
    unsigned i;

    /* Keys that are there first, so that none of them makes room for a new one. */
    for (i = 0; i < PROMON_RESULT_MAX_VALUES; i++)
        metrics->values[i].is_fresh = false;
    for (i = 0; i < result->n_values; i++) {
        struct promon__probe_value *value = find_value(metrics, result->values[i].key);

        if (value != NULL && strcmp(value->key, result->values[i].key) == 0)
            value->is_fresh = true;
    }
    for (i = 0; i < result->n_values; i++)
        tell_value(engine, name, metrics, &result->values[i]);
    for (i = 0; i < PROMON_RESULT_MAX_VALUES; i++) {
        if (!metrics->values[i].is_fresh)
            promon_cell_set(metrics->values[i].cell, (double)NAN);
    }
}

/* Stays when a later check does not come as far: an expired certificate is still that one. */
static void tell_certificate(struct promon__engine_metrics *engine, const char *name,
                             struct promon__probe_metrics *metrics,
                             const struct promon_result *result)
{
    const double told[] = {(double)result->not_after_s, (double)result->chain_not_after_s,
                           result->is_verified ? 1 : 0};
    unsigned i;

    if (!result->has_certificate)
        return;
    for (i = 0; i < 3; i++) {
        struct promon_cell **cell = &metrics->cells[PROMON__NOT_AFTER + i];

        (void)find_cell(engine, PROMON__NOT_AFTER + i, name, NULL, cell, NULL);
        promon_cell_set(*cell, told[i]);
    }
}

double promon__probe_gauge_value(enum promon_verdict verdict)
{
    return verdict == PROMON_UP ? 1 : verdict == PROMON_DOWN ? 0 : -1;
}

void promon__probe_metrics_result(struct promon__engine_metrics *engine, const char *name,
                                  struct promon__probe_metrics *metrics,
                                  const struct promon_result *result, int64_t duration_ns,
                                  enum promon_state state, double now_s)
{
    const bool is_up = result->verdict == PROMON_UP;

    promon_cell_set(metrics->value, promon__probe_gauge_value(result->verdict));
    promon_cell_set(metrics->cells[PROMON__SUCCESS], is_up ? 1 : 0);
    promon_cell_inc(metrics->cells[PROMON__RUNS]);
    promon_cell_set(metrics->cells[PROMON__LAST_RUN], now_s);
    if (is_up)
        promon_cell_set(metrics->cells[PROMON__LAST_SUCCESS], now_s);
    else
        promon_cell_inc(metrics->failures[result->reason]);
    promon_cell_set_only_state(metrics->cells[PROMON__STATE], state);
    tell_durations(engine, name, metrics, result, duration_ns);
    tell_values(engine, name, metrics, result);
    tell_certificate(engine, name, metrics, result);
}
