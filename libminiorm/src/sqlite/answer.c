/*
 * Answer: cells in one growing array, their text and bytes in the result's arena.
 *
 * Order: new, describe, add for each row; the statement may be reset then.
 * Invariant: n_cells == n_rows * n_columns after each add.
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "codec.h"

#define FIRST_ROWS 16

struct answer {
    struct miniorm__sqlite_cell *cells;
    size_t n_cells;
    size_t capacity;
    const char **names;
};

static struct answer *answer_of(const struct miniorm_result *result)
{
    return result->native;
}

static enum miniorm_status fail_cell(const struct miniorm_result *result, size_t column,
                                     const struct miniorm__sqlite_cell *cell,
                                     enum miniorm_type wanted, struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EVALUE, "column %s: the database holds %s that is no %s",
                         answer_of(result)->names[column], miniorm__sqlite_kind_name(cell),
                         miniorm_type_name(wanted));
}

static enum miniorm_status read_cell(struct miniorm_result *result, size_t row, size_t column,
                                     enum miniorm_type wanted, struct miniorm_value *out,
                                     struct miniorm_error *error)
{
    const struct miniorm__sqlite_cell *cell =
        &answer_of(result)->cells[row * result->n_columns + column];
    struct miniorm_value value = {.is_null = true};
    bool is_out_of_memory;

    if (wanted == 0)
        wanted = miniorm__sqlite_natural_type(cell);
    if (!miniorm__sqlite_load(cell, wanted, &result->arena, &value, &is_out_of_memory)) {
        if (is_out_of_memory)
            return miniorm__fail_memory(error);
        return fail_cell(result, column, cell, wanted, error);
    }
    *out = value;
    return MINIORM_OK;
}

static const char *column_name(const struct miniorm_result *result, size_t column)
{
    return column < result->n_columns ? answer_of(result)->names[column] : NULL;
}

static void release(struct miniorm_result *result)
{
    if (answer_of(result) != NULL)
        free(answer_of(result)->cells);
}

static const struct miniorm__result_class answer_class = {
    .cell = read_cell, .column_name = column_name, .release = release};

struct miniorm_result *miniorm__sqlite_answer_new(const struct miniorm__operation *operation)
{
    struct miniorm_result *result = miniorm__result_new(&answer_class, operation);

    if (result == NULL)
        return NULL;
    result->native = arena_zeroed(&result->arena, 1, sizeof(struct answer));
    if (result->native == NULL) {
        miniorm_result_free(result);
        return NULL;
    }
    return result;
}

/* A model's own names outlive the statement; others are copied. */
static const char *name_of(struct miniorm_result *result,
                           const struct miniorm__operation *operation, sqlite3_stmt *prepared,
                           int column)
{
    const char *name;

    if (operation->columns != NULL && operation->columns[column].model_column >= 0)
        return operation->model->columns[operation->columns[column].model_column].name;
    name = sqlite3_column_name(prepared, column);
    return name == NULL ? NULL : arena_string(&result->arena, name);
}

enum miniorm_status miniorm__sqlite_answer_describe(struct miniorm_result *result,
                                                    const struct miniorm__operation *operation,
                                                    sqlite3_stmt *prepared,
                                                    struct miniorm_error *error)
{
    struct answer *answer = answer_of(result);
    const int n_columns = sqlite3_column_count(prepared);
    int i;

    if (operation->columns != NULL && (size_t)n_columns != operation->n_columns)
        return miniorm__fail(error, MINIORM_EPROTOCOL,
                             "SQLite: %d columns answered where %zu were asked for", n_columns,
                             operation->n_columns);
    answer->names = arena_zeroed(&result->arena, (size_t)n_columns, sizeof(*answer->names));
    if (answer->names == NULL)
        return miniorm__fail_memory(error);
    for (i = 0; i < n_columns; i++) {
        answer->names[i] = name_of(result, operation, prepared, i);
        if (answer->names[i] == NULL)
            return miniorm__fail_memory(error);
    }
    result->n_columns = (size_t)n_columns;
    return MINIORM_OK;
}

static bool reserve_row(struct answer *answer, size_t n_columns)
{
    struct miniorm__sqlite_cell *cells;
    size_t capacity;

    if (n_columns <= answer->capacity - answer->n_cells)
        return true;
    capacity = answer->capacity == 0 ? FIRST_ROWS * n_columns : answer->capacity * 2;
    if (capacity > SIZE_MAX / sizeof(*cells))
        return false;
    cells = realloc(answer->cells, capacity * sizeof(*cells));
    if (cells == NULL)
        return false;
    answer->cells = cells;
    answer->capacity = capacity;
    return true;
}

static bool copy_cell(struct miniorm_result *result, sqlite3_stmt *prepared, int column,
                      struct miniorm__sqlite_cell *out)
{
    const void *data;
    size_t size;

    out->kind = sqlite3_column_type(prepared, column);
    if (out->kind == SQLITE_INTEGER) {
        out->as.integer = sqlite3_column_int64(prepared, column);
    } else if (out->kind == SQLITE_FLOAT) {
        out->as.real = sqlite3_column_double(prepared, column);
    } else if (out->kind != SQLITE_NULL) {
        data = out->kind == SQLITE_TEXT ? (const void *)sqlite3_column_text(prepared, column)
                                        : sqlite3_column_blob(prepared, column);
        size = (size_t)sqlite3_column_bytes(prepared, column);
        /* An empty BLOB has no address either; text always has one, unless memory ran out. */
        if (data == NULL && (out->kind == SQLITE_TEXT || size != 0))
            return false;
        data = arena_copy(&result->arena, data, size);
        if (out->kind == SQLITE_TEXT)
            out->as.text = miniorm_text_from(data, size);
        else
            out->as.bytes = (struct miniorm_bytes){data, size};
        return data != NULL;
    }
    return true;
}

enum miniorm_status miniorm__sqlite_answer_add(struct miniorm_result *result,
                                               sqlite3_stmt *prepared, struct miniorm_error *error)
{
    struct answer *answer = answer_of(result);
    size_t i;

    if (!reserve_row(answer, result->n_columns))
        return miniorm__fail_memory(error);
    for (i = 0; i < result->n_columns; i++) {
        if (!copy_cell(result, prepared, (int)i, &answer->cells[answer->n_cells + i]))
            return miniorm__fail_memory(error);
    }
    answer->n_cells += result->n_columns;
    result->n_rows++;
    return MINIORM_OK;
}
