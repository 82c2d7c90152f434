/*
 * What probes tell as metrics; promon/probe.h lists them.
 *
 * Order: the engine's are opened first and closed last; those of a probe are opened, planned, told
 * results, and closed.
 * Invariant: of one probe by one thread at a time.
 */
#ifndef PROMON_SRC_PROBE_METRICS_H
#define PROMON_SRC_PROBE_METRICS_H

#include <promon/cell.h>
#include <promon/metric.h>
#include <promon/probe.h>
#include <stdbool.h>

#include "result_state.h"

struct promon__registry;

/* Families with no other label than the probe, then those with a second one, then those without. */
enum promon__probe_family {
    PROMON__SUCCESS,
    PROMON__RUNS,
    PROMON__LAST_RUN,
    PROMON__LAST_SUCCESS,
    PROMON__STATE,
    PROMON__INTERVAL,
    PROMON__TIMEOUT,
    PROMON__OVERRUNS,
    PROMON__NOT_AFTER,
    PROMON__CHAIN_NOT_AFTER,
    PROMON__VERIFIED,
    PROMON__OF_PROBE,
    PROMON__FAILURES = PROMON__OF_PROBE,
    PROMON__DURATION,
    PROMON__VALUE,
    PROMON__LAG,
    PROMON__WORKERS,
    PROMON__STUCK,
    PROMON__FAMILIES
};

struct promon__engine_metrics {
    struct promon__registry *registry;
    struct promon_family *families[PROMON__FAMILIES];
    struct promon_cell *lag, *workers, *stuck;
};

enum promon_status promon__engine_metrics_open(struct promon__registry *registry,
                                               struct promon__engine_metrics *out,
                                               struct promon_error *error);
void promon__engine_metrics_close(struct promon__engine_metrics *metrics);

struct promon__probe_value {
    char key[PROMON__KEY_BYTES]; /* "" for none */
    struct promon_cell *cell;
    bool is_fresh; /* given by the last check */
};

/* Cells are NULL where there is no series (yet). */
struct promon__probe_metrics {
    struct promon_family *gauge; /* of the probe's own name */
    struct promon_cell *value;
    struct promon_cell *cells[PROMON__OF_PROBE];
    struct promon_cell *failures[PROMON_REASON_INTERNAL + 1];
    struct promon_cell *duration;
    struct promon_cell *phases[PROMON_PHASES];
    struct promon__probe_value values[PROMON_RESULT_MAX_VALUES];
};

/* The gauge of a probe's own name. Errors: PROMON_EEXISTS, PROMON_EINVALID, PROMON_ENOMEM. */
enum promon_status promon__probe_gauge_open(struct promon__engine_metrics *engine, const char *name,
                                            const char *description,
                                            struct promon__probe_metrics *metrics,
                                            struct promon_error *error);
void promon__probe_gauge_close(struct promon__engine_metrics *engine,
                               struct promon__probe_metrics *metrics);

/* 1, 0 or -1. */
double promon__probe_gauge_value(enum promon_verdict verdict);

/* All the others. *metrics is of zeros but for the gauge; on failure nothing but that is left. */
enum promon_status promon__probe_metrics_open(struct promon__engine_metrics *engine,
                                              const char *name,
                                              struct promon__probe_metrics *metrics,
                                              struct promon_error *error);
void promon__probe_metrics_close(struct promon__engine_metrics *engine, const char *name,
                                 struct promon__probe_metrics *metrics);

/* As before the first result, but for what is counted; and how the probe is planned. */
void promon__probe_metrics_reset(struct promon__engine_metrics *engine, const char *name,
                                 struct promon__probe_metrics *metrics, int64_t interval_ns,
                                 int64_t timeout_ns);

/* `duration_ns` is -1 when nothing was run. */
void promon__probe_metrics_result(struct promon__engine_metrics *engine, const char *name,
                                  struct promon__probe_metrics *metrics,
                                  const struct promon_result *result, int64_t duration_ns,
                                  enum promon_state state, double now_s);

#endif
