/*
 * Schemas from models: what the columns that a client may write allow.
 *
 * Order: once per resource and method, at start-up.
 */
#include "schema.h"

#include "error.h"

static int set_string(json_t *object, const char *name, const char *value)
{
    return json_object_set_new(object, name, json_string(value));
}

static int set_range(json_t *object, int64_t minimum, int64_t maximum)
{
    return json_object_set_new(object, "minimum", json_integer(minimum)) |
           json_object_set_new(object, "maximum", json_integer(maximum));
}

/* A type, or several; "null" is added for what may be NULL. */
static int set_type(json_t *object, const char *first, const char *second, bool nullable)
{
    json_t *types;

    if (second == NULL && !nullable)
        return set_string(object, "type", first);
    types = json_array();
    if (json_array_append_new(types, json_string(first)) != 0 ||
        (second != NULL && json_array_append_new(types, json_string(second)) != 0) ||
        (nullable && json_array_append_new(types, json_string("null")) != 0)) {
        json_decref(types);
        return -1;
    }
    return json_object_set_new(object, "type", types);
}

static int describe_number(json_t *object, enum miniorm_type type, bool nullable, unsigned format)
{
    const bool as_string = (format & BASEAPI_INT8_STRING) != 0;

    switch (type) {
    case MINIORM_T_int2:
        return set_type(object, "integer", NULL, nullable) |
               set_range(object, INT16_MIN, INT16_MAX);
    case MINIORM_T_int4:
        return set_type(object, "integer", NULL, nullable) |
               set_range(object, INT32_MIN, INT32_MAX);
    case MINIORM_T_int8:
        return set_type(object, "integer", as_string ? "string" : NULL, nullable) |
               (as_string ? set_string(object, "format", "int64") : 0);
    case MINIORM_T_numeric:
        /* As a string it is read without loss, however many digits it has. */
        return set_type(object, "number", "string", nullable) |
               set_string(object, "format", "decimal");
    default: return set_type(object, "number", NULL, nullable);
    }
}

static int describe_text(json_t *object, const struct miniorm_column *column, bool nullable)
{
    int failed = set_type(object, "string", NULL, nullable);

    switch (column->type) {
    case MINIORM_T_bytea: return failed | set_string(object, "contentEncoding", "base64");
    case MINIORM_T_uuid: return failed | set_string(object, "format", "uuid");
    case MINIORM_T_date: return failed | set_string(object, "format", "date");
    case MINIORM_T_time: return failed | set_string(object, "format", "time");
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: return failed | set_string(object, "format", "date-time");
    default:
        if (column->max_len != 0)
            failed |= json_object_set_new(object, "maxLength", json_integer(column->max_len));
        return failed;
    }
}

static json_t *describe(const struct miniorm_column *column, unsigned format)
{
    const bool nullable = (column->flags & MINIORM_NULLABLE) != 0;
    json_t *object = json_object();
    int failed = object == NULL ? -1 : 0;

    switch (column->type) {
    case MINIORM_T_boolean: failed |= set_type(object, "boolean", NULL, nullable); break;
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8:
    case MINIORM_T_float4:
    case MINIORM_T_float8:
    case MINIORM_T_numeric:
        failed |= describe_number(object, column->type, nullable, format);
        break;
    case MINIORM_T_json:
    case MINIORM_T_jsonb: break;
    default: failed |= describe_text(object, column, nullable); break;
    }
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static bool is_required(const struct miniorm_column *column)
{
    return (column->flags & (MINIORM_NULLABLE | MINIORM_IDENTITY)) == 0 &&
           column->sql_default == NULL;
}

/* {"type":"object", "properties":…, "required":[…], "additionalProperties":false}; takes over
 * `properties` and `required`, also on failure. */
static json_t *object_schema(json_t *properties, json_t *required)
{
    json_t *object = json_object();
    int failed = set_string(object, "type", "object");

    failed |= json_object_set_new(object, "properties", properties);
    if (json_array_size(required) != 0)
        failed |= json_object_set(object, "required", required);
    json_decref(required);
    failed |= json_object_set_new(object, "additionalProperties", json_false());
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *data_schema(const struct resource *resource, bool is_create)
{
    const uint64_t columns = resource->writes | (is_create ? 0 : resource->keys);
    json_t *properties = json_object();
    json_t *required = json_array();
    int failed = 0;

    for (size_t i = 0; i < resource->model->n_columns; i++) {
        const struct miniorm_column *column = &resource->model->columns[i];

        if ((columns & COLUMN_BIT(i)) == 0)
            continue;
        failed |= json_object_set_new(properties, column->name, describe(column, resource->format));
        if (is_create && is_required(column))
            failed |= json_array_append_new(required, json_string(column->name));
    }
    if (failed == 0 && properties != NULL && required != NULL)
        return object_schema(properties, required);
    json_decref(properties);
    json_decref(required);
    return NULL;
}

json_t *baseapi__schema_make(const struct resource *resource, enum baseapi_methods method)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    int failed =
        json_object_set_new(properties, "data", data_schema(resource, method == BASEAPI_CREATE));

    failed |= json_array_append_new(required, json_string("data"));
    if (failed == 0)
        return object_schema(properties, required);
    json_decref(properties);
    json_decref(required);
    return NULL;
}

enum baseapi_status baseapi_resource_schema_sized(const struct baseapi_resource *resource,
                                                  size_t size, enum baseapi_methods method,
                                                  json_t **out, struct baseapi_error *error)
{
    struct arena arena = {NULL, 0};
    struct resource *compiled;
    json_t *schema = NULL;
    enum baseapi_status status;

    if (method != BASEAPI_CREATE && method != BASEAPI_UPDATE)
        return baseapi__fail(error, BASEAPI_EINVALID, "only CREATE and UPDATE have a body");
    status = baseapi__resource_compile(&arena, resource, size, &compiled, error);
    if (status == BASEAPI_OK) {
        schema = baseapi__schema_make(compiled, method);
        if (schema == NULL)
            status = baseapi__fail(error, BASEAPI_ENOMEM, "out of memory for a schema");
    }
    arena_free(&arena);
    if (status == BASEAPI_OK)
        *out = schema;
    return status;
}
