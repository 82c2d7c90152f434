/*
 * Query: what stands behind the '?' of a target.
 */
#ifndef PROMON_SRC_QUERY_H
#define PROMON_SRC_QUERY_H

#include <stdbool.h>

/* Whether the query, which may be NULL, has this word: "verbose", "range=day". */
bool promon__query_has(const char *query, const char *word);

#endif
