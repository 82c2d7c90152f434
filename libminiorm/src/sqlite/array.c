/*
 * The table miniorm_array: an eponymous virtual table over one array parameter.
 *
 * SQLite asks `best_index` how it may be read (the array must be given; a number, if given, picks
 * one row), then opens a cursor, filters it with the array's pointer and steps through it.
 * Invariant: at <= end <= the number of values; nothing of the parameter is copied or changed.
 */
#include "array.h"

#include <string.h>

#include "codec.h"

enum column { COLUMN_VALUE, COLUMN_NUMBER, COLUMN_SOURCE };

/* idxNum: the arguments that `filter` gets. */
enum plan { PLAN_ALL = 1, PLAN_ONE = 2 };

/* What the planner is told of the cost: lists of some dozens, an item found at once. */
#define USUAL_ROWS 50

struct cursor {
    sqlite3_vtab_cursor base;
    const struct miniorm__parameter *parameter;
    size_t at;
    size_t end;
};

static int connect_table(sqlite3 *connection, void *data, int n_arguments,
                         const char *const *arguments, sqlite3_vtab **out, char **error)
{
    int code = sqlite3_declare_vtab(connection, "CREATE TABLE miniorm_array(miniorm_value, "
                                                "miniorm_number, miniorm_source HIDDEN)");

    (void)data;
    (void)n_arguments;
    (void)arguments;
    (void)error;
    if (code != SQLITE_OK)
        return code;
    *out = sqlite3_malloc(sizeof(**out));
    if (*out == NULL)
        return SQLITE_NOMEM;
    memset(*out, 0, sizeof(**out));
    /* Only the library's own statements pass a pointer: no view or trigger has use for it. */
    return sqlite3_vtab_config(connection, SQLITE_VTAB_DIRECTONLY);
}

static int disconnect_table(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The place of the usable condition "column = …", or -1. */
static int find_equality(const sqlite3_index_info *info, int number)
{
    int i;

    for (i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn == number && info->aConstraint[i].usable &&
            info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ)
            return i;
    }
    return -1;
}

static void take(sqlite3_index_info *info, int constraint, int argument)
{
    info->aConstraintUsage[constraint].argvIndex = argument;
    info->aConstraintUsage[constraint].omit = 1;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    const int source = find_equality(info, COLUMN_SOURCE);
    const int number = find_equality(info, COLUMN_NUMBER);

    (void)table;
    if (source < 0)
        return SQLITE_CONSTRAINT;
    take(info, source, 1);
    if (number >= 0)
        take(info, number, 2);
    info->idxNum = number >= 0 ? PLAN_ONE : PLAN_ALL;
    info->estimatedRows = number >= 0 ? 1 : USUAL_ROWS;
    info->estimatedCost = number >= 0 ? 1.0 : (double)USUAL_ROWS;
    info->idxFlags = number >= 0 ? SQLITE_INDEX_SCAN_UNIQUE : 0;
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_NUMBER &&
                            !info->aOrderBy[0].desc;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

    (void)table;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof(*cursor));
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static void narrow(struct cursor *cursor, sqlite3_value *number)
{
    const sqlite3_int64 wanted = sqlite3_value_int64(number);

    if (sqlite3_value_type(number) != SQLITE_INTEGER || wanted < 0 ||
        (uint64_t)wanted >= cursor->end) {
        cursor->end = 0;
        return;
    }
    cursor->at = (size_t)wanted;
    cursor->end = cursor->at + 1;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *text, int n_arguments,
                  sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;

    (void)text;
    (void)n_arguments;
    cursor->parameter = sqlite3_value_pointer(arguments[0], MINIORM__SQLITE_ARRAY_TYPE);
    cursor->at = 0;
    cursor->end = cursor->parameter == NULL ? 0 : cursor->parameter->n_values;
    if (plan == PLAN_ONE)
        narrow(cursor, arguments[1]);
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;

    return cursor->at >= cursor->end;
}

static void give_cell(sqlite3_context *context, const struct miniorm__sqlite_cell *cell,
                      const char *buffer)
{
    switch (cell->kind) {
    case SQLITE_INTEGER: sqlite3_result_int64(context, cell->as.integer); break;
    case SQLITE_FLOAT: sqlite3_result_double(context, cell->as.real); break;
    case SQLITE_TEXT:
        sqlite3_result_text64(
            context, cell->as.text.size == 0 ? "" : cell->as.text.data, cell->as.text.size,
            cell->as.text.data == buffer ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8);
        break;
    case SQLITE_BLOB:
        sqlite3_result_blob64(context,
                              cell->as.bytes.size == 0 ? (const void *)"" : cell->as.bytes.data,
                              cell->as.bytes.size, SQLITE_STATIC);
        break;
    default: sqlite3_result_null(context); break;
    }
}

static int give_value(sqlite3_context *context, const struct miniorm_value *value)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm__sqlite_cell cell;
    char buffer[MINIORM_FORMAT_SIZE];

    if (miniorm__sqlite_store(value, buffer, &cell, &error) == MINIORM_OK) {
        give_cell(context, &cell, buffer);
        return SQLITE_OK;
    }
    sqlite3_result_error(context, error.message, -1);
    sqlite3_result_error_code(context, SQLITE_MISMATCH);
    return SQLITE_MISMATCH;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    const struct cursor *cursor = (const struct cursor *)base;

    if (number == COLUMN_NUMBER)
        sqlite3_result_int64(context, (sqlite3_int64)cursor->at);
    else if (number == COLUMN_VALUE)
        return give_value(context, &cursor->parameter->values[cursor->at]);
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((const struct cursor *)base)->at;
    return SQLITE_OK;
}

int miniorm__sqlite_array_register(sqlite3 *connection)
{
    /* Without xCreate the table is there under its own name and cannot be made again. */
    static const sqlite3_module module = {
        .xConnect = connect_table,
        .xBestIndex = best_index,
        .xDisconnect = disconnect_table,
        .xOpen = open_cursor,
        .xClose = close_cursor,
        .xFilter = filter,
        .xNext = next,
        .xEof = is_at_end,
        .xColumn = column,
        .xRowid = row_id,
    };

    return sqlite3_create_module(connection, "miniorm_array", &module, NULL);
}
