/*
 * Bodies: the schema's check first, then each member as a value of its column.
 *
 * Order: baseapi__body_read, the resource's hook, baseapi__body_values.
 * Invariant: what a client sent and body_read let pass is turned into values without an error,
 * apart from memory; errors of body_values are those of hooks.
 */
#include "body.h"

#include <miniorm/numeric.h>

#include <float.h>
#include <string.h>

#include "base64.h"
#include "body_numbers.h"
#include "error.h"
#include "key_table.h"
#include "schema.h"

static void tell(void *context, const char *pointer, const char *detail)
{
    baseapi__add_problem(context, BASEAPI_CODE_SCHEMA, NULL, pointer, "%s", detail);
}

static struct miniorm_text string_of(const json_t *json)
{
    return miniorm_text_from(json_string_value(json), json_string_length(json));
}

static bool read_bytes(struct arena *arena, const json_t *json, struct miniorm_value *out)
{
    const struct miniorm_text text = string_of(json);
    unsigned char *decoded = arena_alloc(arena, text.size + 1);

    if (decoded == NULL || !json_is_string(json) ||
        !baseapi__base64_decode(text.data, text.size, decoded, &out->as.bytes.size))
        return false;
    out->as.bytes.data = decoded;
    return true;
}

static bool read_json(struct arena *arena, const json_t *json, struct miniorm_value *out)
{
    char *dumped = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *copy = dumped == NULL ? NULL : arena_string(arena, dumped);

    free(dumped);
    if (copy == NULL)
        return false;
    out->as.text = miniorm_text_from(copy, strlen(copy));
    return true;
}

/* The digits of a string, which all numbers of clients have become, or of a number of a hook's. */
static struct miniorm_text digits_of(struct arena *arena, const json_t *json)
{
    const struct miniorm_value number = json_is_integer(json)
                                            ? miniorm_value_integer(json_integer_value(json))
                                            : miniorm_value_real(json_real_value(json));
    char formatted[MINIORM_FORMAT_SIZE];
    size_t size;

    if (!json_is_number(json))
        return string_of(json);
    size = miniorm_value_format(&number, formatted);
    return miniorm_text_from(arena_copy(arena, formatted, size), size);
}

/* As its column holds it: keys are compared with it, and providers may not round. */
static bool read_numeric(struct arena *arena, const struct miniorm_column *column,
                         const json_t *json, struct miniorm_value *out)
{
    const struct miniorm_text digits = digits_of(arena, json);
    struct miniorm_text *number = &out->as.text;
    char buffer[MINIORM_NUMERIC_SIZE];

    if (digits.data == NULL ||
        miniorm_value_parse(MINIORM_T_numeric, digits, out, NULL) != MINIORM_OK ||
        miniorm_numeric_fit(*number, column->precision, column->scale, buffer, number, NULL) !=
            MINIORM_OK)
        return false;
    if (number->data == buffer)
        number->data = arena_copy(arena, buffer, number->size);
    return number->data != NULL;
}

static bool read_real(const json_t *json, enum miniorm_type type, struct miniorm_value *out)
{
    out->as.real = json_number_value(json);
    if (type == MINIORM_T_float4) {
        if (out->as.real > FLT_MAX || out->as.real < -FLT_MAX)
            return false;
        out->as.real = (double)(float)out->as.real;
    }
    return json_is_number(json);
}

static bool read_integer(const json_t *json, enum miniorm_type type, struct miniorm_value *out)
{
    struct miniorm_value number = miniorm_value_integer(json_integer_value(json));

    if (json_is_string(json))
        return miniorm_value_parse(type, string_of(json), out, NULL) == MINIORM_OK;
    return json_is_integer(json) && miniorm_value_convert(&number, type, out, NULL) == MINIORM_OK;
}

static bool read_value(struct arena *arena, const struct miniorm_column *column, const json_t *json,
                       struct miniorm_value *out)
{
    const enum miniorm_type type = column->type;

    switch (type) {
    case MINIORM_T_boolean: out->as.boolean = json_is_true(json); return json_is_boolean(json);
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return read_integer(json, type, out);
    case MINIORM_T_float4:
    case MINIORM_T_float8: return read_real(json, type, out);
    case MINIORM_T_numeric: return read_numeric(arena, column, json, out);
    case MINIORM_T_bytea: return read_bytes(arena, json, out);
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return read_json(arena, json, out);
    default:
        return json_is_string(json) &&
               miniorm_value_parse(type, string_of(json), out, NULL) == MINIORM_OK;
    }
}

/* A member as a value of its column; null is NULL, but in a json column that has no NULL. */
static bool read_member(struct arena *arena, const struct miniorm_column *column,
                        const json_t *json, struct miniorm_value *out)
{
    const bool is_json = column->type == MINIORM_T_json || column->type == MINIORM_T_jsonb;

    memset(out, 0, sizeof(*out));
    out->type = column->type;
    out->is_null = json_is_null(json) && !(is_json && (column->flags & MINIORM_NULLABLE) == 0);
    return out->is_null || read_value(arena, column, json, out);
}

/* What is wrong with a value that the schema let pass; NULL: nothing. */
static const char *fault_of(const struct resource *resource, unsigned column,
                            const struct miniorm_value *value, const struct miniorm_value *key)
{
    if (key == NULL || (resource->keys & COLUMN_BIT(column)) == 0)
        return NULL;
    key += __builtin_popcountll(resource->keys & (COLUMN_BIT(column) - 1));
    if (!value->is_null && baseapi__value_equals(value, key))
        return NULL;
    return "The key of an entity cannot be changed.";
}

static void tell_nobody(void *context, const char *pointer, const char *detail)
{
    (void)context;
    (void)pointer;
    (void)detail;
}

/* Whether the schema of the whole body lets this member of its data pass. */
static bool passes(const json_t *schema, const char *name, const json_t *member)
{
    const json_t *body = json_object_get(schema, "properties");
    const json_t *data = json_object_get(json_object_get(body, "data"), "properties");
    const json_t *property = json_object_get(data, name);
    struct schema_report report = {.tell = tell_nobody};

    if (property == NULL)
        return false;
    baseapi__schema_check(property, member, &report);
    return report.count == 0;
}

/* Tells what is wrong with members that the schema let pass. */
static void check_values(struct baseapi_request *request, const struct resource *resource,
                         const json_t *schema, const json_t *object,
                         const struct miniorm_value *key, struct schema_report *report)
{
    const bool is_refused = report->count != 0;

    for (unsigned i = 0; i < resource->model->n_columns; i++) {
        const struct miniorm_column *column = &resource->model->columns[i];
        const json_t *member = json_object_get(object, column->name);
        struct miniorm_value value;
        const char *fault = "The value does not fit.";

        if (member == NULL || (is_refused && !passes(schema, column->name, member)))
            continue;
        if (read_member(baseapi__request_arena(request), column, member, &value))
            fault = fault_of(resource, i, &value, key);
        if (fault == NULL)
            continue;
        report->count++;
        tell(request, baseapi__request_format(request, "/data/%s", column->name), fault);
    }
}

enum baseapi_status baseapi__body_read(struct baseapi_request *request,
                                       const struct resource *resource, enum baseapi_methods method,
                                       const struct miniorm_value *key, json_t **object)
{
    const json_t *schema =
        method == BASEAPI_CREATE ? resource->create_schema : resource->update_schema;
    struct schema_report report = {.tell = tell, .context = request};
    struct miniorm_text text;
    json_t *json;
    enum baseapi_status status;

    text.data = baseapi_request_body(request, &text.size);
    if (!baseapi__body_numbers_rewrite(baseapi__request_arena(request), resource->model, text,
                                       &text))
        return BASEAPI_ENOMEM;
    status = baseapi__request_json_from(request, text.data, text.size, &json, NULL);
    if (status != BASEAPI_OK)
        return status;
    baseapi__schema_check(schema, json, &report);
    if (report.failed)
        return BASEAPI_ENOMEM;
    *object = json_object_get(json, "data");
    check_values(request, resource, schema, *object, key, &report);
    return report.count == 0 ? BASEAPI_OK : BASEAPI_EINVALID;
}

static enum baseapi_status fail_member(const struct resource *resource, const char *name,
                                       const char *fault, struct baseapi_error *error)
{
    return baseapi__fail(error, BASEAPI_EINVALID, "%s: a hook has set '%s', which %s",
                         resource->name, name, fault);
}

enum baseapi_status baseapi__body_values(struct arena *arena, const struct resource *resource,
                                         json_t *object, uint64_t without, uint64_t *set,
                                         struct miniorm_value **values, struct baseapi_error *error)
{
    struct miniorm_value *read = arena_zeroed(arena, resource->model->n_columns, sizeof(*read));
    uint64_t columns = 0;
    const char *name;
    json_t *member;

    if (read == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "out of memory for a body");
    json_object_foreach(object, name, member)
    {
        const int column =
            baseapi__resource_column(resource, miniorm_text_from(name, strlen(name)));

        if (column < 0)
            return fail_member(resource, name, "is no column", error);
        if ((without & COLUMN_BIT(column)) != 0)
            continue;
        if (!read_member(arena, &resource->model->columns[column], member, &read[column]))
            return fail_member(resource, name, "does not fit", error);
        columns |= COLUMN_BIT(column);
    }
    *set = columns;
    *values = read;
    return BASEAPI_OK;
}
