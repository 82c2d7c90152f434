/*
 * The known name that somebody probably meant: for "did you mean".
 */
#ifndef PROMON_SRC_NEAREST_H
#define PROMON_SRC_NEAREST_H

/*
 * The name of `known`, which NULL ends, that takes the fewest letters added, left out, changed or
 * swapped with their neighbour to get from `word`; NULL when even that is too far. A small letter
 * for a capital one costs nothing, and a known name whose beginning or end was left out is near.
 */
const char *promon__nearest(const char *word, const char *const *known);

#endif
