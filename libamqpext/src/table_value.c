/*
 * Values of tables.
 *
 * Order: none; a value is checked before it is copied.
 * Invariant: the room that is counted for a copy is the room that it takes, so that a copy with all
 * that it points to needs one allocation.
 */
#include "table_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

#define ALIGNMENT _Alignof(struct table_field)
_Static_assert(_Alignof(struct amqpext_table) <= ALIGNMENT, "tables lie where fields may");
_Static_assert(_Alignof(struct amqpext_value) <= ALIGNMENT, "values lie where fields may");

struct check {
    const char *name;
    size_t *n_values;
    struct amqpext_error *error;
};

static enum amqpext_status check_value(const struct check *check, const struct amqpext_value *value,
                                       unsigned level);

static enum amqpext_status refuse(const struct check *check, const char *why)
{
    return amqpext__fail(check->error, AMQPEXT_EINVALID, "%s: %s", check->name, why);
}

static enum amqpext_status check_text(const struct check *check, const char *data, size_t size)
{
    if (data == NULL && size != 0)
        return refuse(check, "the text is NULL");
    if ((uint64_t)size > UINT32_MAX)
        return amqpext__fail(check->error, AMQPEXT_ETOOLARGE, "%s: the text has more than 4 GiB",
                             check->name);
    return AMQPEXT_OK;
}

static enum amqpext_status count_one(const struct check *check)
{
    if (++*check->n_values > AMQPEXT_TABLE_VALUES_MAX)
        return amqpext__fail(check->error, AMQPEXT_ETOOLARGE, "%s: more than %d values",
                             check->name, AMQPEXT_TABLE_VALUES_MAX);
    return AMQPEXT_OK;
}

static enum amqpext_status check_table(const struct check *check, const struct amqpext_table *table,
                                       unsigned level)
{
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (table == NULL)
        return refuse(check, "the table is NULL");
    if (level > AMQPEXT_TABLE_DEPTH_MAX)
        return refuse(check, "tables and arrays nest too deep");
    for (i = 0; i < table->count && status == AMQPEXT_OK; i++) {
        status = count_one(check);
        if (status == AMQPEXT_OK)
            status = check_value(check, &table->fields[i].value, level);
    }
    return status;
}

static enum amqpext_status check_array(const struct check *check, const struct amqpext_value *items,
                                       size_t count, unsigned level)
{
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (items == NULL && count != 0)
        return refuse(check, "the items of the array are NULL");
    if (level > AMQPEXT_TABLE_DEPTH_MAX)
        return refuse(check, "tables and arrays nest too deep");
    for (i = 0; i < count && status == AMQPEXT_OK; i++) {
        status = count_one(check);
        if (status == AMQPEXT_OK)
            status = check_value(check, &items[i], level);
    }
    return status;
}

/* A value of a table or array that is at `level`; what the value holds is one level below. */
static enum amqpext_status check_value(const struct check *check, const struct amqpext_value *value,
                                       unsigned level)
{
    switch (value->kind) {
    case AMQPEXT_KIND_NONE:
    case AMQPEXT_KIND_BOOLEAN:
    case AMQPEXT_KIND_INTEGER:
    case AMQPEXT_KIND_DECIMAL: return AMQPEXT_OK;
    case AMQPEXT_KIND_REAL:
        return isfinite(value->as.real) ? AMQPEXT_OK : refuse(check, "the real is not finite");
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES: return check_text(check, value->as.text.data, value->as.text.size);
    case AMQPEXT_KIND_TIMESTAMP:
        return value->as.integer >= 0 ? AMQPEXT_OK : refuse(check, "the timestamp is negative");
    case AMQPEXT_KIND_TABLE: return check_table(check, value->as.table, level + 1);
    case AMQPEXT_KIND_ARRAY:
        return check_array(check, value->as.array.items, value->as.array.count, level + 1);
    }
    return refuse(check, "the kind of the value is unknown");
}

enum amqpext_status amqpext__value_check(const struct amqpext_value *value, const char *name,
                                         size_t *n_values, struct amqpext_error *error)
{
    const struct check check = {name, n_values, error};

    return check_value(&check, value, 1);
}

size_t amqpext__value_count(const struct amqpext_value *value)
{
    size_t count, i;

    if (value->kind == AMQPEXT_KIND_TABLE)
        return value->as.table->n_values;
    if (value->kind != AMQPEXT_KIND_ARRAY)
        return 0;
    count = value->as.array.count;
    for (i = 0; i < value->as.array.count; i++)
        count += amqpext__value_count(&value->as.array.items[i]);
    return count;
}

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t table_room(const struct amqpext_table *table);

static size_t value_room(const struct amqpext_value *value)
{
    size_t room, i;

    switch (value->kind) {
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES: return aligned(value->as.text.size + 1);
    case AMQPEXT_KIND_TABLE: return table_room(value->as.table);
    case AMQPEXT_KIND_ARRAY:
        room = aligned(value->as.array.count * sizeof(*value));
        for (i = 0; i < value->as.array.count; i++)
            room += value_room(&value->as.array.items[i]);
        return room;
    default: return 0;
    }
}

static size_t table_room(const struct amqpext_table *table)
{
    size_t room = aligned(sizeof(*table)) + aligned(table->count * sizeof(*table->fields));
    size_t i;

    for (i = 0; i < table->count; i++)
        room += aligned(table->fields[i].name_size + 1) + value_room(&table->fields[i].value);
    return room;
}

static void *take(char **place, size_t size)
{
    char *taken = *place;

    *place += aligned(size);
    return taken;
}

static char *place_text(char **place, const char *data, size_t size)
{
    char *copy = take(place, size + 1);

    if (size != 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

static const struct amqpext_table *place_table(char **place, const struct amqpext_table *table);

static struct amqpext_value place_value(char **place, const struct amqpext_value *value)
{
    struct amqpext_value copy = *value;
    struct amqpext_value *items;
    size_t i;

    switch (value->kind) {
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES:
        copy.as.text.data = place_text(place, value->as.text.data, value->as.text.size);
        break;
    case AMQPEXT_KIND_TABLE: copy.as.table = place_table(place, value->as.table); break;
    case AMQPEXT_KIND_ARRAY:
        items = take(place, value->as.array.count * sizeof(*items));
        for (i = 0; i < value->as.array.count; i++)
            items[i] = place_value(place, &value->as.array.items[i]);
        copy.as.array.items = items;
        break;
    default: break;
    }
    return copy;
}

static const struct amqpext_table *place_table(char **place, const struct amqpext_table *table)
{
    struct amqpext_table *copy = take(place, sizeof(*copy));
    size_t i;

    copy->fields = take(place, table->count * sizeof(*copy->fields));
    copy->count = table->count;
    copy->capacity = 0;
    copy->n_values = table->n_values;
    for (i = 0; i < table->count; i++) {
        const struct table_field *field = &table->fields[i];

        copy->fields[i].name = place_text(place, field->name, field->name_size);
        copy->fields[i].name_size = field->name_size;
        copy->fields[i].value = place_value(place, &field->value);
    }
    return copy;
}

bool amqpext__field_make(const char *name, size_t name_size, const struct amqpext_value *value,
                         struct table_field *out)
{
    char *place = malloc(aligned(name_size + 1) + value_room(value));

    if (place == NULL)
        return false;
    out->name = place_text(&place, name, name_size);
    out->name_size = name_size;
    out->value = place_value(&place, value);
    return true;
}

const struct amqpext_table *amqpext__table_copy(struct arena *arena,
                                                const struct amqpext_table *table)
{
    char *place = table == NULL ? NULL : arena_alloc(arena, table_room(table));

    return place == NULL ? NULL : place_table(&place, table);
}
