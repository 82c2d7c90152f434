/*
 * Request targets: what may be in them, and their parts.
 */
#ifndef BASEAPI_SRC_TARGET_H
#define BASEAPI_SRC_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum target_fault {
    TARGET_OK = 0,
    TARGET_CHARACTER, /* a control, a space, a byte beyond ASCII or a '#' */
    TARGET_NUL, /* %00 */
    TARGET_ESCAPE, /* a '%' in the path without two hexadecimal digits */
    TARGET_FORM /* neither "/…" nor "http://host/…" nor "*" */
};

/* Path and query of a target; both point into it. */
struct target {
    const char *path;
    size_t path_size;
    const char *query; /* behind the '?', "" without one */
};

/*
 * Value of the escape at `text`, which begins with '%' and ends with a NUL somewhere; -1 when it is
 * none.
 */
int baseapi__target_escape_value(const char *text);

/* Takes a NUL-terminated target apart; *out is set when the answer is TARGET_OK. */
enum target_fault baseapi__target_parse(const char *raw, struct target *out);

/*
 * Decodes percent escapes of `size` bytes into `out`, which has room for `size`; returns the
 * length. What is not an escape is copied as it is. A '+' is a plus.
 */
size_t baseapi__target_decode(const char *encoded, size_t size, char *out);

/* Whether decoding would change anything. */
bool baseapi__target_is_encoded(const char *encoded, size_t size);

#endif
