/*
 * The router: the routes of an app, and which of them answers a request.
 *
 * Declared: any number of baseapi__router_add, then baseapi__router_prepare; after that it is
 * constant and any thread may look routes up.
 */
#ifndef BASEAPI_SRC_ROUTER_H
#define BASEAPI_SRC_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include <baseapi/route.h>

#include "pattern.h"

struct text;

/* A declared route with what was made of it. */
struct route {
    struct baseapi_route declared; /* strings copied */
    struct pattern *pattern;
    size_t middleware_count;
    unsigned timeout_class; /* which handler deadline list of a worker; 0 is the app's */
    struct route *next; /* in order of declaration */
};

/* What a path and a method lead to. */
struct routing {
    const struct route *route; /* NULL: none */
    bool path_exists; /* another method would be answered */
    bool is_limit; /* an expression ran into its limit */
    struct capture captures[PATTERN_MAX_PARAMETERS];
};

struct router;

struct router *baseapi__router_new(void);
void baseapi__router_free(struct router *router);

/* Adds all rows of a table or none. Errors as baseapi_app_routes. */
enum baseapi_status baseapi__router_add(struct router *router, const char *prefix,
                                        const struct baseapi_route *table, size_t row_size,
                                        struct baseapi_error *error);

/* Builds the index. Errors: BASEAPI_ENOMEM. */
enum baseapi_status baseapi__router_prepare(struct router *router, struct baseapi_error *error);

/* Looks up; HEAD finds GET's route where it has none of its own. */
void baseapi__router_find(const struct router *router, const char *method, const char *path,
                          size_t size, struct pattern_scratch *scratch, struct routing *out);

/*
 * Appends the methods that `path` answers: "GET, HEAD, OPTIONS, POST" in order of declaration, HEAD
 * and OPTIONS last.
 */
void baseapi__router_allow(const struct router *router, const char *path, size_t size,
                           struct pattern_scratch *scratch, struct text *out);

/* The first route, further ones by `next`. */
struct route *baseapi__router_first(const struct router *router);

#endif
