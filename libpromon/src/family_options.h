/*
 * What a family may be: its options, looked at before anything is made of them.
 */
#ifndef PROMON_SRC_FAMILY_OPTIONS_H
#define PROMON_SRC_FAMILY_OPTIONS_H

#include <promon/metric.h>
#include <stdbool.h>

/*
 * Checks options that were copied to this version's structure and fills in the defaults. The error
 * tells the family and what is wrong. Errors: PROMON_EINVALID.
 */
enum promon_status promon__family_options_check(struct promon_family_options *options,
                                                struct promon_error *error);

/* The parts that collectors have as well; `what` of the message is the caller's. */
bool promon__is_family_name(enum promon_kind kind, const char *name);
bool promon__is_unit(enum promon_kind kind, const char *name, const char *unit);
/* NULL when names of labels are right, else what is wrong with them. */
const char *promon__labels_fault(enum promon_kind kind, const char *name,
                                 const char *const *labels);
bool promon__are_bounds(const double *bounds, size_t n);

#endif
