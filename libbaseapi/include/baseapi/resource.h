/*
 * Resources: a model as an HTTP interface, declared in a constant table.
 *
 *     static const struct baseapi_resource authors, books;
 *
 *     static const struct baseapi_resource books = {
 *         .path = "/books",
 *         .model = &book_model,
 *         .methods = BASEAPI_CRUD,
 *         .fields = "id category name is_available author_id",
 *         .filters = "id category:eq,in,like name is_available author_id",
 *         .sorts = "id category name",
 *         .default_sort = "-id",
 *         .includes = BASEAPI_INCLUDES({"authors", &authors, "author_id=id"}),
 *     };
 *
 * What a client may name is what the table lists; lists are words separated by spaces, checked
 * against the model when the resource is added. Resources may include each other in circles. The
 * tables and what they point to must outlive the app. (C++ has no tentative definitions: declare
 * the tables `extern const` first, and define an array for `includes`.)
 *
 * Thread:  one thread at a time, except where a function says more.
 */
#ifndef BASEAPI_RESOURCE_H
#define BASEAPI_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <miniorm/model.h>

#include <baseapi/app.h>
#include <baseapi/export.h>
#include <baseapi/middleware.h>
#include <baseapi/provider.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

/* Rows of a page, unless the resource says otherwise. */
#define BASEAPI_PAGE_LIMIT 100
#define BASEAPI_PAGE_MAX 1000
/* Most rows of one answer, includes counted as often as they are shown: bounds its memory. */
#define BASEAPI_MAX_ROWS 10000

enum baseapi_methods {
    BASEAPI_LIST = 1, /* GET /books */
    BASEAPI_READ = 2, /* GET /books/1 */
    BASEAPI_CREATE = 4, /* POST /books */
    BASEAPI_UPDATE = 8, /* PUT and PATCH /books/1: both change what they name */
    BASEAPI_DELETE = 16, /* DELETE /books/1 */
    BASEAPI_READ_ONLY = 3,
    BASEAPI_CRUD = 31
};

/* How values are written, to be combined. */
enum baseapi_format {
    BASEAPI_INT8_STRING = 1, /* 64-bit numbers as strings: JavaScript rounds beyond 2^53 */
    BASEAPI_NUMERIC_STRING = 2, /* numeric as strings */
    BASEAPI_TIMES_SECONDS = 4 /* 2026-01-31T12:00:00+0000 in place of RFC 3339 */
};

/* An entity that clients may ask to be shown inside this one, always as a list document. */
struct baseapi_include {
    const char *name; /* NULL ends a list */
    const struct baseapi_resource *resource;
    const char *relations; /* pairs "own_column=included_column" */
};

#define BASEAPI_INCLUDES(...)                                                    \
    (const struct baseapi_include[])                                             \
    {                                                                            \
        __VA_ARGS__,                                                             \
        {                                                                        \
            (const char *)0, (const struct baseapi_resource *)0, (const char *)0 \
        }                                                                        \
    }

struct baseapi_page {
    uint64_t limit; /* default BASEAPI_PAGE_LIMIT, or max if that is less */
    uint64_t max; /* default BASEAPI_PAGE_MAX, at most BASEAPI_MAX_ROWS */
};

/* A row given to a hook: the values of `columns`, in the order of the model; borrowed. */
struct baseapi_row {
    uint64_t columns;
    const struct miniorm_value *values;
};

/*
 * Functions around the changes of a resource, on the worker's thread; they must not block, and each
 * may be NULL. `data` is that of the hooks.
 *
 * before_insert and before_update get the object under "data" of the body, borrowed, which has
 * passed all checks, and may set members of it, also for columns that clients may not write. A hook
 * that answers the request itself, or that needs time and calls baseapi_hook_resume later, returns
 * BASEAPI_PENDING. The after hooks run when the change is done, before its answer. before_update
 * and before_delete run before it is known whether the entity exists.
 */
struct baseapi_hooks {
    enum baseapi_flow (*before_insert)(struct baseapi_request *request, json_t *object, void *data);
    enum baseapi_flow (*before_update)(struct baseapi_request *request, json_t *object, void *data);
    enum baseapi_flow (*before_delete)(struct baseapi_request *request, void *data);
    void (*after_insert)(struct baseapi_request *request, const struct baseapi_row *row,
                         void *data);
    void (*after_update)(struct baseapi_request *request, const struct baseapi_row *row,
                         void *data);
    void (*after_delete)(struct baseapi_request *request, const struct baseapi_row *row,
                         void *data);
    void *data;
};

/* Zero of every member but path and model means its default. */
struct baseapi_resource {
    const char *path; /* "/books"; NULL: only to be included */
    const struct miniorm_model *model;
    unsigned methods; /* of enum baseapi_methods; default BASEAPI_READ_ONLY */
    const char *fields; /* columns shown; default: all */
    const char *writes; /* columns that clients may write; default: those shown */
    /* "column" or "column:operator,…"; ":*" is every operator; default: none. */
    const char *filters;
    const char *sorts; /* columns to sort by; default: none */
    const char *default_sort; /* "-id name"; the primary key always comes last */
    const struct baseapi_include *includes; /* ends with a NULL name; default: none */
    struct baseapi_page page;
    unsigned format; /* of enum baseapi_format */
    struct baseapi_hooks hooks;
    const struct baseapi_provider *provider; /* default &baseapi_model_provider */
    const struct baseapi_middleware *const *use; /* NULL-terminated; run inside the app's */
};

/*
 * Adds the routes of a resource: `path` for the list and `path` followed by the primary key for one
 * entity, such as "/books/{id:\d+}". A key of several columns is as many parts of the path.
 *
 * Errors:  BASEAPI_EINVALID  the table is wrong: the message names the resource, the list and the
 *                            word; or a route exists already.
 *          BASEAPI_ESTATE    the app runs.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
#define baseapi_app_add(app, resource, error) \
    baseapi_app_add_sized((app), (resource), sizeof(struct baseapi_resource), (error))

/* What baseapi_app_add calls; `size` lets the table grow in later versions. Since: 0.1 */
BASEAPI_API enum baseapi_status baseapi_app_add_sized(struct baseapi_app *app,
                                                      const struct baseapi_resource *resource,
                                                      size_t size, struct baseapi_error *error);

/*
 * Goes on behind a hook that returned BASEAPI_PENDING and did not answer. May be called before it
 * has returned. BASEAPI_OK gives the request back.
 *
 * Thread:  the worker's thread.
 * Errors:  BASEAPI_ESTATE  no hook of this request waits.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_hook_resume(struct baseapi_request *request);

/*
 * The JSON Schema (2020-12) that bodies of BASEAPI_CREATE or BASEAPI_UPDATE are checked against.
 * *out is a new reference of the caller's.
 *
 * Thread:  any thread.
 * Errors:  BASEAPI_EINVALID  the table is wrong, or another method.
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
#define baseapi_resource_schema(resource, method, out, error)                                   \
    baseapi_resource_schema_sized((resource), sizeof(struct baseapi_resource), (method), (out), \
                                  (error))

/* What baseapi_resource_schema calls. Since: 0.1 */
BASEAPI_API enum baseapi_status baseapi_resource_schema_sized(
    const struct baseapi_resource *resource, size_t size, enum baseapi_methods method, json_t **out,
    struct baseapi_error *error);

BASEAPI_END_DECLS

#endif
