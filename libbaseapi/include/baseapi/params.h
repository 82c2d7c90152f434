/*
 * The query string of a request as a tree of wishes: one node for the entity asked for and one for
 * each include below it.
 *
 *     include=authors&fields=name,authors.surname&sort=-name&filter[id]=1,2&page[authors.limit]=5
 *
 * Declared resources use it by themselves; it is here for hand-written handlers. Nothing is checked
 * against a resource yet: names are those of the client.
 *
 * Lists are linked by `next`, in the order of the query string. Everything belongs to the request.
 */
#ifndef BASEAPI_PARAMS_H
#define BASEAPI_PARAMS_H

#include <stddef.h>

#include <miniorm/value.h>

#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_request;

/* Most parameters of a query string: no interface of this library has a use for more. */
#define BASEAPI_MAX_PARAMETERS 256
/* Most levels of includes: each one multiplies the rows of an answer. */
#define BASEAPI_MAX_INCLUDE_DEPTH 3
/* Most includes of a request, on all levels: each one is a statement. */
#define BASEAPI_MAX_INCLUDES 32
/* Most filters of a request, on all levels. */
#define BASEAPI_MAX_FILTERS 32
/* Most values of a comma-separated list: each is a parameter of a statement or an error to tell. */
#define BASEAPI_MAX_LIST_VALUES 200

struct baseapi_word {
    struct miniorm_text text;
    const struct baseapi_word *next;
};

/* A filter, or a page parameter. */
struct baseapi_parameter {
    struct miniorm_text name; /* "id", "id__gte", "limit" */
    struct miniorm_text value; /* the whole value */
    const struct baseapi_word *values; /* the same split at its commas: at least one */
    size_t n_values;
    const struct baseapi_parameter *next;
};

struct baseapi_params {
    struct miniorm_text name; /* of the include; empty at the top */
    const struct baseapi_word *fields;
    const struct baseapi_word *sort; /* with the '-' of a descending one */
    const struct baseapi_word *retrieve; /* for hand-written handlers, no resource uses it */
    const struct baseapi_parameter *filters;
    const struct baseapi_parameter *page;
    const struct baseapi_params *includes;
    const struct baseapi_params *next; /* the include beside this one */
};

/*
 * The query string of `request`, decoded at each call. Of a repeated parameter the first counts;
 * unknown ones and those for an entity that is not included are left out. *out is borrowed from the
 * request; without a query string it is a node in which everything is empty.
 *
 * Thread:  whoever has the request.
 * Errors:  BASEAPI_EINVALID  the query string is malformed or beyond a limit: the errors were added
 *                            to the request, for baseapi_respond_added_problems(request, 422).
 *          BASEAPI_ENOMEM
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_request_params(struct baseapi_request *request,
                                                       const struct baseapi_params **out);

BASEAPI_END_DECLS

#endif
