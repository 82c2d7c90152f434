/*
 * Exemplars: the last example of a counter or of each classic bucket, and the last few of a native
 * histogram. All of it under measure_lock of the family.
 */
#ifndef PROMON_SRC_EXEMPLAR_H
#define PROMON_SRC_EXEMPLAR_H

#include "family_state.h"
#include "gathered.h"
#include "pool.h"

/* Characters of all names and values together, as OpenMetrics has it. */
#define PROMON__EXEMPLAR_CHARACTERS 128
/* Examples of a native histogram that are kept. */
#define PROMON__NATIVE_EXEMPLARS 10

/* Whether pairs of names and values may be an exemplar. */
bool promon__is_exemplar(const char *const *labels);

/* Keeps an example; `bucket` is that of a histogram. False when there is no memory. */
bool promon__exemplar_keep(struct promon__series *series, unsigned bucket, double value,
                           const char *const *labels);

void promon__exemplars_free(struct promon__exemplars *exemplars);

/* Copies to the pool, NULL where there is none; *failed when there is no memory. */
const struct promon__exemplar *promon__exemplar_gather(const struct promon__series *series,
                                                       struct promon__pool *pool, bool *failed);
bool promon__exemplars_gather(const struct promon__series *series, struct promon__pool *pool,
                              struct promon__gathered_histogram *out);

#endif
