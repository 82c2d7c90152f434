/*
 * Options: structures whose first member is their size, so that a program compiled with older or
 * newer headers than the library is understood.
 */
#ifndef PROMON_SRC_OPTIONS_H
#define PROMON_SRC_OPTIONS_H

#include <stddef.h>

#include <promon/status.h>

/*
 * Copies `options` (NULL: nothing is asked for) to `out`, a structure of `out_size` bytes: members
 * that the caller's headers lack are zero; a member that this library lacks must be. `what` names
 * the structure in the error. Errors: PROMON_EINVALID.
 */
enum promon_status promon__options_copy(void *out, size_t out_size, const void *options,
                                        const char *what, struct promon_error *error);

/* Copies figures to the caller's structure as far as its size, its first member, goes. */
void promon__figures_copy(void *out, const void *figures, size_t size);

#endif
