/*
 * Claims: the names of samples that a family has or may have in some format. No two families may
 * have one in common.
 */
#ifndef PROMON_SRC_CLAIMS_H
#define PROMON_SRC_CLAIMS_H

#include "family_state.h"

/* Bytes of the longest suffix, "_created". */
#define PROMON__CLAIM_SUFFIX 8

/* Size of the name without "_total" of a counter, "_info" of an info. */
size_t promon__base_size(enum promon_kind kind, const char *name);

/* Bytes that the names of a family take. */
size_t promon__claims_size(const char *name);

/* Writes the names into `memory`, of promon__claims_size bytes. */
void promon__claims_make(struct promon__claims *claims, char *memory, enum promon_kind kind,
                         const char *name);

bool promon__claims_meet(const struct promon__claims *left, const struct promon__claims *right);
bool promon__claims_have(const struct promon__claims *claims, const char *name);

#endif
