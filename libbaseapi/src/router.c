/*
 * The router: routes in order of declaration, and an index of them by the first segment of their
 * pattern.
 *
 * A bucket holds, in order, the routes whose pattern begins with its literal segment, and with them
 * every route that begins otherwise; so a path is compared with the few routes of its bucket, and
 * the first declared still wins.
 */
#include "router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "guard.h"
#include "text.h"

/*
 * Shortest method and longest one that a route may have; the longest registered is
 * UPDATEREDIRECTREF.
 */
#define METHOD_MAX_SIZE 32

struct bucket {
    /* Literal between the first two slashes; NULL: the bucket of all other paths. */
    const char *segment;
    size_t size;
    const struct route **routes;
    size_t count;
};

struct router {
    struct arena arena;
    struct route *first, *last;
    size_t count;
    struct arena index;
    struct bucket *buckets; /* the first one is that of all other paths */
    size_t bucket_count;
};

struct router *baseapi__router_new(void)
{
    return calloc(1, sizeof(struct router));
}

static void free_patterns(struct route *route)
{
    for (; route != NULL; route = route->next)
        baseapi__pattern_free(route->pattern);
}

void baseapi__router_free(struct router *router)
{
    if (router == NULL)
        return;
    free_patterns(router->first);
    arena_free(&router->index);
    arena_free(&router->arena);
    free(router);
}

struct route *baseapi__router_first(const struct router *router)
{
    return router->first;
}

static bool clashes(const struct route *routes, const struct route *added,
                    struct baseapi_error *error)
{
    for (; routes != NULL; routes = routes->next) {
        const char *name = added->declared.name;

        if (routes == added)
            continue;
        if (strcmp(routes->declared.method, added->declared.method) == 0 &&
            strcmp(routes->declared.pattern, added->declared.pattern) == 0) {
            (void)baseapi__fail(error, BASEAPI_EINVALID, "route %s \"%s\" is there already",
                                added->declared.method, added->declared.pattern);
            return true;
        }
        if (name != NULL && routes->declared.name != NULL &&
            strcmp(routes->declared.name, name) == 0) {
            (void)baseapi__fail(error, BASEAPI_EINVALID, "two routes have the name \"%s\"", name);
            return true;
        }
    }
    return false;
}

static enum baseapi_status check_row(const struct baseapi_route *row, const char *prefix,
                                     struct baseapi_error *error)
{
    if (row->method == NULL || strlen(row->method) > METHOD_MAX_SIZE ||
        !baseapi__is_token(row->method, strlen(row->method)))
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s%s\": malformed method", prefix,
                             row->pattern);
    if (row->handler == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "route %s \"%s%s\" has no handler",
                             row->method, prefix, row->pattern);
    if (strlen(prefix) + strlen(row->pattern) > PATTERN_MAX_SIZE)
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%.40s…\": longer than %d bytes",
                             row->pattern, PATTERN_MAX_SIZE);
    return BASEAPI_OK;
}

static size_t count_middlewares(const struct baseapi_middleware *const *list)
{
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

static enum baseapi_status copy_row(struct arena *arena, const char *prefix,
                                    const struct baseapi_route *row, struct route **out,
                                    struct baseapi_error *error)
{
    struct route *route = arena_zeroed(arena, 1, sizeof(*route));
    char pattern[PATTERN_MAX_SIZE + 1];
    enum baseapi_status status = check_row(row, prefix, error);

    if (status != BASEAPI_OK)
        return status;
    (void)snprintf(pattern, sizeof(pattern), "%s%s", prefix, row->pattern);
    if (route == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory",
                             pattern);
    route->declared = *row;
    route->declared.method = arena_string(arena, row->method);
    route->declared.name = arena_string(arena, row->name);
    route->middleware_count = count_middlewares(row->middleware);
    if (route->declared.method == NULL || (row->name != NULL && route->declared.name == NULL))
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory",
                             pattern);
    status = baseapi__pattern_compile(pattern, arena, &route->pattern, error);
    if (status != BASEAPI_OK)
        return status;
    route->declared.pattern = baseapi__pattern_text(route->pattern);
    *out = route;
    return BASEAPI_OK;
}

static void append(struct router *router, struct route *route)
{
    if (router->last == NULL)
        router->first = route;
    else
        router->last->next = route;
    router->last = route;
    router->count++;
}

/*
 * Takes back what was added behind `last`. Its memory stays in the arena, which few mistakes can
 * fill.
 */
static void take_back(struct router *router, struct route *last, size_t count)
{
    struct route *added = last == NULL ? router->first : last->next;

    free_patterns(added);
    if (last == NULL)
        router->first = NULL;
    else
        last->next = NULL;
    router->last = last;
    router->count = count;
}

enum baseapi_status baseapi__router_add(struct router *router, const char *prefix,
                                        const struct baseapi_route *table, size_t row_size,
                                        struct baseapi_error *error)
{
    struct route *const last = router->last;
    const size_t count = router->count;
    const char *bytes = (const char *)table;
    enum baseapi_status status = BASEAPI_OK;

    for (;; bytes += row_size) {
        struct baseapi_route row = {.method = NULL};
        struct route *route = NULL;

        memcpy(&row, bytes, row_size < sizeof(row) ? row_size : sizeof(row));
        if (row.pattern == NULL)
            break;
        status = copy_row(&router->arena, prefix, &row, &route, error);
        if (status != BASEAPI_OK)
            break;
        append(router, route);
        if (clashes(router->first, route, error)) {
            status = BASEAPI_EINVALID;
            break;
        }
    }
    if (status != BASEAPI_OK)
        take_back(router, last, count);
    return status;
}

/*
 * The literal first segment of a pattern: its size, or 0 when it begins otherwise ("/", "/{x}",
 * "/a{x}").
 */
static size_t first_segment(const struct route *route, const char **segment)
{
    const char *literal = baseapi__pattern_literal(route->pattern, 0);
    const bool is_all = baseapi__pattern_parameter_count(route->pattern) == 0;
    size_t size;

    if (literal[0] != '/')
        return 0;
    *segment = literal + 1;
    size = strcspn(literal + 1, "/");
    return literal[size + 1] == '/' || is_all ? size : 0;
}

static struct bucket *find_bucket(const struct router *router, const char *segment, size_t size)
{
    size_t i;

    for (i = 1; i < router->bucket_count; i++) {
        struct bucket *bucket = &router->buckets[i];

        if (bucket->size == size && memcmp(bucket->segment, segment, size) == 0)
            return bucket;
    }
    return &router->buckets[0];
}

static void make_buckets(struct router *router)
{
    const struct route *route;

    router->bucket_count = 1;
    for (route = router->first; route != NULL; route = route->next) {
        const char *segment = NULL;
        const size_t size = first_segment(route, &segment);

        if (size == 0 || find_bucket(router, segment, size) != &router->buckets[0])
            continue;
        router->buckets[router->bucket_count].segment = segment;
        router->buckets[router->bucket_count++].size = size;
    }
}

static bool belongs(const struct route *route, const struct bucket *bucket)
{
    const char *segment = NULL;
    const size_t size = first_segment(route, &segment);

    return size == 0 || (size == bucket->size && memcmp(segment, bucket->segment, size) == 0);
}

static bool fill_bucket(struct router *router, struct bucket *bucket)
{
    const struct route *route;

    bucket->count = 0;
    bucket->routes = arena_alloc(&router->index, router->count * sizeof(const struct route *));
    if (bucket->routes == NULL)
        return false;
    for (route = router->first; route != NULL; route = route->next) {
        if (belongs(route, bucket))
            bucket->routes[bucket->count++] = route;
    }
    return true;
}

enum baseapi_status baseapi__router_prepare(struct router *router, struct baseapi_error *error)
{
    size_t i;

    arena_free(&router->index);
    router->buckets = arena_zeroed(&router->index, router->count + 1, sizeof(*router->buckets));
    if (router->buckets == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot index the routes: out of memory");
    make_buckets(router);
    for (i = 0; i < router->bucket_count; i++) {
        if (!fill_bucket(router, &router->buckets[i]))
            return baseapi__fail(error, BASEAPI_ENOMEM, "cannot index the routes: out of memory");
    }
    return BASEAPI_OK;
}

static const struct bucket *bucket_of(const struct router *router, const char *path, size_t size)
{
    const char *slash = size > 1 ? memchr(path + 1, '/', size - 1) : NULL;
    const size_t segment = slash != NULL ? (size_t)(slash - path) - 1 : size - 1;

    return size > 1 ? find_bucket(router, path + 1, segment) : &router->buckets[0];
}

void baseapi__router_find(const struct router *router, const char *method, const char *path,
                          size_t size, struct pattern_scratch *scratch, struct routing *out)
{
    const struct bucket *bucket = bucket_of(router, path, size);
    const bool is_head = strcmp(method, "HEAD") == 0;
    struct capture captures[PATTERN_MAX_PARAMETERS];
    size_t i;

    out->route = NULL;
    out->path_exists = false;
    out->is_limit = false;
    for (i = 0; i < bucket->count; i++) {
        const struct route *route = bucket->routes[i];
        const bool is_same = strcmp(route->declared.method, method) == 0;
        const bool is_stand_in =
            is_head && out->route == NULL && strcmp(route->declared.method, "GET") == 0;
        const enum pattern_outcome outcome =
            out->path_exists && !is_same && !is_stand_in
                ? PATTERN_DIFFERS
                : baseapi__pattern_match(route->pattern, path, size, scratch, captures);

        out->is_limit = out->is_limit || outcome == PATTERN_LIMIT;
        if (outcome != PATTERN_MATCHES)
            continue;
        out->path_exists = true;
        if (is_same || is_stand_in) {
            out->route = route;
            memcpy(out->captures, captures, sizeof(captures));
        }
        if (is_same)
            break;
    }
}

static bool is_listed(const struct text *out, const char *method)
{
    const size_t size = strlen(method);
    const char *place = out->data;

    while (place != NULL && (place = strstr(place, method)) != NULL) {
        const bool starts = place == out->data || place[-1] == ' ';

        if (starts && (place[size] == '\0' || place[size] == ','))
            return true;
        place += size;
    }
    return false;
}

static void list_method(struct text *out, const char *method)
{
    if (is_listed(out, method))
        return;
    if (out->size != 0)
        text_string(out, ", ");
    text_string(out, method);
}

void baseapi__router_allow(const struct router *router, const char *path, size_t size,
                           struct pattern_scratch *scratch, struct text *out)
{
    const struct bucket *bucket = bucket_of(router, path, size);
    struct capture captures[PATTERN_MAX_PARAMETERS];
    size_t i;

    for (i = 0; i < bucket->count; i++) {
        const struct route *route = bucket->routes[i];

        if (baseapi__pattern_match(route->pattern, path, size, scratch, captures) ==
            PATTERN_MATCHES)
            list_method(out, route->declared.method);
    }
    if (is_listed(out, "GET"))
        list_method(out, "HEAD");
    list_method(out, "OPTIONS");
}
