/*
 * Categories: no table, but a statement over the books. Each wish becomes one query on the worker's
 * database client; its completion gives the answer. The view lists no filter and no sort field, so
 * that limit and offset are all there is to obey.
 */
#include "apps/demo/data_providers.h"

#include <stdio.h>

#include <baseapi/request.h>
#include <miniorm/miniorm.h>

#include "apps/demo/models.h"

static const char page_sql[] =
    "SELECT category AS name, count(*) AS books FROM books WHERE category IS NOT NULL "
    "GROUP BY category ORDER BY category LIMIT $1 OFFSET $2";
static const char total_sql[] = "SELECT count(DISTINCT category) FROM books";

/* A wish under way: what was asked, and where the answer goes. */
struct question {
    const struct baseapi_wish *wish;
    struct baseapi_answer *answer;
};

static void fail(struct baseapi_answer *answer, enum miniorm_status status, const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    error.status = status;
    snprintf(error.message, sizeof(error.message), "%s", message);
    baseapi_answer_error(answer, &error);
}

/* Sends a query; `done` gets the question back. */
static void ask(const struct baseapi_wish *wish, struct baseapi_answer *answer,
                struct miniorm_query *query, miniorm_done_fn done)
{
    struct question *question = baseapi_request_alloc(wish->request, sizeof(*question));
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (question == NULL) {
        miniorm_query_free(query);
        fail(answer, MINIORM_ENOMEM, "categories: out of memory");
        return;
    }
    question->wish = wish;
    question->answer = answer;
    if (miniorm_client_submit_take(baseapi_request_database(wish->request),
                                   miniorm_query_read_only(query), NULL, done, question, NULL,
                                   &error) != MINIORM_OK)
        baseapi_answer_error(answer, &error);
}

static void release(void *result)
{
    miniorm_result_free(result);
}

/* The wished columns of every row, in the order of the model; NULL when memory ran out or a cell
 * cannot be read. */
static struct miniorm_value *collect(const struct baseapi_wish *wish, struct miniorm_result *result)
{
    const size_t n_rows = miniorm_result_rows(result);
    struct miniorm_value *values =
        baseapi_request_alloc(wish->request, (n_rows * category__count + 1) * sizeof(*values));
    size_t n = 0;

    for (size_t row = 0; values != NULL && row < n_rows; row++) {
        for (unsigned column = 0; column < category__count; column++) {
            if ((wish->columns & MINIORM_COLUMN(column)) == 0)
                continue;
            if (miniorm_result_value(result, row, column, &values[n++], NULL) != MINIORM_OK)
                return NULL;
        }
    }
    return values;
}

static void page_done(void *data, enum miniorm_status status, struct miniorm_result *result,
                      const struct miniorm_error *error)
{
    const struct question *question = data;
    struct baseapi_rows rows = {.size = sizeof(rows), .release = release, .data = result};

    if (status != MINIORM_OK) {
        baseapi_answer_error(question->answer, error);
        return;
    }
    rows.n_rows = miniorm_result_rows(result);
    rows.values = collect(question->wish, result);
    if (rows.values != NULL) {
        baseapi_answer_rows(question->answer, &rows);
        return;
    }
    miniorm_result_free(result);
    fail(question->answer, MINIORM_ENOMEM, "categories: out of memory");
}

static void total_done(void *data, enum miniorm_status status, struct miniorm_result *result,
                       const struct miniorm_error *error)
{
    const struct question *question = data;
    struct miniorm_value total;

    if (status != MINIORM_OK)
        baseapi_answer_error(question->answer, error);
    else if (miniorm_result_value(result, 0, 0, &total, NULL) != MINIORM_OK)
        fail(question->answer, MINIORM_EPROTOCOL, "categories: the count is no number");
    else
        baseapi_answer_count(question->answer, (uint64_t)total.as.integer);
    miniorm_result_free(result);
}

static void get_many(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                     struct baseapi_answer *answer)
{
    const struct miniorm_value values[] = {miniorm_value_integer((int64_t)wish->limit),
                                           miniorm_value_integer((int64_t)wish->offset)};

    (void)provider;
    ask(wish, answer, miniorm_query_raw(page_sql, values, 2), page_done);
}

static void total_count(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *answer)
{
    (void)provider;
    ask(wish, answer, miniorm_query_raw(total_sql, NULL, 0), total_done);
}

const struct baseapi_provider categories_provider = {
    .size = sizeof(struct baseapi_provider),
    .get_many = get_many,
    .total_count = total_count,
};
