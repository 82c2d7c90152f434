/*
 * How pushes go, as metrics of the monitor; shared by its pushers and made by the first.
 */
#ifndef PROMON_SRC_PUSH_METRICS_H
#define PROMON_SRC_PUSH_METRICS_H

#include <promon/cell.h>
#include <promon/metric.h>
#include <pthread.h>

struct promon__registry;

/* A structure of zeros but for its lock has no families yet. */
struct promon__push_metrics {
    pthread_mutex_t lock;
    struct promon_family *attempts, *failures, *last_success;
};

/* The cells of one job. */
struct promon__push_cells {
    struct promon_cell *attempts, *failures, *last_success;
};

enum promon_status promon__push_metrics_cells(struct promon__push_metrics *metrics,
                                              struct promon__registry *registry, const char *job,
                                              struct promon__push_cells *out,
                                              struct promon_error *error);

#endif
