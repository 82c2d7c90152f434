/*
 * A view: one request on a resource while it is answered, as a tree of levels (the entity and its
 * includes) and the answers awaited from providers.
 *
 * Order: level_make checks what the client wishes; view_start, view_ask as often as needed,
 * view_go; `finish` is called when no answer is awaited any more, and answers the request by one of
 * the view_respond functions, which end the view.
 * Invariant: `pending` is the number of answers awaited, plus one between start and go. Everything
 * lives in the request's arena.
 */
#ifndef BASEAPI_SRC_VIEW_H
#define BASEAPI_SRC_VIEW_H

#include <baseapi/provider.h>

#include "params.h"
#include "request.h"
#include "resource.h"

struct view;

/* A parent row whose key is NULL, or fits no row of the included entity, has no group. */
#define NO_GROUP SIZE_MAX

struct level {
    const struct resource *resource;
    const struct resource_include *include; /* NULL at the root */
    struct level *parent;
    struct level *children;
    struct level *next;
    struct baseapi_wish wish;
    uint64_t shown; /* columns that the client sees; the wish may have more */
    struct baseapi_rows rows;
    size_t stride; /* values of one row */
    size_t *group_of; /* of each row of the parent, the number of its key */
    uint64_t total;
    uint64_t limit; /* of the page, while the wish asks for totals only */
};

struct baseapi_answer {
    struct view *view;
    struct level *level;
    void (*arrived)(struct baseapi_answer *answer); /* not called in a view that failed */
    struct baseapi_rows rows;
    uint64_t count;
    bool is_given;
    baseapi_answer_cancelled_fn cancelled;
    void *cancelled_data;
    struct baseapi_answer *next;
};

enum view_kind { VIEW_READ, VIEW_INSERT, VIEW_UPDATE, VIEW_DELETE };

struct view {
    struct baseapi_request *request;
    const struct resource *resource;
    struct level *root;
    void (*finish)(struct view *view);
    struct baseapi_answer *answers;
    unsigned pending;
    enum view_kind kind;
    bool failed; /* `error` says why */
    bool too_many; /* the includes have more rows than an answer may */
    void *data; /* of whoever made the view */
    struct miniorm_error error; /* not initialised before the view fails */
};

typedef void (*view_ask_fn)(const struct baseapi_provider *provider,
                            const struct baseapi_wish *wish, struct baseapi_answer *answer);

/*
 * Checks the wishes of a client against a resource, in the order fields, filters, page, includes,
 * sort, and describes what to ask its provider. `key` holds the values of the primary key for one
 * entity, NULL for a list. NULL: errors were added to the request, or memory ran out.
 */
struct level *baseapi__level_make(struct baseapi_request *request, const struct resource *resource,
                                  const struct baseapi_params *params,
                                  const struct miniorm_value *key);

/* How a provider is asked for one entity. */
view_ask_fn baseapi__provider_get_one(const struct baseapi_provider *provider);

/* The filters of a level; false as above. */
bool baseapi__filters_make(struct baseapi_request *request, const struct resource *resource,
                           const struct baseapi_params *params, const struct miniorm_value *key,
                           struct baseapi_wish *wish);

/* Answers a request whose level could not be made: 422 with the errors added, or 500. */
void baseapi__respond_level_fault(struct baseapi_request *request);

/*
 * The primary key of the request's path; NULL when it cannot be that of any entity, which has then
 * been answered 404 (or 500).
 */
struct miniorm_value *baseapi__path_key(struct baseapi_request *request,
                                        const struct resource *resource);

/* A view on `root`; NULL: the request was answered 500. */
struct view *baseapi__view_start(struct baseapi_request *request, const struct resource *resource,
                                 struct level *root, void (*finish)(struct view *view));
void baseapi__view_ask(struct view *view, struct level *level, view_ask_fn ask,
                       void (*arrived)(struct baseapi_answer *answer));
void baseapi__view_go(struct view *view);
void baseapi__view_fail(struct view *view, enum miniorm_status status, const char *message);

/*
 * Whether the view has come to an end other than its answer: then that is given.
 */
bool baseapi__view_respond_failure(struct view *view);

/* `arrived` of rows that become those of the level, whose includes are asked for next. */
void baseapi__level_arrived(struct baseapi_answer *answer);

/* Index of a column's value within a row. */
size_t baseapi__level_cell(const struct level *level, unsigned column);

/*
 * Write a level's row with its includes, and the list document of a level. False when the rows are
 * more than BASEAPI_MAX_ROWS, counted in *n_rows.
 */
bool baseapi__write_entity(struct text *text, const struct level *level, size_t row,
                           size_t *n_rows);
bool baseapi__write_list(struct text *text, const struct level *level);

/* End the view: rows are released, the request is given back. */
void baseapi__view_respond(struct view *view, unsigned status, struct text *body);
/* `body` may be NULL. */
void baseapi__view_respond_response(struct view *view, struct baseapi_response *response,
                                    struct text *body);
void baseapi__view_respond_not_found(struct view *view);
void baseapi__view_respond_too_many(struct view *view);
void baseapi__view_respond_problems(struct view *view, unsigned status);
void baseapi__view_respond_problem(struct view *view, unsigned status, const char *code,
                                   const char *detail);
void baseapi__view_respond_error(struct view *view, const struct baseapi_error *error);

/* Handlers of the routes; `data` is the resource. */
void baseapi__list_get(struct baseapi_request *request, void *data);
void baseapi__entity_get(struct baseapi_request *request, void *data);
void baseapi__list_post(struct baseapi_request *request, void *data);
void baseapi__entity_put(struct baseapi_request *request, void *data);
void baseapi__entity_delete(struct baseapi_request *request, void *data);

#endif
