/*
 * Values of a query: what an insert or update writes, and the keys of a select per key.
 *
 * Invariant: a row keeps one value for each bit of `set`, in the order of the columns; in an update
 * a column is set by a value or by an expression, whichever came last.
 */
#include <miniorm/numeric.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "condition.h"
#include "error.h"
#include "query.h"
#include "value.h"

/* Rows of a model are usually set alike: the first guess for one that has no row before it. */
#define FIRST_VALUES 8
#define FIRST_ROWS 1

static unsigned count_bits(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

/* Room for one more item at the end of an array in the arena, which moves when it is full. */
static void *enlarged(struct miniorm_query *query, void *items, size_t count, size_t *capacity,
                      size_t size, size_t first)
{
    const size_t wanted = *capacity == 0 ? first : *capacity * 2;
    void *moved;

    if (count < *capacity)
        return items;
    if (wanted > SIZE_MAX / size) {
        query->status = MINIORM_ENOMEM;
        return NULL;
    }
    moved = arena_alloc(&query->arena, wanted * size);
    if (moved == NULL) {
        query->status = MINIORM_ENOMEM;
        return NULL;
    }
    if (count != 0)
        memcpy(moved, items, count * size);
    *capacity = wanted;
    return moved;
}

static bool add_row(struct miniorm_query *query)
{
    struct miniorm__query_row *rows = enlarged(query, query->rows, query->n_rows,
                                               &query->rows_capacity, sizeof(*rows), FIRST_ROWS);

    if (rows == NULL)
        return false;
    query->rows = rows;
    rows[query->n_rows++] = (struct miniorm__query_row){0};
    return true;
}

struct miniorm_query *miniorm_query_next_row(struct miniorm_query *query)
{
    if (miniorm__query_accepts(query, MINIORM__INSERT, "next_row"))
        add_row(query);
    return query;
}

/* The place of a column's value in the newest row, with those behind it moved. */
static struct miniorm_value *value_place(struct miniorm_query *query, unsigned column)
{
    struct miniorm__query_row *row = &query->rows[query->n_rows - 1];
    const uint64_t bit = MINIORM_COLUMN(column);
    const size_t place = count_bits(row->set & (bit - 1));
    const size_t count = count_bits(row->set);
    const size_t before = query->n_rows > 1 ? count_bits(row[-1].set) : 0;
    struct miniorm_value *values = row->values;

    if ((row->set & bit) != 0)
        return &values[place];
    values = enlarged(query, values, count, &row->capacity, sizeof(*values),
                      before > 0 ? before : FIRST_VALUES);
    if (values == NULL)
        return NULL;
    memmove(&values[place + 1], &values[place], (count - place) * sizeof(*values));
    row->values = values;
    row->set |= bit;
    return &values[place];
}

static void remove_expression(struct miniorm_query *query, unsigned column)
{
    struct miniorm__query_expression **link = &query->expressions;

    if ((query->expression_columns & MINIORM_COLUMN(column)) == 0)
        return;
    query->expression_columns &= ~MINIORM_COLUMN(column);
    while ((*link)->column != column)
        link = &(*link)->next;
    *link = (*link)->next;
}

static void remove_value(struct miniorm_query *query, unsigned column)
{
    struct miniorm__query_row *row = query->n_rows == 0 ? NULL : &query->rows[0];
    const uint64_t bit = MINIORM_COLUMN(column);
    size_t place;

    if (row == NULL || (row->set & bit) == 0)
        return;
    place = count_bits(row->set & (bit - 1));
    row->set &= ~bit;
    memmove(&row->values[place], &row->values[place + 1],
            (count_bits(row->set) - place) * sizeof(*row->values));
}

static size_t count_characters(struct miniorm_text text)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static bool refuse_value(struct miniorm_query *query, unsigned column, enum miniorm_status status,
                         const char *reason)
{
    query->status = miniorm__fail_column(miniorm__query_failure(query), status, query->model->table,
                                         query->model->columns[column].name, reason);
    return false;
}

/* The databases would refuse it with different errors, of which only one names the column. */
static bool has_length(struct miniorm_query *query, unsigned column,
                       const struct miniorm_value *value)
{
    const struct miniorm_column *described = &query->model->columns[column];
    char reason[64];

    if (described->max_len == 0 || value->is_null || !miniorm__type_is_text(value->type) ||
        value->as.text.size <= described->max_len ||
        count_characters(value->as.text) <= described->max_len)
        return true;
    snprintf(reason, sizeof(reason), "the text is longer than %" PRIu32 " characters",
             described->max_len);
    return refuse_value(query, column, MINIORM_EVALUE, reason);
}

static bool refuse_number(struct miniorm_query *query, unsigned column, struct miniorm_text number)
{
    const struct miniorm_column *described = &query->model->columns[column];
    struct miniorm_error reason = MINIORM_ERROR_INIT;
    char buffer[MINIORM_NUMERIC_SIZE];

    miniorm_numeric_fit(number, described->precision, described->scale, buffer, &number, &reason);
    return refuse_value(query, column, reason.status, reason.message);
}

/* PostgreSQL would round the number or refuse it, without naming the column; SQLite would store
 * whatever it is. */
static bool fit_precision(struct miniorm_query *query, unsigned column, struct miniorm_value *value)
{
    const struct miniorm_column *described = &query->model->columns[column];
    struct miniorm_text *number = &value->as.text;
    char buffer[MINIORM_NUMERIC_SIZE];

    if (described->type != MINIORM_T_numeric || described->precision == 0 || value->is_null)
        return true;
    if (miniorm_numeric_fit(*number, described->precision, described->scale, buffer, number,
                            NULL) != MINIORM_OK)
        return refuse_number(query, column, *number);
    if (number->data == buffer)
        number->data = arena_copy(&query->arena, buffer, number->size);
    if (number->data == NULL)
        query->status = MINIORM_ENOMEM;
    return query->status == MINIORM_OK;
}

/* Only a failure pays for a place to put its reason: it is repeated. */
static bool copy_value(struct miniorm_query *query, unsigned column,
                       const struct miniorm_value *value, struct miniorm_value *out)
{
    struct arena *arena = &query->arena;

    if (miniorm__value_copy_for(arena, query->model, column, value, out, NULL) != MINIORM_OK)
        query->status = miniorm__value_copy_for(arena, query->model, column, value, out,
                                                miniorm__query_failure(query));
    return query->status == MINIORM_OK;
}

static void set_value(struct miniorm_query *query, unsigned column,
                      const struct miniorm_value *value)
{
    struct miniorm_value copy;
    struct miniorm_value *place;

    if ((query->n_rows == 0 && !add_row(query)) || !copy_value(query, column, value, &copy) ||
        !has_length(query, column, &copy) || !fit_precision(query, column, &copy))
        return;
    remove_expression(query, column);
    place = value_place(query, column);
    if (place != NULL)
        *place = copy;
}

struct miniorm_query *miniorm_query_set(struct miniorm_query *query, unsigned column,
                                        struct miniorm_value value)
{
    if (miniorm__query_accepts(query, MINIORM__INSERT | MINIORM__UPDATE, "set") &&
        miniorm__query_has_column(query, column))
        set_value(query, column, &value);
    return query;
}

struct miniorm_query *miniorm_query_values(struct miniorm_query *query, const void *instance)
{
    const struct miniorm_row *row = instance;
    unsigned column;

    if (!miniorm__query_accepts(query, MINIORM__INSERT | MINIORM__UPDATE, "values"))
        return query;
    for (column = 0; column < query->model->n_columns && query->status == MINIORM_OK; column++) {
        const struct miniorm_column *described = &query->model->columns[column];
        struct miniorm_value value = {.type = described->type, .is_null = true};

        if ((row->changed >> column & 1) == 0)
            continue;
        if ((row->null >> column & 1) == 0)
            miniorm__member_load(described->type,
                                 (const unsigned char *)instance + described->offset, &value);
        set_value(query, column, &value);
    }
    return query;
}

struct miniorm_query *miniorm_query_set_raw(struct miniorm_query *query, unsigned column,
                                            const char *sql, const struct miniorm_value *values,
                                            size_t count)
{
    struct miniorm__query_expression *expression;

    if (!miniorm__query_accepts(query, MINIORM__UPDATE, "set_raw") ||
        !miniorm__query_has_column(query, column))
        return query;
    expression = arena_zeroed(&query->arena, 1, sizeof(*expression));
    if (expression == NULL) {
        query->status = MINIORM_ENOMEM;
        return query;
    }
    if (!miniorm__query_copy_raw(query, sql, values, count, &expression->raw))
        return query;
    remove_value(query, column);
    remove_expression(query, column);
    expression->column = column;
    expression->next = query->expressions;
    query->expressions = expression;
    query->expression_columns |= MINIORM_COLUMN(column);
    return query;
}

/* The values of one key column, taken out of `keys` with their stride. */
static struct miniorm_value *copy_key_column(struct miniorm_query *query, unsigned column,
                                             const struct miniorm_value *keys, size_t stride,
                                             size_t count)
{
    struct miniorm_value *values = arena_zeroed(&query->arena, count, sizeof(*values));
    size_t i;

    if (values == NULL)
        query->status = MINIORM_ENOMEM;
    for (i = 0; i < count && query->status == MINIORM_OK; i++)
        copy_value(query, column, &keys[i * stride], &values[i]);
    return values;
}

static void copy_keys(struct miniorm_query *query, const unsigned *columns, size_t n_columns,
                      const struct miniorm_value *keys, size_t count)
{
    struct miniorm__query_keys *copy = arena_zeroed(&query->arena, 1, sizeof(*copy));
    const struct miniorm_value **values =
        arena_zeroed(&query->arena, n_columns, sizeof(struct miniorm_value *));
    unsigned *numbers = arena_copy(&query->arena, columns, n_columns * sizeof(*columns));
    size_t i;

    if (copy == NULL || values == NULL || numbers == NULL) {
        query->status = MINIORM_ENOMEM;
        return;
    }
    for (i = 0; i < n_columns && query->status == MINIORM_OK; i++) {
        if (miniorm__query_has_column(query, columns[i]))
            values[i] = copy_key_column(query, columns[i], keys + i, n_columns, count);
    }
    copy->columns = numbers;
    copy->n_columns = n_columns;
    copy->values = values;
    copy->count = count;
    query->keys = copy;
}

struct miniorm_query *miniorm_query_per_key(struct miniorm_query *query, const unsigned *columns,
                                            size_t n_columns, const struct miniorm_value *keys,
                                            size_t count)
{
    if (!miniorm__query_accepts(query, MINIORM__SELECT, "per_key"))
        return query;
    if (columns == NULL || n_columns == 0 || n_columns > MINIORM_COLUMNS_MAX ||
        (keys == NULL && count != 0)) {
        query->status =
            miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                          "query on %s: keys without columns or values", query->model->table);
        return query;
    }
    copy_keys(query, columns, n_columns, keys, count);
    return query;
}
