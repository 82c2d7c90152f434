/*
 * Registry: the families of a monitor and what is asked of them.
 *
 * Order: new; add, remove, collect, gather at any time from any thread; free.
 * Invariant: cells that the program holds are never locked; gathering keeps series that are
 * removed meanwhile until it is released.
 */
#ifndef PROMON_SRC_REGISTRY_H
#define PROMON_SRC_REGISTRY_H

#include <promon/collect.h>
#include <promon/metric.h>

#include "gathered.h"

struct promon__registry;

enum promon_status promon__registry_new(struct promon__registry **out, struct promon_error *error);
void promon__registry_free(struct promon__registry *registry);

/* As the public functions; reserved names are allowed here. */
enum promon_status promon__registry_family_add(struct promon__registry *registry,
                                               const struct promon_family_options *options,
                                               struct promon_family **out,
                                               struct promon_error *error);
void promon__registry_family_remove(struct promon__registry *registry,
                                    struct promon_family *family);
enum promon_status promon__registry_collector_add(struct promon__registry *registry,
                                                  promon_collect_fn collect, void *data,
                                                  struct promon_collector **out,
                                                  struct promon_error *error);
void promon__registry_collector_remove(struct promon__registry *registry,
                                       struct promon_collector *collector);

/*
 * Copies the values of all families, or of those with one of `names` (NULL-terminated; names of
 * samples match their family: x_bucket, x_count). Gathered of zeros is valid; the memory of an
 * earlier gathering is used again.
 */
enum promon_status promon__registry_gather(struct promon__registry *registry,
                                           const char *const *names,
                                           struct promon__gathered *gathered,
                                           struct promon_error *error);

/* Ends the reading; the memory stays for the next gathering. */
void promon__registry_release(struct promon__registry *registry, struct promon__gathered *gathered);

/* Frees the memory of a gathered that is released. */
void promon__gathered_free(struct promon__gathered *gathered);

/* Counts a wrong use in promon_misuse_total. */
void promon__registry_misuse(struct promon__registry *registry);

/*
 * In the child of a fork: counters and histograms count from zero, gauges and states stay, locks
 * are as new.
 */
void promon__registry_after_fork(struct promon__registry *registry);

/* Adds the collector of process_* metrics. */
enum promon_status promon__process_metrics_add(struct promon__registry *registry,
                                               struct promon_error *error);

#endif
