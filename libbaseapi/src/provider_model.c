/*
 * The model provider: wishes to queries of libminiorm, submitted on the worker's loop.
 *
 * Each wish is one statement. Its values are decoded into the request's arena, where texts are
 * borrowed from the result, which is released with the rows.
 * Invariant: an operation answers exactly once: from its completion, or at once when the query
 * could not be submitted.
 */
#include <baseapi/provider.h>

#include <string.h>

#include <miniorm/client.h>
#include <miniorm/database.h>
#include <miniorm/query.h>
#include <miniorm/result.h>

#include <baseapi/resource.h>

#include "app.h"
#include "request.h"

/* Times a write is tried that loses against others' transactions. */
#define ATTEMPTS_MAX 3
/* Columns "key" and "total" before those of the model in an answer for many keys. */
#define KEY_COLUMNS 2

struct operation {
    const struct baseapi_wish *wish;
    struct baseapi_answer *answer;
    struct miniorm_query *(*describe)(const struct baseapi_wish *wish);
    void (*arrived)(struct operation *operation, struct miniorm_result *result);
    struct miniorm_request *handle;
    unsigned attempts;
};

static void submit(struct operation *operation);

static void fail(struct operation *operation, enum miniorm_status status, const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    error.status = status;
    strncpy(error.message, message, sizeof(error.message) - 1);
    baseapi_answer_error(operation->answer, &error);
}

static struct miniorm_query *add_filters(struct miniorm_query *query,
                                         const struct baseapi_wish *wish)
{
    for (size_t i = 0; i < wish->n_filters; i++) {
        const struct baseapi_filter *filter = &wish->filters[i];
        const struct miniorm_condition condition = {.op = filter->op,
                                                    .column = filter->column,
                                                    .values = filter->values,
                                                    .n_values = filter->n_values};

        query = miniorm_query_where(query, &condition);
    }
    return query;
}

static struct miniorm_query *describe_page(const struct baseapi_wish *wish)
{
    struct miniorm_query *query = miniorm_query_select(wish->resource->model);

    query = add_filters(miniorm_query_columns(query, wish->columns), wish);
    for (size_t i = 0; i < wish->n_order; i++)
        query = miniorm_query_order_by(query, wish->order[i].column,
                                       wish->order[i].descending ? MINIORM_DESC : MINIORM_ASC);
    query = miniorm_query_limit(query, wish->limit);
    return wish->offset == 0 ? query : miniorm_query_offset(query, wish->offset);
}

static struct miniorm_query *describe_one(const struct baseapi_wish *wish)
{
    return add_filters(
        miniorm_query_columns(miniorm_query_select(wish->resource->model), wish->columns), wish);
}

static struct miniorm_query *describe_count(const struct baseapi_wish *wish)
{
    return add_filters(miniorm_query_count(wish->resource->model), wish);
}

static struct miniorm_query *describe_keys(const struct baseapi_wish *wish)
{
    return miniorm_query_per_key(describe_page(wish), wish->key_columns, wish->n_key_columns,
                                 wish->keys, wish->n_keys);
}

static struct miniorm_query *add_values(struct miniorm_query *query,
                                        const struct baseapi_wish *wish)
{
    for (uint64_t rest = wish->set; rest != 0; rest &= rest - 1) {
        const unsigned column = (unsigned)__builtin_ctzll(rest);

        query = miniorm_query_set(query, column, wish->values[column]);
    }
    return miniorm_query_returning(query, wish->columns);
}

static struct miniorm_query *describe_insert(const struct baseapi_wish *wish)
{
    return add_values(miniorm_query_insert(wish->resource->model), wish);
}

static struct miniorm_query *describe_update(const struct baseapi_wish *wish)
{
    return add_values(add_filters(miniorm_query_update(wish->resource->model), wish), wish);
}

static struct miniorm_query *describe_delete(const struct baseapi_wish *wish)
{
    return miniorm_query_returning(add_filters(miniorm_query_delete(wish->resource->model), wish),
                                   wish->columns);
}

static void release(void *data)
{
    miniorm_result_free(data);
}

/* Decodes `columns` cells of a row from `first` on. */
static enum miniorm_status decode_row(struct miniorm_result *result, size_t row, size_t first,
                                      size_t columns, struct miniorm_value *values,
                                      struct miniorm_error *error)
{
    for (size_t i = 0; i < columns; i++) {
        const enum miniorm_status status =
            miniorm_result_value(result, row, first + i, &values[i], error);

        if (status != MINIORM_OK)
            return status;
    }
    return MINIORM_OK;
}

static struct baseapi_rows rows_of(const struct operation *operation, struct miniorm_result *result)
{
    struct baseapi_app *app = baseapi_request_app(operation->wish->request);

    return (struct baseapi_rows){
        .size = sizeof(struct baseapi_rows),
        .release = release,
        .data = result,
        /* PostgreSQL has checked them. */
        .json_unchecked =
            miniorm_database_dialect(baseapi__app_database(app)) != MINIORM_POSTGRESQL,
    };
}

static void answer_rows(struct operation *operation, struct miniorm_result *result)
{
    const size_t columns = (size_t)__builtin_popcountll(operation->wish->columns);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct baseapi_rows rows = rows_of(operation, result);
    struct miniorm_value *values;

    rows.n_rows = miniorm_result_rows(result);
    values =
        baseapi_request_alloc(operation->wish->request, rows.n_rows * columns * sizeof(*values));
    rows.values = values;
    if (values == NULL)
        error.status = MINIORM_ENOMEM;
    for (size_t i = 0; i < rows.n_rows && error.status == MINIORM_OK; i++)
        decode_row(result, i, 0, columns, &values[i * columns], &error);
    if (error.status == MINIORM_OK) {
        baseapi_answer_rows(operation->answer, &rows);
        return;
    }
    miniorm_result_free(result);
    baseapi_answer_error(operation->answer, &error);
}

static void answer_count(struct operation *operation, struct miniorm_result *result)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;

    if (miniorm_result_value(result, 0, 0, &value, &error) == MINIORM_OK)
        baseapi_answer_count(operation->answer, (uint64_t)value.as.integer);
    else
        baseapi_answer_error(operation->answer, &error);
    miniorm_result_free(result);
}

/* Where the primary key's first column stands among the columns of a row. */
static size_t key_cell(const struct baseapi_wish *wish)
{
    const struct miniorm_model *model = wish->resource->model;
    unsigned column = 0;

    while ((model->columns[column].flags & MINIORM_PRIMARY_KEY) == 0)
        column++;
    return (size_t)__builtin_popcountll(wish->columns & (MINIORM_COLUMN(column) - 1));
}

/* Rows of an answer for many keys while they are read. */
struct grouping {
    const struct baseapi_wish *wish;
    struct baseapi_group *groups;
    struct miniorm_value *values;
    size_t n_rows;
};

/* Reads one row: the group it belongs to, and its values unless it only tells the total. */
static enum miniorm_status read_key_row(struct grouping *grouping, struct miniorm_result *result,
                                        size_t row, struct miniorm_error *error)
{
    const struct baseapi_wish *wish = grouping->wish;
    const size_t columns = (size_t)__builtin_popcountll(wish->columns);
    struct miniorm_value *values = grouping->values + grouping->n_rows * columns;
    struct miniorm_value head[KEY_COLUMNS];
    enum miniorm_status status = decode_row(result, row, 0, KEY_COLUMNS, head, error);
    struct baseapi_group *group;

    if (status == MINIORM_OK)
        status = decode_row(result, row, KEY_COLUMNS, columns, values, error);
    if (status != MINIORM_OK)
        return status;
    if (head[0].as.integer < 0 || (uint64_t)head[0].as.integer >= wish->n_keys)
        return error->status = MINIORM_EPROTOCOL;
    group = &grouping->groups[head[0].as.integer];
    group->total = (uint64_t)head[1].as.integer;
    if (values[key_cell(wish)].is_null)
        return MINIORM_OK;
    if (group->n_rows++ == 0)
        group->first = grouping->n_rows;
    grouping->n_rows++;
    return MINIORM_OK;
}

static void answer_groups(struct operation *operation, struct miniorm_result *result)
{
    const struct baseapi_wish *wish = operation->wish;
    const size_t n_rows = miniorm_result_rows(result);
    const size_t columns = (size_t)__builtin_popcountll(wish->columns);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct baseapi_rows rows = rows_of(operation, result);
    struct arena *arena = baseapi__request_arena(wish->request);
    struct grouping grouping = {
        .wish = wish,
        .groups = arena_zeroed(arena, wish->n_keys, sizeof(*grouping.groups)),
        .values = arena_alloc(arena, n_rows * columns * sizeof(*grouping.values)),
    };

    if (grouping.groups == NULL || grouping.values == NULL)
        error.status = MINIORM_ENOMEM;
    for (size_t i = 0; i < n_rows && error.status == MINIORM_OK; i++)
        read_key_row(&grouping, result, i, &error);
    rows.n_rows = grouping.n_rows;
    rows.values = grouping.values;
    rows.groups = grouping.groups;
    if (error.status == MINIORM_OK) {
        baseapi_answer_rows(operation->answer, &rows);
        return;
    }
    miniorm_result_free(result);
    baseapi_answer_error(operation->answer, &error);
}

static void done(void *data, enum miniorm_status status, struct miniorm_result *result,
                 const struct miniorm_error *error)
{
    struct operation *operation = data;

    operation->handle = NULL;
    if (status == MINIORM_OK)
        operation->arrived(operation, result);
    else if (status == MINIORM_ECONFLICT && ++operation->attempts < ATTEMPTS_MAX)
        submit(operation);
    else
        baseapi_answer_error(operation->answer, error);
}

static void cancel(struct baseapi_answer *answer, void *data)
{
    struct operation *operation = data;

    (void)answer;
    if (operation->handle != NULL)
        miniorm_request_cancel(operation->handle);
}

static void submit(struct operation *operation)
{
    struct miniorm_client *client = baseapi_request_database(operation->wish->request);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (client == NULL)
        fail(operation, MINIORM_ESTATE, "the app has no database");
    else if (miniorm_client_submit_take(client, operation->describe(operation->wish), NULL, done,
                                        operation, &operation->handle, &error) != MINIORM_OK)
        baseapi_answer_error(operation->answer, &error);
}

static void start(const struct baseapi_wish *wish, struct baseapi_answer *answer,
                  struct miniorm_query *(*describe)(const struct baseapi_wish *wish),
                  void (*arrived)(struct operation *operation, struct miniorm_result *result))
{
    struct operation *operation = baseapi_request_alloc(wish->request, sizeof(*operation));
    struct miniorm_error error = {.status = MINIORM_ENOMEM, .message = "out of memory"};

    if (operation == NULL) {
        baseapi_answer_error(answer, &error);
        return;
    }
    *operation = (struct operation){
        .wish = wish, .answer = answer, .describe = describe, .arrived = arrived};
    baseapi_answer_on_cancel(answer, cancel, operation);
    submit(operation);
}

static void get_many(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                     struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_page, answer_rows);
}

static void get_one(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                    struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_one, answer_rows);
}

static void total_count(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_count, answer_count);
}

static void get_many_for_keys(const struct baseapi_provider *provider,
                              const struct baseapi_wish *wish, struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_keys, answer_groups);
}

static void insert(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_insert, answer_rows);
}

static void update(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_update, answer_rows);
}

static void remove_rows(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *answer)
{
    (void)provider;
    start(wish, answer, describe_delete, answer_rows);
}

const struct baseapi_provider baseapi_model_provider = {
    .size = sizeof(struct baseapi_provider),
    .get_many = get_many,
    .get_one = get_one,
    .total_count = total_count,
    .get_many_for_keys = get_many_for_keys,
    .insert = insert,
    .update = update,
    .remove = remove_rows,
};
