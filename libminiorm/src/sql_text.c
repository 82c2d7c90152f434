/*
 * Writing a statement: text and parameters in one pass, both growing in an arena.
 *
 * Order: miniorm__sql_begin, writes, miniorm__sql_end; then the same structure may begin again.
 * Invariant: size < capacity, so that the terminator always fits; after a failure nothing moves.
 */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"
#include "sql.h"

/* A select of ten columns with a condition fits; larger ones grow by doubling. */
#define FIRST_CAPACITY 480
#define FIRST_PARAMETERS 4
/* Digits of the largest 64-bit number. */
#define NUMBER_SIZE 20

void miniorm__sql_begin(struct miniorm__sql *sql)
{
    sql->status = MINIORM_OK;
    sql->data = arena_alloc(sql->arena, FIRST_CAPACITY);
    sql->capacity = FIRST_CAPACITY;
    sql->size = 0;
    sql->parameters = NULL;
    sql->n_parameters = 0;
    sql->parameters_capacity = 0;
    if (sql->data == NULL) {
        sql->capacity = 0;
        sql->status = miniorm__fail_memory(sql->error);
    }
}

enum miniorm_status miniorm__sql_end(struct miniorm__sql *sql, struct miniorm__statement *out)
{
    if (sql->status != MINIORM_OK)
        return sql->status;
    sql->data[sql->size] = '\0';
    out->sql = sql->data;
    out->sql_size = sql->size;
    out->hash = miniorm__hash(sql->data, sql->size);
    out->parameters = sql->parameters;
    out->n_parameters = sql->n_parameters;
    return MINIORM_OK;
}

enum miniorm_status miniorm__sql_fail(struct miniorm__sql *sql, enum miniorm_status status,
                                      const char *format, ...)
{
    char message[sizeof(sql->error->message)];
    va_list arguments;

    if (sql->status != MINIORM_OK)
        return sql->status;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    sql->status = miniorm__fail(sql->error, status, "%s", message);
    return sql->status;
}

bool miniorm__sql_grow(struct miniorm__sql *sql, size_t size)
{
    size_t capacity = sql->capacity * 2;
    char *data;

    if (sql->status != MINIORM_OK)
        return false;
    while (capacity - sql->size <= size)
        capacity *= 2;
    data = arena_alloc(sql->arena, capacity);
    if (data == NULL) {
        sql->status = miniorm__fail_memory(sql->error);
        return false;
    }
    memcpy(data, sql->data, sql->size);
    sql->data = data;
    sql->capacity = capacity;
    return true;
}

/* Each quote inside is doubled. */
static void write_quoted(struct miniorm__sql *sql, const char *name, const char *quote)
{
    miniorm__sql_bytes(sql, "\"", 1);
    while (quote != NULL) {
        miniorm__sql_bytes(sql, name, (size_t)(quote - name) + 1);
        miniorm__sql_bytes(sql, "\"", 1);
        name = quote + 1;
        quote = strchr(name, '"');
    }
    miniorm__sql_string(sql, name);
    miniorm__sql_bytes(sql, "\"", 1);
}

void miniorm__sql_name(struct miniorm__sql *sql, const char *name)
{
    const size_t size = strlen(name);
    const char *quote = memchr(name, '"', size);
    char *end;

    if (quote != NULL) {
        write_quoted(sql, name, quote);
        return;
    }
    if (size + 2 >= sql->capacity - sql->size && !miniorm__sql_grow(sql, size + 2))
        return;
    end = sql->data + sql->size;
    end[0] = '"';
    memcpy(end + 1, name, size);
    end[size + 1] = '"';
    sql->size += size + 2;
}

void miniorm__sql_column(struct miniorm__sql *sql, unsigned column)
{
    miniorm__sql_name(sql, sql->model->columns[column].name);
}

void miniorm__sql_table(struct miniorm__sql *sql)
{
    if (sql->model->schema != NULL && sql->dialect->has_schemas) {
        miniorm__sql_name(sql, sql->model->schema);
        miniorm__sql_bytes(sql, ".", 1);
    }
    miniorm__sql_name(sql, sql->model->table);
}

void miniorm__sql_number(struct miniorm__sql *sql, size_t number)
{
    char digits[NUMBER_SIZE];
    char *start = digits + NUMBER_SIZE;

    do {
        *--start = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    miniorm__sql_bytes(sql, start, (size_t)(digits + NUMBER_SIZE - start));
}

void miniorm__sql_columns(struct miniorm__sql *sql, uint64_t columns, const char *prefix)
{
    const char *separator = "";

    while (columns != 0) {
        miniorm__sql_string(sql, separator);
        miniorm__sql_string(sql, prefix);
        miniorm__sql_column(sql, (unsigned)__builtin_ctzll(columns));
        columns &= columns - 1;
        separator = ",";
    }
}

static bool grow_parameters(struct miniorm__sql *sql)
{
    const size_t capacity =
        sql->parameters_capacity == 0 ? FIRST_PARAMETERS : sql->parameters_capacity * 2;
    struct miniorm__parameter *parameters = NULL;

    if (sql->n_parameters >= sql->dialect->parameters_max) {
        miniorm__sql_fail(sql, MINIORM_ELIMIT, "more than %zu parameters in a statement of %s",
                          sql->dialect->parameters_max, sql->dialect->name);
        return false;
    }
    parameters = arena_alloc(sql->arena, capacity * sizeof(*parameters));
    if (parameters == NULL) {
        sql->status = miniorm__fail_memory(sql->error);
        return false;
    }
    if (sql->n_parameters != 0)
        memcpy(parameters, sql->parameters, sql->n_parameters * sizeof(*parameters));
    sql->parameters = parameters;
    sql->parameters_capacity = capacity;
    return true;
}

size_t miniorm__sql_add_parameter(struct miniorm__sql *sql, enum miniorm_type type, bool is_array,
                                  const struct miniorm_value *values, size_t count)
{
    struct miniorm__parameter *parameter;

    if (sql->status != MINIORM_OK)
        return 1;
    if ((sql->n_parameters == sql->parameters_capacity ||
         sql->n_parameters >= sql->dialect->parameters_max) &&
        !grow_parameters(sql))
        return 1;
    parameter = &sql->parameters[sql->n_parameters++];
    parameter->type = type;
    parameter->is_array = is_array;
    parameter->values = values;
    parameter->n_values = count;
    return sql->n_parameters;
}

void miniorm__sql_placeholder(struct miniorm__sql *sql, size_t number)
{
    miniorm__sql_bytes(sql, &sql->dialect->placeholder, 1);
    miniorm__sql_number(sql, number);
}

size_t miniorm__sql_value(struct miniorm__sql *sql, const struct miniorm_value *value)
{
    const size_t number = miniorm__sql_add_parameter(sql, value->type, false, value, 1);

    miniorm__sql_placeholder(sql, number);
    return number;
}

size_t miniorm__sql_array(struct miniorm__sql *sql, enum miniorm_type type,
                          const struct miniorm_value *values, size_t count)
{
    const size_t number = miniorm__sql_add_parameter(sql, type, true, values, count);

    miniorm__sql_placeholder(sql, number);
    return number;
}

size_t miniorm__sql_add_integer(struct miniorm__sql *sql, uint64_t value)
{
    struct miniorm_value *parameter = arena_alloc(sql->arena, sizeof(*parameter));

    if (parameter == NULL) {
        miniorm__sql_fail(sql, MINIORM_ENOMEM, "out of memory");
        return 1;
    }
    *parameter = (struct miniorm_value){
        .type = MINIORM_T_int8,
        .as.integer = value > INT64_MAX ? INT64_MAX : (int64_t)value,
    };
    return miniorm__sql_add_parameter(sql, MINIORM_T_int8, false, parameter, 1);
}

size_t miniorm__sql_integer(struct miniorm__sql *sql, uint64_t value)
{
    const size_t number = miniorm__sql_add_integer(sql, value);

    miniorm__sql_placeholder(sql, number);
    return number;
}
