/*
 * Words: the lists in a resource's table, "id name:eq,in -created_at", read at start-up.
 */
#ifndef BASEAPI_SRC_WORDS_H
#define BASEAPI_SRC_WORDS_H

#include <stdbool.h>

#include <miniorm/model.h>

#include <baseapi/status.h>

/* Where words stand, for messages: `books.filters`. */
struct words_place {
    const char *resource;
    const char *list;
    const struct miniorm_model *model;
};

/* Takes the next word off the front of *rest; false at the end. Words are separated by spaces. */
bool baseapi__words_next(const char **rest, struct miniorm_text *word);

/* The column that `name` means; a name that is none is told with the nearest one that is. */
enum baseapi_status baseapi__words_column(const struct words_place *place, struct miniorm_text name,
                                          unsigned *column, struct baseapi_error *error);

/* A list of columns as a bitmap. */
enum baseapi_status baseapi__words_bitmap(const struct words_place *place, const char *words,
                                          uint64_t *bitmap, struct baseapi_error *error);

/* The one of `count` candidates that is nearest to `name`; NULL when none is near. */
const char *baseapi__words_nearest(struct miniorm_text name, const char *const *candidates,
                                   size_t count);

#endif
