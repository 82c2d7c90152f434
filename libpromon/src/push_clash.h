/*
 * Labels of a group that series have as well: the gateway would overwrite theirs without a word.
 */
#ifndef PROMON_SRC_PUSH_CLASH_H
#define PROMON_SRC_PUSH_CLASH_H

#include "gathered.h"
#include "push_target.h"

/* Errors: PROMON_EINVALID  a series has a label of the group with another value. */
enum promon_status promon__push_check_labels(const struct promon__gathered *gathered,
                                             const struct promon__push_target *target,
                                             struct promon_error *error);

#endif
