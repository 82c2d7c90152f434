/*
 * The text of a pattern taken apart: literal, parameter, literal, …, literal.
 */
#ifndef BASEAPI_SRC_PATTERN_PARSE_H
#define BASEAPI_SRC_PATTERN_PARSE_H

#include "pattern.h"

enum parameter_kind {
    PARAMETER_SEGMENT, /* {name}: one or more characters but '/' */
    PARAMETER_DIGITS, /* {name:\d+} */
    PARAMETER_REGEX
};

struct parameter {
    const char *name;
    const char *regex; /* NULL for a segment */
    enum parameter_kind kind;
};

struct pattern_parts {
    size_t count; /* of parameters */
    const char *literals[PATTERN_MAX_PARAMETERS + 1]; /* never NULL; one more than parameters */
    size_t literal_sizes[PATTERN_MAX_PARAMETERS + 1];
    struct parameter parameters[PATTERN_MAX_PARAMETERS];
};

/* Strings are copied into `arena`. Errors: as baseapi__pattern_compile. */
enum baseapi_status baseapi__pattern_parse(const char *text, struct arena *arena,
                                           struct pattern_parts *out, struct baseapi_error *error);

#endif
