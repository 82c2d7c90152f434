/*
 * The check of a body against a schema, all errors told, each with the place it is at.
 *
 * Texts are those of the original's validator, jsonschema.
 * Invariant: `pointer` names the instance under check; the recursion is as deep as the schema.
 */
#include "schema.h"

#include <string.h>

#include <miniorm/value.h>

#include "base64.h"
#include "text.h"

/* Longest part of a value that an error repeats. */
#define SHOWN_SIZE 60

struct check {
    struct schema_report *report;
    struct text pointer;
};

static void tell(struct check *check, struct text *detail)
{
    if (check->report->count++ < SCHEMA_MAX_ERRORS && !detail->failed && !check->pointer.failed)
        check->report->tell(check->report->context,
                            check->pointer.data == NULL ? "" : check->pointer.data, detail->data);
    check->report->failed |= detail->failed || check->pointer.failed;
    text_free(detail);
}

/* Adds a member's name, '~' and '/' escaped. Returns the size to go back to. */
static size_t descend(struct check *check, const char *name)
{
    const size_t size = check->pointer.size;

    text_char(&check->pointer, '/');
    for (; *name != '\0'; name++) {
        if (*name == '~' || *name == '/')
            text_string(&check->pointer, *name == '~' ? "~0" : "~1");
        else
            text_char(&check->pointer, *name);
    }
    return size;
}

static void ascend(struct check *check, size_t size)
{
    if (check->pointer.data == NULL || check->pointer.failed)
        return;
    check->pointer.size = size;
    check->pointer.data[size] = '\0';
}

/* A piece of at most SHOWN_SIZE bytes that ends with a whole character. */
static size_t shown_size(const char *text, size_t size)
{
    if (size <= SHOWN_SIZE)
        return size;
    size = SHOWN_SIZE;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

static void show_piece(struct text *text, const char *value, size_t size)
{
    const size_t shown = shown_size(value, size);

    text_bytes(text, value, shown);
    if (shown < size)
        text_string(text, "...");
}

/* The shortest digits that read back the same, with a point or an exponent. */
static void show_real(struct text *text, double real)
{
    const struct miniorm_value value = miniorm_value_real(real);
    char digits[MINIORM_FORMAT_SIZE];
    const size_t size = miniorm_value_format(&value, digits);

    text_bytes(text, digits, size);
    if (memchr(digits, '.', size) == NULL && memchr(digits, 'e', size) == NULL)
        text_string(text, ".0");
}

/* A value as the original's language writes it. */
static void show(struct text *text, const json_t *value)
{
    char *dumped;

    switch (json_typeof(value)) {
    case JSON_STRING:
        text_char(text, '\'');
        show_piece(text, json_string_value(value), json_string_length(value));
        text_char(text, '\'');
        return;
    case JSON_REAL: show_real(text, json_real_value(value)); return;
    case JSON_TRUE: text_string(text, "True"); return;
    case JSON_FALSE: text_string(text, "False"); return;
    case JSON_NULL: text_string(text, "None"); return;
    default: break;
    }
    dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (dumped != NULL)
        show_piece(text, dumped, strlen(dumped));
    else
        text->failed = true;
    free(dumped);
}

static void tell_value(struct check *check, const json_t *value, const char *fault)
{
    struct text detail = {0};

    show(&detail, value);
    text_string(&detail, fault);
    tell(check, &detail);
}

static bool is_type(const json_t *value, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value);
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "string") == 0)
        return json_is_string(value);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    if (strcmp(type, "null") == 0)
        return json_is_null(value);
    if (strcmp(type, "object") == 0)
        return json_is_object(value);
    return json_is_array(value);
}

static bool has_type(const json_t *value, const json_t *types)
{
    if (json_is_string(types))
        return is_type(value, json_string_value(types));
    for (size_t i = 0; i < json_array_size(types); i++) {
        if (is_type(value, json_string_value(json_array_get(types, i))))
            return true;
    }
    return false;
}

static bool check_type(struct check *check, const json_t *schema, const json_t *value)
{
    const json_t *types = json_object_get(schema, "type");
    struct text detail = {0};

    if (types == NULL || has_type(value, types))
        return true;
    show(&detail, value);
    text_string(&detail, " is not of type ");
    for (size_t i = 0; i < json_array_size(types); i++) {
        text_string(&detail, i == 0 ? "'" : ", '");
        text_string(&detail, json_string_value(json_array_get(types, i)));
        text_char(&detail, '\'');
    }
    if (json_is_string(types)) {
        text_char(&detail, '\'');
        text_string(&detail, json_string_value(types));
        text_char(&detail, '\'');
    }
    tell(check, &detail);
    return false;
}

/* Characters, of which a UTF-8 text has as many as bytes that continue none. */
static size_t count_characters(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static const struct {
    const char *name;
    enum miniorm_type type;
} formats[] = {
    {"uuid", MINIORM_T_uuid},  {"date", MINIORM_T_date},
    {"time", MINIORM_T_time},  {"date-time", MINIORM_T_timestamptz},
    {"int64", MINIORM_T_int8}, {"decimal", MINIORM_T_numeric},
};

static bool has_format(const json_t *value, const char *format)
{
    const struct miniorm_text text =
        miniorm_text_from(json_string_value(value), json_string_length(value));
    struct miniorm_value parsed;

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(formats[i].name, format) == 0)
            return miniorm_value_parse(formats[i].type, text, &parsed, NULL) == MINIORM_OK;
    }
    return true;
}

static bool is_base64(const json_t *value)
{
    const size_t size = json_string_length(value);
    unsigned char *decoded = malloc(size + 1);
    size_t decoded_size;
    bool good;

    if (decoded == NULL)
        return false;
    good = baseapi__base64_decode(json_string_value(value), size, decoded, &decoded_size);
    free(decoded);
    return good;
}

static void check_string(struct check *check, const json_t *schema, const json_t *value)
{
    const json_t *most = json_object_get(schema, "maxLength");
    const char *format = json_string_value(json_object_get(schema, "format"));
    struct text detail = {0};

    if (most != NULL && count_characters(json_string_value(value), json_string_length(value)) >
                            (size_t)json_integer_value(most))
        tell_value(check, value, " is too long");
    if (format != NULL && !has_format(value, format)) {
        show(&detail, value);
        text_string(&detail, " is not a '");
        text_string(&detail, format);
        text_char(&detail, '\'');
        tell(check, &detail);
    }
    if (json_object_get(schema, "contentEncoding") != NULL && !is_base64(value))
        tell_value(check, value, " is not base64");
}

static void check_range(struct check *check, const json_t *schema, const json_t *value)
{
    const json_t *least = json_object_get(schema, "minimum");
    const json_t *most = json_object_get(schema, "maximum");
    struct text detail = {0};

    if (least != NULL && json_integer_value(value) < json_integer_value(least)) {
        show(&detail, value);
        text_string(&detail, " is less than the minimum of ");
        text_integer(&detail, json_integer_value(least));
        tell(check, &detail);
    } else if (most != NULL && json_integer_value(value) > json_integer_value(most)) {
        show(&detail, value);
        text_string(&detail, " is greater than the maximum of ");
        text_integer(&detail, json_integer_value(most));
        tell(check, &detail);
    }
}

static void check_value(struct check *check, const json_t *schema, const json_t *value);

static void check_required(struct check *check, const json_t *schema, const json_t *value)
{
    const json_t *required = json_object_get(schema, "required");

    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));
        struct text detail = {0};

        if (json_object_get(value, name) != NULL)
            continue;
        text_char(&detail, '\'');
        text_string(&detail, name);
        text_string(&detail, "' is a required property");
        tell(check, &detail);
    }
}

static void tell_additional(struct check *check, const char *name)
{
    struct text detail = {0};

    text_string(&detail, "Additional properties are not allowed ('");
    show_piece(&detail, name, strlen(name));
    text_string(&detail, "' was unexpected)");
    tell(check, &detail);
}

static void check_object(struct check *check, const json_t *schema, json_t *value)
{
    const json_t *properties = json_object_get(schema, "properties");
    const bool is_closed = json_is_false(json_object_get(schema, "additionalProperties"));
    const char *name;
    json_t *member;

    check_required(check, schema, value);
    json_object_foreach(value, name, member)
    {
        const json_t *property = json_object_get(properties, name);
        const size_t size = descend(check, name);

        if (property != NULL)
            check_value(check, property, member);
        else if (is_closed)
            tell_additional(check, name);
        ascend(check, size);
    }
}

static void check_value(struct check *check, const json_t *schema, const json_t *value)
{
    if (!check_type(check, schema, value))
        return;
    if (json_is_string(value))
        check_string(check, schema, value);
    else if (json_is_integer(value))
        check_range(check, schema, value);
    else if (json_is_object(value))
        /* jansson iterates over objects that are not const only. */
        check_object(check, schema, (json_t *)value);
}

void baseapi__schema_check(const json_t *schema, const json_t *instance,
                           struct schema_report *report)
{
    struct check check = {.report = report};

    check_value(&check, schema, instance);
    report->failed |= check.pointer.failed;
    text_free(&check.pointer);
}
