/*
 * Program text in statements: the first byte chooses the database and the number of values, the rest is the
 * text. What is accepted must be accepted again unchanged, have as many parameters as it has placeholders,
 * and leave alone what the statement has behind it: SQLite itself is asked.
 */
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "condition.h"
#include "operation.h"

#include <miniorm/query.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUES_MAX 3

static const struct miniorm_column columns[] = {{.name = "a", .type = MINIORM_T_text},
                                                {.name = "b", .type = MINIORM_T_int4}};
static const struct miniorm_model model = {
    .size = sizeof(model), .name = "t", .table = "t", .columns = columns, .n_columns = 2};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static sqlite3 *connection(void)
{
    static sqlite3 *opened;

    if (opened == NULL) {
        check(sqlite3_open(":memory:", &opened) == SQLITE_OK);
        check(sqlite3_exec(opened, "CREATE TABLE t (a, b)", NULL, NULL, NULL) == SQLITE_OK);
    }
    return opened;
}

/* What SQLite can prepare has to end where it should and have the parameters that it is given. */
static void ask_sqlite(const struct miniorm__statement *statement)
{
    sqlite3_stmt *prepared = NULL;
    const char *tail = NULL;

    if (sqlite3_prepare_v2(connection(), statement->sql, -1, &prepared, &tail) == SQLITE_OK) {
        check(prepared != NULL && *tail == '\0');
        check(sqlite3_bind_parameter_count(prepared) == (int)statement->n_parameters);
    }
    sqlite3_finalize(prepared);
}

/* The text of a whole statement, whose numbers are in order already, comes out as it went in. */
static void check_again(const struct miniorm__statement *statement,
                        const struct miniorm_value *values)
{
    struct arena arena = {0};
    struct miniorm__operation operation;
    struct miniorm_query *query =
        miniorm_query_raw(statement->sql, values, statement->n_parameters);

    check(miniorm__operation_render(query, MINIORM_POSTGRESQL, &arena, &operation, NULL) ==
          MINIORM_OK);
    check(operation.statements[0].sql_size == statement->sql_size);
    check(memcmp(operation.statements[0].sql, statement->sql, statement->sql_size) == 0);
    arena_free(&arena);
    miniorm_query_free(query);
}

static void check_part(const char *text, enum miniorm_dialect dialect, size_t n_values)
{
    const struct miniorm_value values[VALUES_MAX + 1] = {
        miniorm_value_integer(1), miniorm_value_integer(2), miniorm_value_integer(3),
        miniorm_value_integer(4)};
    const struct miniorm_condition condition = {
        .op = MINIORM_OP_RAW, .sql = text, .values = values, .n_values = n_values};
    struct miniorm_query *query = miniorm_query_count(&model);
    struct arena arena = {0};
    struct miniorm__operation operation;

    miniorm_query_where(query, &condition);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(1, 5)));
    if (miniorm__operation_render(query, dialect, &arena, &operation, NULL) == MINIORM_OK) {
        const struct miniorm__statement *statement = &operation.statements[0];

        check(statement->n_parameters == n_values + 1);
        check(strlen(statement->sql) == statement->sql_size);
        if (dialect == MINIORM_SQLITE)
            ask_sqlite(statement);
        else
            check_again(statement, values);
    }
    arena_free(&arena);
    miniorm_query_free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    check_part(text, data[0] % 2 == 0 ? MINIORM_POSTGRESQL : MINIORM_SQLITE,
               data[0] / 2 % (VALUES_MAX + 1));
    free(text);
    return 0;
}
