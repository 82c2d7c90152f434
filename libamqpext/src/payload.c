/*
 * Payloads: one walk over all members.
 */
#include "payload.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "serializer.h"
#include "utf8.h"

/* What is wrong with a value on that level, or NULL. */
static const char *fault_of(const json_t *value, unsigned level);

static const char *fault_of_object(const json_t *object, unsigned level)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterators take no const */
    const char *fault = NULL;
    void *at = json_object_iter(walked);

    for (; at != NULL && fault == NULL; at = json_object_iter_next(walked, at)) {
        const char *name = json_object_iter_key(at);

        if (!utf8_is_valid(name, strlen(name)))
            return "a name is not UTF-8";
        fault = fault_of(json_object_iter_value(at), level + 1);
    }
    return fault;
}

static const char *fault_of_array(const json_t *array, unsigned level)
{
    const size_t count = json_array_size(array);
    const char *fault = NULL;
    size_t i;

    for (i = 0; i < count && fault == NULL; i++)
        fault = fault_of(json_array_get(array, i), level + 1);
    return fault;
}

static const char *fault_of(const json_t *value, unsigned level)
{
    const json_type type = json_typeof(value);

    if (type == JSON_STRING)
        return utf8_is_valid(json_string_value(value), json_string_length(value))
                   ? NULL
                   : "a text is not UTF-8";
    if (type == JSON_REAL)
        return isfinite(json_real_value(value)) ? NULL : "a number is not finite";
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return NULL;
    if (level > SERIALIZER_DEPTH_MAX)
        return "it is nested too deeply";
    return type == JSON_OBJECT ? fault_of_object(value, level) : fault_of_array(value, level);
}

enum amqpext_status amqpext__payload_check(const json_t *payload, struct amqpext_error *error)
{
    const char *fault = fault_of(payload, 1);

    if (fault == NULL)
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_EENCODE, "the payload cannot be encoded: %s", fault);
}
