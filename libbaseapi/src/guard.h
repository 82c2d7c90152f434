/*
 * The guard: what a request's head must be before anything else looks at it.
 */
#ifndef BASEAPI_SRC_GUARD_H
#define BASEAPI_SRC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target.h"

struct header_field {
    const char *name;
    const char *value;
    size_t name_size;
    size_t value_size;
    bool is_continued; /* on another line (RFC 9112, section 5.2) */
};

/* A head as the server read it. */
struct head {
    const char *method;
    const char *version;
    const char *target;
    const struct header_field *fields;
    size_t field_count;
};

/* How the message goes on, when it is well-formed. */
struct framing {
    struct target target;
    uint64_t content_length; /* 0 without */
    bool has_body; /* a Content-Length above 0, or chunked */
};

/* Why a request is refused; `status` 0 means it is not. `detail` is constant. */
struct refusal {
    unsigned status;
    const char *detail;
};

/*
 * Checks a head by RFC 9110 and 9112 as strictly as they allow; *out is filled when it passes. No
 * state, no allocation.
 */
struct refusal baseapi__guard_check(const struct head *head, struct framing *out);

/* Whether `text` of `size` bytes is a token (RFC 9110, section 5.6.2): a method or a field name. */
bool baseapi__is_token(const char *text, size_t size);

/*
 * Whether a field value holds nothing but visible characters, spaces, tabs and bytes beyond ASCII.
 */
bool baseapi__is_field_value(const char *text, size_t size);

/* Whether `field` has this name, in any case. */
bool baseapi__field_is(const struct header_field *field, const char *name, size_t name_size);

#endif
