/*
 * Metrics of pushes. Their label is not called "job": a gateway puts its group's own job into
 * every series, and a scrape does so too.
 */
#include "push_metrics.h"

#include "registry.h"

static enum promon_status add(struct promon__registry *registry, enum promon_kind kind,
                              const char *name, const char *help, struct promon_family **family,
                              struct promon_error *error)
{
    static const char *const labels[] = {"push_job", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;

    if (*family != NULL)
        return PROMON_OK;
    options.kind = kind;
    options.name = name;
    options.help = help;
    options.labels = labels;
    return promon__registry_family_add(registry, &options, family, error);
}

static enum promon_status make(struct promon__push_metrics *metrics,
                               struct promon__registry *registry, struct promon_error *error)
{
    enum promon_status status =
        add(registry, PROMON_COUNTER, "promon_push_attempts_total",
            "Requests to a Pushgateway, repeated ones included.", &metrics->attempts, error);

    if (status == PROMON_OK)
        status = add(registry, PROMON_COUNTER, "promon_push_failures_total",
                     "Pushes that did not succeed in the end.", &metrics->failures, error);
    if (status == PROMON_OK)
        status = add(registry, PROMON_GAUGE, "promon_push_last_success_timestamp_seconds",
                     "When a push was taken last.", &metrics->last_success, error);
    return status;
}

enum promon_status promon__push_metrics_cells(struct promon__push_metrics *metrics,
                                              struct promon__registry *registry, const char *job,
                                              struct promon__push_cells *out,
                                              struct promon_error *error)
{
    const char *const values[] = {job, NULL};
    enum promon_status status;

    pthread_mutex_lock(&metrics->lock);
    status = make(metrics, registry, error);
    pthread_mutex_unlock(&metrics->lock);
    if (status == PROMON_OK)
        status = promon_family_cell(metrics->attempts, values, &out->attempts, error);
    if (status == PROMON_OK)
        status = promon_family_cell(metrics->failures, values, &out->failures, error);
    if (status == PROMON_OK)
        status = promon_family_cell(metrics->last_success, values, &out->last_success, error);
    return status;
}
