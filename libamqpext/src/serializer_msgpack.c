/*
 * The serializer "msgpack": written by msgpack-c, read here.
 *
 * msgpack-c's reader takes memory for as many members as an array announces and refuses more than
 * 32 levels, so that it could not be used without reading the body before it, and its objects would
 * be copied once more into jansson's.
 */
#include "serializer.h"

#include <msgpack.h>
#include <string.h>

#include "error.h"
#include "msgpack_reader.h"
#include "payload.h"
#include "utf8.h"

static int append(void *output, const char *data, size_t size)
{
    struct text *text = &((struct amqpext_output *)output)->text;

    text_bytes(text, data, size);
    return text->failed ? -1 : 0;
}

static void pack(msgpack_packer *packer, const json_t *value);

static void pack_text(msgpack_packer *packer, const char *data, size_t size)
{
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, data, size);
}

static void pack_object(msgpack_packer *packer, const json_t *object)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterators take no const */
    void *at = json_object_iter(walked);

    msgpack_pack_map(packer, json_object_size(object));
    for (; at != NULL; at = json_object_iter_next(walked, at)) {
        const char *name = json_object_iter_key(at);

        pack_text(packer, name, strlen(name));
        pack(packer, json_object_iter_value(at));
    }
}

static void pack_array(msgpack_packer *packer, const json_t *array)
{
    const size_t count = json_array_size(array);
    size_t i;

    msgpack_pack_array(packer, count);
    for (i = 0; i < count; i++)
        pack(packer, json_array_get(array, i));
}

/* A failed write stays in the output's text. */
static void pack(msgpack_packer *packer, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: pack_object(packer, value); break;
    case JSON_ARRAY: pack_array(packer, value); break;
    case JSON_STRING: pack_text(packer, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: msgpack_pack_int64(packer, json_integer_value(value)); break;
    case JSON_REAL: msgpack_pack_double(packer, json_real_value(value)); break;
    case JSON_TRUE: msgpack_pack_true(packer); break;
    case JSON_FALSE: msgpack_pack_false(packer); break;
    case JSON_NULL: msgpack_pack_nil(packer); break;
    }
}

static enum amqpext_status encode(const struct amqpext_serializer *serializer,
                                  const json_t *payload, struct amqpext_output *output,
                                  struct amqpext_error *error)
{
    const enum amqpext_status status = amqpext__payload_check(payload, error);
    msgpack_packer packer;

    (void)serializer;
    if (status != AMQPEXT_OK)
        return status;
    msgpack_packer_init(&packer, output, append);
    pack(&packer, payload);
    /* Lengths of text are not checked for their 32 bits: a message is refused long before. */
    return output->text.failed ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

struct reading {
    struct msgpack_reader reader;
    size_t containers;
    unsigned depth;
    const char *fault; /* NULL when memory ran out */
};

static json_t *refuse(struct reading *reading, const char *fault)
{
    reading->fault = fault;
    return NULL;
}

static json_t *read_value(struct reading *reading);

static json_t *read_text(struct reading *reading, const struct msgpack_item *item)
{
    if (!utf8_is_valid(item->as.text, item->count))
        return refuse(reading, "invalid UTF-8");
    return json_stringn_nocheck(item->as.text, item->count);
}

static bool read_elements(struct reading *reading, size_t count, json_t *array)
{
    size_t i;

    for (i = 0; i < count; i++) {
        /* Takes the reference over, also when it fails or the value is NULL. */
        if (json_array_append_new(array, read_value(reading)) != 0)
            return false;
    }
    return true;
}

/* A name that is wrong stays where the reader stands, for the error. */
static json_t *read_name(struct reading *reading)
{
    const size_t start = reading->reader.at;
    struct msgpack_item item;
    const char *fault = amqpext__msgpack_read(&reading->reader, &item);

    if (fault == NULL && item.kind != MSGPACK_ITEM_TEXT)
        fault = "a name that is no text";
    if (fault == NULL && memchr(item.as.text, '\0', item.count) != NULL)
        fault = "a null in a name";
    if (fault != NULL) {
        reading->reader.at = start;
        return refuse(reading, fault);
    }
    return read_text(reading, &item);
}

static bool read_member(struct reading *reading, json_t *object)
{
    json_t *name = read_name(reading);
    bool is_read = false;

    if (name == NULL)
        return false;
    if (json_object_get(object, json_string_value(name)) != NULL)
        refuse(reading, "a name for the second time");
    else
        is_read =
            json_object_set_new_nocheck(object, json_string_value(name), read_value(reading)) == 0;
    json_decref(name);
    return is_read;
}

static bool read_members(struct reading *reading, size_t count, json_t *object)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!read_member(reading, object))
            return false;
    }
    return true;
}

static json_t *read_container(struct reading *reading, const struct msgpack_item *item)
{
    const bool is_map = item->kind == MSGPACK_ITEM_MAP;
    json_t *container;
    bool is_read;

    if (++reading->containers > SERIALIZER_CONTAINERS_MAX)
        return refuse(reading, "too many objects and arrays");
    if (reading->depth == SERIALIZER_DEPTH_MAX)
        return refuse(reading, "nested too deeply");
    container = is_map ? json_object() : json_array();
    if (container == NULL)
        return NULL;
    reading->depth++;
    is_read = is_map ? read_members(reading, item->count, container)
                     : read_elements(reading, item->count, container);
    reading->depth--;
    if (is_read)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *read_value(struct reading *reading)
{
    struct msgpack_item item;
    const char *fault = amqpext__msgpack_read(&reading->reader, &item);

    if (fault != NULL)
        return refuse(reading, fault);
    switch (item.kind) {
    case MSGPACK_ITEM_NIL: return json_null();
    case MSGPACK_ITEM_BOOLEAN: return json_boolean(item.as.boolean);
    case MSGPACK_ITEM_INTEGER: return json_integer(item.as.integer);
    case MSGPACK_ITEM_REAL: return json_real(item.as.real);
    case MSGPACK_ITEM_TEXT: return read_text(reading, &item);
    case MSGPACK_ITEM_ARRAY:
    case MSGPACK_ITEM_MAP: break;
    }
    return read_container(reading, &item);
}

static enum amqpext_status decode(const struct amqpext_serializer *serializer, const void *body,
                                  size_t size, json_t **out, struct amqpext_error *error)
{
    struct reading reading = {.reader = {body, size, 0}};
    json_t *payload = read_value(&reading);

    (void)serializer;
    if (payload != NULL && reading.reader.at != size) {
        json_decref(payload);
        payload = refuse(&reading, "more than one value");
    }
    if (payload != NULL) {
        *out = payload;
        return AMQPEXT_OK;
    }
    if (reading.fault == NULL)
        return amqpext__fail_memory(error);
    return amqpext__fail(error, AMQPEXT_EDECODE, "the body is no MessagePack: %s at byte %zu",
                         reading.fault, reading.reader.at);
}

const struct amqpext_serializer amqpext__serializer_msgpack = {
    .size = sizeof(struct amqpext_serializer),
    .name = "msgpack",
    .content_type = "application/msgpack",
    .encode = encode,
    .decode = decode,
};
