/*
 * Query: words between '&', as they were sent. The few that are known need no percent-encoding.
 */
#include "query.h"

#include <stddef.h>
#include <string.h>

bool promon__query_has(const char *query, const char *word)
{
    const size_t wanted = strlen(word);

    while (query != NULL && *query != '\0') {
        const size_t size = strcspn(query, "&");

        if (size == wanted && memcmp(query, word, size) == 0)
            return true;
        query += size + (query[size] == '&');
    }
    return false;
}
