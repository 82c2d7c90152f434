/*
 * Tables: fields in the order in which their names were first set.
 *
 * Order: amqpext_table_new, changes and looks in any order, amqpext_table_free.
 * Invariant: of a table that owns its fields, each lies in one block with everything that its value
 * points to, so that a field is replaced whole or not at all; no table is deeper than
 * AMQPEXT_TABLE_DEPTH_MAX or has more than AMQPEXT_TABLE_VALUES_MAX values.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "table_value.h"

/* Most tables have few fields: trace headers, a counter, two or three arguments of a queue. */
#define FIRST_CAPACITY 4

enum amqpext_status amqpext_table_new(struct amqpext_table **out, struct amqpext_error *error)
{
    struct amqpext_table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return amqpext__fail_memory(error);
    *out = table;
    return AMQPEXT_OK;
}

void amqpext_table_free(struct amqpext_table *table)
{
    size_t i;

    if (table == NULL)
        return;
    for (i = 0; i < table->count; i++)
        free(table->fields[i].name);
    free(table->fields);
    free(table);
}

static struct table_field *find(const struct amqpext_table *table, const char *name, size_t size)
{
    size_t i;

    for (i = 0; table != NULL && i < table->count; i++) {
        struct table_field *field = &table->fields[i];

        if (field->name_size == size && memcmp(field->name, name, size) == 0)
            return field;
    }
    return NULL;
}

static bool reserve(struct amqpext_table *table)
{
    const size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    struct table_field *fields;

    if (table->count < table->capacity)
        return true;
    fields = reallocarray(table->fields, capacity, sizeof(*fields));
    if (fields == NULL)
        return false;
    table->fields = fields;
    table->capacity = capacity;
    return true;
}

/* Puts a field that owns its block in its place: that of the same name, or the last. */
static void put(struct amqpext_table *table, const struct table_field *field, size_t n_values)
{
    struct table_field *place = find(table, field->name, field->name_size);

    if (place == NULL) {
        place = &table->fields[table->count++];
    } else {
        table->n_values -= 1 + amqpext__value_count(&place->value);
        free(place->name);
    }
    table->n_values += n_values;
    *place = *field;
}

static enum amqpext_status check_name(const char *name, struct amqpext_error *error)
{
    if (name == NULL || name[0] == '\0')
        return amqpext__fail(error, AMQPEXT_EINVALID, "a field of a table has no name");
    if (strlen(name) > AMQPEXT_TABLE_NAME_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the name of a field of a table has more than %d bytes",
                             AMQPEXT_TABLE_NAME_MAX);
    return AMQPEXT_OK;
}

static enum amqpext_status check_count(const struct amqpext_table *table, const char *name,
                                       size_t name_size, size_t n_values,
                                       struct amqpext_error *error)
{
    const struct table_field *old = find(table, name, name_size);
    const size_t replaced = old == NULL ? 0 : 1 + amqpext__value_count(&old->value);

    if (table->n_values - replaced + n_values > AMQPEXT_TABLE_VALUES_MAX)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE, "%s: the table has more than %d values",
                             name, AMQPEXT_TABLE_VALUES_MAX);
    return AMQPEXT_OK;
}

static enum amqpext_status set(struct amqpext_table *table, const char *name, size_t name_size,
                               const struct amqpext_value *value, size_t n_values,
                               struct amqpext_error *error)
{
    struct table_field field;

    /* The copy first: the value may be one of this table, whose fields move to get room. */
    if (!amqpext__field_make(name, name_size, value, &field))
        return amqpext__fail_memory(error);
    if (!reserve(table)) {
        free(field.name);
        return amqpext__fail_memory(error);
    }
    put(table, &field, n_values);
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_table_set(struct amqpext_table *table, const char *name,
                                      const struct amqpext_value *value,
                                      struct amqpext_error *error)
{
    enum amqpext_status status = check_name(name, error);
    size_t n_values = 1;

    if (status == AMQPEXT_OK)
        status = amqpext__value_check(value, name, &n_values, error);
    if (status == AMQPEXT_OK)
        status = check_count(table, name, strlen(name), n_values, error);
    if (status != AMQPEXT_OK)
        return status;
    return set(table, name, strlen(name), value, n_values, error);
}

enum amqpext_status amqpext_table_set_text(struct amqpext_table *table, const char *name,
                                           const char *text, struct amqpext_error *error)
{
    const struct amqpext_value value = {.kind = AMQPEXT_KIND_TEXT,
                                        .as.text = {text, text == NULL ? 1 : strlen(text)}};

    return amqpext_table_set(table, name, &value, error);
}

enum amqpext_status amqpext_table_set_integer(struct amqpext_table *table, const char *name,
                                              int64_t integer, struct amqpext_error *error)
{
    const struct amqpext_value value = {.kind = AMQPEXT_KIND_INTEGER, .as.integer = integer};

    return amqpext_table_set(table, name, &value, error);
}

enum amqpext_status amqpext_table_set_boolean(struct amqpext_table *table, const char *name,
                                              bool boolean, struct amqpext_error *error)
{
    const struct amqpext_value value = {.kind = AMQPEXT_KIND_BOOLEAN, .as.boolean = boolean};

    return amqpext_table_set(table, name, &value, error);
}

enum amqpext_status amqpext__table_merge(struct amqpext_table *table,
                                         const struct amqpext_table *from,
                                         struct amqpext_error *error)
{
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    for (i = 0; i < amqpext_table_count(from) && status == AMQPEXT_OK; i++) {
        const struct table_field *field = &from->fields[i];
        const size_t n_values = 1 + amqpext__value_count(&field->value);

        status = check_count(table, field->name, field->name_size, n_values, error);
        if (status == AMQPEXT_OK)
            status = set(table, field->name, field->name_size, &field->value, n_values, error);
    }
    return status;
}

void amqpext_table_remove(struct amqpext_table *table, const char *name)
{
    struct table_field *field = find(table, name, strlen(name));

    if (field == NULL)
        return;
    table->n_values -= 1 + amqpext__value_count(&field->value);
    free(field->name);
    table->count--;
    memmove(field, field + 1, (size_t)(table->fields + table->count - field) * sizeof(*field));
}

size_t amqpext_table_count(const struct amqpext_table *table)
{
    return table == NULL ? 0 : table->count;
}

const struct amqpext_value *amqpext_table_get(const struct amqpext_table *table, const char *name)
{
    const struct table_field *field = find(table, name, strlen(name));

    return field == NULL ? NULL : &field->value;
}

const char *amqpext_table_text(const struct amqpext_table *table, const char *name)
{
    const struct amqpext_value *value = amqpext_table_get(table, name);

    if (value == NULL || (value->kind != AMQPEXT_KIND_TEXT && value->kind != AMQPEXT_KIND_BYTES))
        return NULL;
    return value->as.text.data;
}

int64_t amqpext_table_integer(const struct amqpext_table *table, const char *name,
                              int64_t otherwise)
{
    const struct amqpext_value *value = amqpext_table_get(table, name);

    if (value == NULL ||
        (value->kind != AMQPEXT_KIND_INTEGER && value->kind != AMQPEXT_KIND_TIMESTAMP))
        return otherwise;
    return value->as.integer;
}

const struct amqpext_value *amqpext_table_at(const struct amqpext_table *table, size_t index,
                                             const char **name)
{
    if (index >= amqpext_table_count(table))
        return NULL;
    *name = table->fields[index].name;
    return &table->fields[index].value;
}
