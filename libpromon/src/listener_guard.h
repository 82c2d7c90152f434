/*
 * Listener guard: which requests the listener answers at all.
 */
#ifndef PROMON_SRC_LISTENER_GUARD_H
#define PROMON_SRC_LISTENER_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* A head as it is read, field by field; zero before the first. */
struct promon__head {
    unsigned hosts;
    const char *refusal; /* why it is refused, in words; NULL: it is not */
};

/* Whether the field's value does not stand behind its name on the same line. */
void promon__head_field(struct promon__head *head, const char *name, size_t name_size,
                        const char *value, size_t value_size, bool is_continued);

/* After the last field: why the request is refused, NULL if it is not. */
const char *promon__head_refusal(const struct promon__head *head, const char *method,
                                 const char *target, const char *version);

#endif
