/*
 * Making a family and its memory; registry.c hangs it up.
 */
#ifndef PROMON_SRC_FAMILY_MAKE_H
#define PROMON_SRC_FAMILY_MAKE_H

#include "family_state.h"

/* A family with its first series if it has no labels. `options` were checked. */
enum promon_status promon__family_new(struct promon__registry *registry,
                                      const struct promon_family_options *options,
                                      struct promon_family **out, struct promon_error *error);

/* Gives back the slots of all its series; nobody uses its cells any more. */
void promon__family_free_slots(struct promon_family *family);

/* Frees it with its series, without their slots. */
void promon__family_free(struct promon_family *family);

#endif
