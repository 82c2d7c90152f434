/*
 * Native histograms: buckets whose bounds are powers of 2^(2^-schema), made as values come.
 *
 * Each bucket is a slot of one block, found by a table that is read without a lock. A bucket that
 * is new, and a change to half as many, take the lock of the family; the latter moves what was
 * counted to a new block after a grace. Counts are never reset: when there would be more buckets
 * than the family allows, they become wider, down to schema -4, which has no limit.
 */
#ifndef PROMON_SRC_NATIVE_H
#define PROMON_SRC_NATIVE_H

#include "family_state.h"
#include "gathered.h"
#include "pool.h"

#define PROMON__MIN_SCHEMA (-4)
#define PROMON__MAX_SCHEMA 8
#define PROMON__DEFAULT_NATIVE_BUCKETS 160
/* A block, with the zero bucket and the sum, fits a chunk of slots. */
#define PROMON__MAX_NATIVE_BUCKETS 500

/* The finest schema whose buckets are not narrower than the factor, above 1, says. */
int32_t promon__native_schema_of(double factor);

/* The bucket of a positive value; bounds as of a family with `fine` or a larger schema. */
int32_t promon__native_key(double value, int32_t schema, const double *bounds, int32_t fine);

/* Upper bounds of the fractions, from 0.5: 2^schema of them. */
void promon__native_fill_bounds(double *bounds, int32_t schema);

enum promon_status promon__native_new(const struct promon_family *family,
                                      struct promon__native_state **out,
                                      struct promon_error *error);
/* Nobody observes any more. */
void promon__native_free(struct promon__native_state *native);

/*
 * The slots of a value's bucket and of the sum; false when there is no such bucket yet. In a
 * section, or under the lock.
 */
bool promon__native_find(const struct promon_family *family,
                         const struct promon__native_state *native, double value, uint32_t *bucket,
                         uint32_t *sum);

/* Makes the bucket of a value; under measure_lock, in no section. False when there is no memory. */
bool promon__native_make(const struct promon_family *family, struct promon__native_state *native,
                         double value);

/* Copies what was counted, under measure_lock; false when there is no memory. */
bool promon__native_gather(const struct promon_family *family,
                           const struct promon__native_state *native, struct promon__pool *pool,
                           struct promon__native *out, uint64_t *count, double *sum);

/* The family's classic buckets as they were gathered last; the caller's. */
uint64_t *promon__native_reported(struct promon__native_state *native);

/* Sets counts to zero, also those that were reported; buckets stay. */
void promon__native_zero(const struct promon_family *family, struct promon__native_state *native);

#endif
