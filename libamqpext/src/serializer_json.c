/*
 * The serializer "json", by jansson, with what jansson does not check: depth, the number of objects
 * and arrays, null bytes.
 *
 * Errors name a place and no content, since messages of errors end in logs.
 */
#include "serializer.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "payload.h"

/* Digits that every double needs to come back as it was. */
enum { REAL_DIGITS = 17 };

static int append(const char *data, size_t size, void *output)
{
    struct text *text = &((struct amqpext_output *)output)->text;

    text_bytes(text, data, size);
    return text->failed ? -1 : 0;
}

static enum amqpext_status encode(const struct amqpext_serializer *serializer,
                                  const json_t *payload, struct amqpext_output *output,
                                  struct amqpext_error *error)
{
    const size_t flags =
        JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS);
    const enum amqpext_status status = amqpext__payload_check(payload, error);

    (void)serializer;
    if (status != AMQPEXT_OK)
        return status;
    /* Nothing but memory is left that could fail. */
    if (json_dump_callback(payload, append, output, flags) != 0)
        return amqpext__fail_memory(error);
    return AMQPEXT_OK;
}

static enum amqpext_status fail_at(struct amqpext_error *error, size_t position, const char *fault)
{
    return amqpext__fail(error, AMQPEXT_EDECODE, "the body is no JSON: %s at byte %zu", fault,
                         position);
}

/* The position behind the string whose quote stands at `at`. */
static size_t skip_string(const char *body, size_t size, size_t at)
{
    for (at++; at < size && body[at] != '"'; at++) {
        if (body[at] == '\\')
            at++;
    }
    return at + 1;
}

/*
 * Checks the shape alone, before memory is taken. A body that is no JSON is at most refused for
 * another reason.
 */
static enum amqpext_status check_shape(const char *body, size_t size, struct amqpext_error *error)
{
    size_t containers = 0;
    size_t depth = 0;
    size_t at = 0;

    while (at < size) {
        const char c = body[at];

        if (c == '{' || c == '[') {
            containers++;
            if (++depth > SERIALIZER_DEPTH_MAX)
                return fail_at(error, at, "nested too deeply");
            if (containers > SERIALIZER_CONTAINERS_MAX)
                return fail_at(error, at, "too many objects and arrays");
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == '\0') {
            return fail_at(error, at, "a null byte");
        }
        at = c == '"' ? skip_string(body, size, at) : at + 1;
    }
    return AMQPEXT_OK;
}

/* NULL: memory ran out, which jansson tells by telling nothing. */
static const char *fault_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_out_of_memory:
    case json_error_unknown: return NULL;
    case json_error_invalid_utf8: return "invalid UTF-8";
    case json_error_premature_end_of_input: return "a sudden end";
    case json_error_end_of_input_expected: return "more than one value";
    case json_error_null_byte_in_key: return "a null in a name";
    case json_error_duplicate_key: return "a name for the second time";
    case json_error_numeric_overflow: return "a number out of range";
    default: return "wrong syntax";
    }
}

static enum amqpext_status decode(const struct amqpext_serializer *serializer, const void *body,
                                  size_t size, json_t **out, struct amqpext_error *error)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
    const enum amqpext_status status = check_shape(body, size, error);
    json_error_t json_error;
    const char *fault;
    json_t *payload;

    (void)serializer;
    if (status != AMQPEXT_OK)
        return status;
    payload = json_loadb(size == 0 ? "" : body, size, flags, &json_error);
    if (payload != NULL) {
        *out = payload;
        return AMQPEXT_OK;
    }
    fault = fault_of(&json_error);
    if (fault == NULL)
        return amqpext__fail_memory(error);
    return fail_at(error, json_error.position > 0 ? (size_t)json_error.position : 0, fault);
}

const struct amqpext_serializer amqpext__serializer_json = {
    .size = sizeof(struct amqpext_serializer),
    .name = "json",
    .content_type = "application/json",
    .encode = encode,
    .decode = decode,
};
