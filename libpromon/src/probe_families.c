/*
 * Families of the metrics of probes, as a table.
 */
#include <promon/config.h>

#include "probe_metrics.h"
#include "registry.h"

struct row {
    enum promon_kind kind;
    const char *name, *help, *unit, *label; /* the second label */
    size_t series_per_probe; /* 0: one in all, without labels */
};

static const struct row rows[PROMON__FAMILIES] = {
    [PROMON__SUCCESS] = {PROMON_GAUGE, "promon_probe_success",
                         "Whether the last check found it up.", NULL, NULL, 1},
    [PROMON__RUNS] = {PROMON_COUNTER, "promon_probe_runs_total", "Checks that have a result.", NULL,
                      NULL, 1},
    [PROMON__LAST_RUN] = {PROMON_GAUGE, "promon_probe_last_run_timestamp_seconds",
                          "When the last check ended.", "seconds", NULL, 1},
    [PROMON__LAST_SUCCESS] = {PROMON_GAUGE, "promon_probe_last_success_timestamp_seconds",
                              "When the last check that found it up ended.", "seconds", NULL, 1},
    [PROMON__STATE] = {PROMON_STATESET, "promon_probe_state",
                       "State after several results in a row.", NULL, NULL, 1},
    [PROMON__INTERVAL] = {PROMON_GAUGE, "promon_probe_interval_seconds",
                          "Time from one check to the next.", "seconds", NULL, 1},
    [PROMON__TIMEOUT] = {PROMON_GAUGE, "promon_probe_timeout_seconds", "Deadline of one check.",
                         "seconds", NULL, 1},
    [PROMON__OVERRUNS] = {PROMON_COUNTER, "promon_probe_overrun_total",
                          "Checks that did not end at their deadline.", NULL, NULL, 1},
    [PROMON__NOT_AFTER] = {PROMON_GAUGE, "promon_probe_tls_not_after_timestamp_seconds",
                           "When the certificate of the server ends.", "seconds", NULL, 1},
    [PROMON__CHAIN_NOT_AFTER] = {PROMON_GAUGE, "promon_probe_tls_chain_not_after_timestamp_seconds",
                                 "When the first certificate of the chain ends.", "seconds", NULL,
                                 1},
    [PROMON__VERIFIED] = {PROMON_GAUGE, "promon_probe_tls_verified",
                          "Whether the certificate of the server is trusted.", NULL, NULL, 1},
    [PROMON__FAILURES] = {PROMON_COUNTER, "promon_probe_failures_total",
                          "Checks that did not find it up.", NULL, "reason",
                          PROMON_REASON_INTERNAL},
    [PROMON__DURATION] = {PROMON_HISTOGRAM, "promon_probe_duration_seconds",
                          "How long checks and their parts took.", "seconds", "phase",
                          PROMON_PHASES + 1},
    [PROMON__VALUE] = {PROMON_GAUGE, "promon_probe_value", "Figures that the last check gave.",
                       NULL, "key", PROMON_RESULT_MAX_VALUES},
    [PROMON__LAG] = {PROMON_HISTOGRAM, "promon_scheduler_lag_seconds",
                     "How long after they were due checks began.", "seconds", NULL, 0},
    [PROMON__WORKERS] = {PROMON_GAUGE, "promon_scheduler_workers", "Threads for checks.", NULL,
                         NULL, 0},
    [PROMON__STUCK] = {PROMON_GAUGE, "promon_scheduler_workers_stuck",
                       "Threads that are left behind by checks that overrun.", NULL, NULL, 0},
};

static const double lag_buckets[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                     0.05,   0.1,     0.25,   0.5,   1,      5,     30};
static const double duration_buckets[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                          0.25,   0.5,   1,      2.5,   5,    10,    30};
static const char *const states[] = {"unknown", "up", "down", NULL};

static enum promon_status add(struct promon__engine_metrics *metrics,
                              enum promon__probe_family which, struct promon_error *error)
{
    const struct row *row = &rows[which];
    const char *const labels[] = {"probe", row->label, NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;

    options.kind = row->kind;
    options.name = row->name;
    options.help = row->help;
    options.unit = row->unit;
    if (row->series_per_probe != 0)
        options.labels = labels;
    /* While others take the place of all, there are those of both. */
    options.max_series = 2 * row->series_per_probe * PROMON_MAX_PROBES;
    if (row->kind == PROMON_STATESET)
        options.states = states;
    if (row->kind == PROMON_HISTOGRAM) {
        options.buckets = which == PROMON__LAG ? lag_buckets : duration_buckets;
        options.n_buckets = sizeof(lag_buckets) / sizeof(lag_buckets[0]);
    }
    return promon__registry_family_add(metrics->registry, &options, &metrics->families[which],
                                       error);
}

_Static_assert(sizeof(lag_buckets) == sizeof(duration_buckets), "as many of one as of the other");

static enum promon_status find_cells(struct promon__engine_metrics *metrics,
                                     struct promon_error *error)
{
    enum promon_status status =
        promon_family_cell(metrics->families[PROMON__LAG], NULL, &metrics->lag, error);

    if (status == PROMON_OK)
        status =
            promon_family_cell(metrics->families[PROMON__WORKERS], NULL, &metrics->workers, error);
    if (status == PROMON_OK)
        status = promon_family_cell(metrics->families[PROMON__STUCK], NULL, &metrics->stuck, error);
    return status;
}

enum promon_status promon__engine_metrics_open(struct promon__registry *registry,
                                               struct promon__engine_metrics *out,
                                               struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    enum promon__probe_family which;

    *out = (struct promon__engine_metrics){.registry = registry};
    for (which = 0; which < PROMON__FAMILIES && status == PROMON_OK; which++)
        status = add(out, which, error);
    if (status == PROMON_OK)
        status = find_cells(out, error);
    if (status != PROMON_OK)
        promon__engine_metrics_close(out);
    return status;
}

void promon__engine_metrics_close(struct promon__engine_metrics *metrics)
{
    enum promon__probe_family which;

    for (which = 0; which < PROMON__FAMILIES; which++) {
        if (metrics->families[which] != NULL)
            promon__registry_family_remove(metrics->registry, metrics->families[which]);
        metrics->families[which] = NULL;
    }
    metrics->lag = metrics->workers = metrics->stuck = NULL;
}
