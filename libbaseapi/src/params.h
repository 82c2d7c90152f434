/*
 * Parameters of a query string: the text to decoded pairs, and pairs to the tree of wishes.
 */
#ifndef BASEAPI_SRC_PARAMS_H
#define BASEAPI_SRC_PARAMS_H

#include <baseapi/params.h>

#include "arena.h"

/* Where faults of the query string are told: `parameter` is the one at fault. */
struct params_report {
    void (*tell)(void *context, const char *parameter, const char *detail);
    void *context;
    unsigned count; /* faults told so far */
};

struct params_pair {
    struct miniorm_text name;
    struct miniorm_text value;
};

struct params_pairs {
    struct params_pair *items;
    size_t count;
};

/* Tells a fault; the detail is formatted into the arena. */
void baseapi__params_fault(struct params_report *report, struct arena *arena,
                           struct miniorm_text parameter, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Splits and decodes application/x-www-form-urlencoded. Of pairs with the same name the first is
 * kept. Texts are borrowed from `query` where nothing is encoded.
 *
 * Errors:  BASEAPI_EINVALID  faults were told.
 *          BASEAPI_ENOMEM
 */
enum baseapi_status baseapi__params_decode(struct arena *arena, const char *query,
                                           struct params_report *report, struct params_pairs *out);

/* Decodes and makes the tree; *out is never NULL on success. Errors as baseapi__params_decode. */
enum baseapi_status baseapi__params_parse(struct arena *arena, const char *query,
                                          struct params_report *report,
                                          const struct baseapi_params **out);

/* Whether a text is exactly this string, or the same as another text. */
bool baseapi__text_is(struct miniorm_text text, const char *string);
bool baseapi__text_same(struct miniorm_text a, struct miniorm_text b);

#endif
