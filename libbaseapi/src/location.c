/*
 * Location: the resource's path and the primary key, percent-encoded. An entity whose key cannot be
 * written in a path (bytes) has none.
 */
#include "location.h"

#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void encode(struct text *path, const char *data, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)data[i];

        if (is_unreserved(data[i])) {
            text_char(path, data[i]);
            continue;
        }
        text_char(path, '%');
        text_char(path, digits[byte >> 4]);
        text_char(path, digits[byte & 15]);
    }
}

static bool add_value(struct text *path, const struct miniorm_value *value)
{
    char formatted[MINIORM_FORMAT_SIZE];

    text_char(path, '/');
    switch (value->type) {
    case MINIORM_T_bytea: return false;
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: encode(path, value->as.text.data, value->as.text.size); return true;
    default: encode(path, formatted, miniorm_value_format(value, formatted)); return true;
    }
}

void baseapi__location_set(struct baseapi_response *response, const struct resource *resource,
                           const struct baseapi_row *row)
{
    struct text path = {0};
    bool good = response != NULL;

    text_string(&path, resource->declared.path);
    for (size_t i = 0; i < resource->n_keys && good; i++) {
        const uint64_t before = COLUMN_BIT(resource->key_columns[i]) - 1;

        good = add_value(&path, &row->values[__builtin_popcountll(row->columns & before)]);
    }
    if (good && !path.failed)
        baseapi_response_set_header(response, "Location", path.data);
    text_free(&path);
}
