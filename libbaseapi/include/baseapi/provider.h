/*
 * Providers: where the rows of a resource come from and go to. The default, baseapi_model_provider,
 * is the database; anything else that can answer the same wishes takes its place in the resource.
 *
 * A provider is constant data. To give it data of its own, make it the first member of a larger
 * structure: every function gets it back.
 *
 * Each function gets a wish and where to put the answer, and gives exactly one answer, before it
 * returns or later, by one of the baseapi_answer_ functions. The wish and all it points to stay
 * valid until then.
 *
 * Thread:  the worker's thread that serves the request; answers are given there too.
 */
#ifndef BASEAPI_PROVIDER_H
#define BASEAPI_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <miniorm/condition.h>
#include <miniorm/status.h>
#include <miniorm/value.h>

#include <baseapi/export.h>

BASEAPI_BEGIN_DECLS

struct baseapi_answer;
struct baseapi_request;
struct baseapi_resource;

/* One condition on a column; all of a wish hold together. Values have the column's type. */
struct baseapi_filter {
    unsigned column;
    enum miniorm_operator op; /* one of EQ to BETWEEN of <miniorm/condition.h> */
    const struct miniorm_value *values;
    size_t n_values;
};

struct baseapi_order {
    unsigned column;
    bool descending; /* NULLs come last when ascending, first when descending */
};

/* What is asked of a provider, borrowed until its answer. Columns are numbers of the model. */
struct baseapi_wish {
    size_t size; /* sizeof(struct baseapi_wish) */
    struct baseapi_request *request;
    const struct baseapi_resource *resource;
    uint64_t columns; /* bitmap of the columns to answer with */
    const struct baseapi_filter *filters;
    size_t n_filters;
    const struct baseapi_order *order; /* unique: it ends with the primary key */
    size_t n_order;
    uint64_t limit; /* of get_many_for_keys: for each key; 0 means no rows */
    uint64_t offset;

    /*
     * get_many_for_keys: n_keys * n_key_columns values, key by key, different, none of them NULL;
     * they have the types of the key columns.
     */
    const unsigned *key_columns;
    size_t n_key_columns;
    const struct miniorm_value *keys;
    size_t n_keys;

    /* insert, update: the columns to set, and their values by column number. */
    uint64_t set;
    const struct miniorm_value *values;
};

/* The rows of one key. */
struct baseapi_group {
    size_t first; /* number of its first row */
    size_t n_rows;
    uint64_t total; /* rows of the key under the filters, before limit and offset */
};

/*
 * Rows as a provider answers them. `values` are the wished columns of each row in the order of the
 * model, row by row. Everything stays the provider's; `release` is called once, on the worker's
 * thread, when it is not needed any more.
 */
struct baseapi_rows {
    size_t size; /* sizeof(struct baseapi_rows) */
    size_t n_rows;
    const struct miniorm_value *values;
    const struct baseapi_group *groups; /* get_many_for_keys: one for each key */
    void (*release)(void *data); /* may be NULL */
    void *data;
    bool json_unchecked; /* columns of type json may hold something else: it is checked */
};

struct baseapi_provider {
    size_t size; /* sizeof(struct baseapi_provider) */
    /* Rows under filters, order, limit and offset. Always needed. */
    void (*get_many)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                     struct baseapi_answer *answer);
    /* The one row under the filters, or none. NULL: get_many is called. */
    void (*get_one)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                    struct baseapi_answer *answer);
    /* Number of rows under the filters, by baseapi_answer_count. Needed for BASEAPI_LIST. */
    void (*total_count)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *answer);
    /*
     * Rows for each of many keys, with limit and offset within the key. Needed by resources that
     * others include.
     */
    void (*get_many_for_keys)(const struct baseapi_provider *provider,
                              const struct baseapi_wish *wish, struct baseapi_answer *answer);
    /* Inserts one row and answers with it. Needed for BASEAPI_CREATE. */
    void (*insert)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *answer);
    /* Updates the rows under the filters and answers with them. Needed for BASEAPI_UPDATE. */
    void (*update)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *answer);
    /* Deletes the rows under the filters and answers with them. Needed for BASEAPI_DELETE. */
    void (*remove)(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *answer);
};

/* The database of the app (baseapi_app_set_database), through libminiorm. Since: 0.1 */
BASEAPI_API extern const struct baseapi_provider baseapi_model_provider;

/*
 * Give the answer. `rows` and `error` are copied, what they point to is not. Of an error the status
 * decides what the client is told (resources.md), `constraint` and `column` where; its message
 * goes to the error log only. A second answer is released and ignored.
 *
 * Since:   0.1
 */
BASEAPI_API void baseapi_answer_rows(struct baseapi_answer *answer,
                                     const struct baseapi_rows *rows);
BASEAPI_API void baseapi_answer_count(struct baseapi_answer *answer, uint64_t count);
BASEAPI_API void baseapi_answer_error(struct baseapi_answer *answer,
                                      const struct miniorm_error *error);

/*
 * Calls `cancelled` once if nobody waits for the answer any more, which still has to be given; NULL
 * takes it back. It may give the answer itself.
 *
 * Since:   0.1
 */
typedef void (*baseapi_answer_cancelled_fn)(struct baseapi_answer *answer, void *data);
BASEAPI_API void baseapi_answer_on_cancel(struct baseapi_answer *answer,
                                          baseapi_answer_cancelled_fn cancelled, void *data);

BASEAPI_END_DECLS

#endif
