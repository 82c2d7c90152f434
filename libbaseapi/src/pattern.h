/*
 * Patterns of routes: "/books/{id:\d+}" compiled, and matched against a path as sent.
 */
#ifndef BASEAPI_SRC_PATTERN_H
#define BASEAPI_SRC_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <baseapi/status.h>

#include "arena.h"

/* Parameters of one pattern: a path with more is a query in disguise. */
#define PATTERN_MAX_PARAMETERS 16
/* Length of a pattern; far beyond any path that people write. */
#define PATTERN_MAX_SIZE 1024

struct pattern;
struct pattern_scratch;

/* Where in the path a parameter was found. */
struct capture {
    size_t start;
    size_t size;
};

enum pattern_outcome {
    PATTERN_DIFFERS = 0,
    PATTERN_MATCHES,
    PATTERN_LIMIT /* the expression needed more steps than are allowed */
};

/*
 * Compiles a pattern into `arena`; free it with baseapi__pattern_free before the arena goes.
 *
 * Errors:  BASEAPI_EINVALID  the message tells the place of the mistake.
 *          BASEAPI_ENOMEM
 */
enum baseapi_status baseapi__pattern_compile(const char *text, struct arena *arena,
                                             struct pattern **out, struct baseapi_error *error);

/* Frees what the arena does not. NULL is allowed. */
void baseapi__pattern_free(struct pattern *pattern);

/* Room for matching, one per thread; NULL when memory ran out. */
struct pattern_scratch *baseapi__pattern_scratch_new(void);
void baseapi__pattern_scratch_free(struct pattern_scratch *scratch);

/* Matches the whole path; captures are filled, one for each parameter, when it matches. */
enum pattern_outcome baseapi__pattern_match(const struct pattern *pattern, const char *path,
                                            size_t size, struct pattern_scratch *scratch,
                                            struct capture *captures);

size_t baseapi__pattern_parameter_count(const struct pattern *pattern);
const char *baseapi__pattern_parameter_name(const struct pattern *pattern, size_t index);

/* The pattern as given, and with each parameter reduced to its name: "/books/{id}". */
const char *baseapi__pattern_text(const struct pattern *pattern);
const char *baseapi__pattern_plain(const struct pattern *pattern);

/* The text before parameter `index`, or behind the last one when it is the count. */
const char *baseapi__pattern_literal(const struct pattern *pattern, size_t index);

#endif
