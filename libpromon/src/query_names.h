/*
 * The names that a query asks for: name[]=x_total&name[]=y.
 */
#ifndef PROMON_SRC_QUERY_NAMES_H
#define PROMON_SRC_QUERY_NAMES_H

#include <promon/page.h>

/* The shortest parameter is "name[]=" with what parts it from the next. */
#define PROMON__NAMES_MAX (PROMON_MAX_HEADER_BYTES / 8 + 1)

struct promon__query_names {
    char text[PROMON_MAX_HEADER_BYTES + 1];
    const char *list[PROMON__NAMES_MAX + 1]; /* NULL-terminated */
    size_t count;
};

/*
 * Reads a query, percent-encoded, which may be NULL. Returns the list, or NULL when it asks for
 * everything. A name that cannot be decoded is "", which no family has.
 */
const char *const *promon__query_names(struct promon__query_names *names, const char *query);

#endif
