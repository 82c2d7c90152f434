/*
 * Serializers: the built-in ones by name and by content type, and calls of any of them.
 *
 * Invariant: whatever a serializer returns, a failure carries a message and a success has its
 * result.
 */
#include "serializer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static const struct amqpext_serializer serializer_raw = {
    .size = sizeof(struct amqpext_serializer),
    .name = "raw",
    .content_type = "application/octet-stream",
};

static const struct amqpext_serializer *const built_in[] = {
    &amqpext__serializer_json, &amqpext__serializer_msgpack, &serializer_raw};

enum { N_BUILT_IN = sizeof(built_in) / sizeof(built_in[0]) };

_Static_assert(sizeof(struct amqpext_serializer) == sizeof(size_t) + 5 * sizeof(void *),
               "there is no hole at the end of struct amqpext_serializer");

const struct amqpext_serializer *amqpext_serializer_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < N_BUILT_IN; i++) {
        if (strcmp(name, built_in[i]->name) == 0)
            return built_in[i];
    }
    return NULL;
}

enum amqpext_status amqpext__serializer_check(const struct amqpext_serializer *serializer,
                                              struct amqpext_error *error)
{
    /* A NULL among several is as wrong as an empty structure. */
    if (serializer == NULL || serializer->size < sizeof(*serializer))
        return amqpext__fail(error, AMQPEXT_EINVALID, "a serializer has no size");
    if (serializer->name == NULL || serializer->content_type == NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "a serializer needs a name and a content type");
    if (strlen(serializer->content_type) > UINT8_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the content type of serializer '%s' is too long", serializer->name);
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__serializer_resolve(const char *name,
                                                const struct amqpext_serializer *custom,
                                                const struct amqpext_serializer **out,
                                                struct amqpext_error *error)
{
    const struct amqpext_serializer *found =
        custom != NULL ? custom : amqpext_serializer_find(name == NULL ? "json" : name);
    enum amqpext_status status;

    if (found == NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID, "there is no serializer '%s'", name);
    status = amqpext__serializer_check(found, error);
    if (status == AMQPEXT_OK)
        *out = found;
    return status;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Bytes of a content type without its parameters and the space before them. */
static size_t essence(const char *content_type)
{
    size_t size = strcspn(content_type, ";");

    while (size != 0 && (content_type[size - 1] == ' ' || content_type[size - 1] == '\t'))
        size--;
    return size;
}

static bool has_type(const struct amqpext_serializer *serializer, const char *content_type)
{
    const size_t size = essence(content_type);
    size_t i;

    if (size != essence(serializer->content_type))
        return false;
    for (i = 0; i < size; i++) {
        if (lower(content_type[i]) != lower(serializer->content_type[i]))
            return false;
    }
    return true;
}

/* The first that has that content type, or NULL. */
static const struct amqpext_serializer *first_of(
    const struct amqpext_serializer *const *serializers, size_t n, const char *content_type)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (has_type(serializers[i], content_type))
            return serializers[i];
    }
    return NULL;
}

const struct amqpext_serializer *amqpext__serializer_for(
    const char *content_type, const struct amqpext_serializer *otherwise,
    const struct amqpext_serializer *const *decoders, size_t n_decoders)
{
    const struct amqpext_serializer *found;

    if (content_type == NULL)
        return otherwise;
    found = first_of(decoders, n_decoders, content_type);
    if (found == NULL && !has_type(otherwise, content_type))
        found = first_of(built_in, N_BUILT_IN, content_type);
    return found != NULL ? found : otherwise;
}

const struct amqpext_serializer *amqpext__serializer_to_read(
    const char *content_type, const struct amqpext_serializer *own,
    const struct amqpext_serializer *const *decoders, size_t n_decoders)
{
    const struct amqpext_serializer *found;

    if (own->decode != NULL || content_type == NULL)
        return amqpext__serializer_for(content_type, own, decoders, n_decoders);
    found = first_of(decoders, n_decoders, content_type);
    return found != NULL ? found : own;
}

enum amqpext_status amqpext_output_write(struct amqpext_output *output, const void *data,
                                         size_t size, struct amqpext_error *error)
{
    text_bytes(&output->text, data, size);
    return output->text.failed ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

enum amqpext_status amqpext__serializer_encode(const struct amqpext_serializer *serializer,
                                               const json_t *payload, struct text *out,
                                               struct amqpext_error *error)
{
    struct amqpext_output output = {*out};
    enum amqpext_status status;

    if (serializer->encode == NULL)
        return amqpext__fail(error, AMQPEXT_EENCODE, "serializer '%s' takes bytes only",
                             serializer->name);
    if (payload == NULL)
        return amqpext__fail(error, AMQPEXT_EENCODE, "there is no payload to encode");
    status = serializer->encode(serializer, payload, &output, error);
    *out = output.text;
    if (status == AMQPEXT_OK && out->failed)
        return amqpext__fail_memory(error);
    if (status != AMQPEXT_OK)
        amqpext__fail(error, status, "serializer '%s' could not encode", serializer->name);
    return status;
}

enum amqpext_status amqpext__serializer_decode(const struct amqpext_serializer *serializer,
                                               const void *body, size_t size, json_t **out,
                                               struct amqpext_error *error)
{
    json_t *payload = NULL;
    enum amqpext_status status = AMQPEXT_OK;

    if (serializer->decode != NULL)
        status = serializer->decode(serializer, body, size, &payload, error);
    if (status != AMQPEXT_OK)
        return amqpext__fail(error, status, "serializer '%s' could not decode", serializer->name);
    if (serializer->decode != NULL && payload == NULL)
        return amqpext__fail(error, AMQPEXT_EDECODE, "serializer '%s' gave no payload",
                             serializer->name);
    *out = payload;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_encode(const struct amqpext_serializer *serializer,
                                   const json_t *payload, void **body, size_t *size,
                                   struct amqpext_error *error)
{
    struct text text = {NULL, 0, 0, false};
    enum amqpext_status status = amqpext__serializer_check(serializer, error);
    char *bytes;

    if (status == AMQPEXT_OK)
        status = amqpext__serializer_encode(serializer, payload, &text, error);
    if (status != AMQPEXT_OK) {
        text_free(&text);
        return status;
    }
    bytes = text_take(&text, size);
    if (bytes == NULL)
        return amqpext__fail_memory(error);
    *body = bytes;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_decode(const struct amqpext_serializer *serializer, const void *body,
                                   size_t size, json_t **payload, struct amqpext_error *error)
{
    const enum amqpext_status status = amqpext__serializer_check(serializer, error);

    if (status != AMQPEXT_OK)
        return status;
    if (serializer->decode == NULL)
        return amqpext__fail(error, AMQPEXT_EDECODE, "serializer '%s' has no payloads",
                             serializer->name);
    return amqpext__serializer_decode(serializer, body, size, payload, error);
}
