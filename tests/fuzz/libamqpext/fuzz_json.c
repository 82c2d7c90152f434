/*
 * Any body read as JSON: what is read is written again and read to the same value; what is refused
 * has a message.
 */
#include <stdint.h>
#include <stdlib.h>

#include <amqpext/serializer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct amqpext_serializer *json = amqpext_serializer_find("json");
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload;
    json_t *again;
    void *body;
    size_t body_size;

    if (amqpext_decode(json, data, size, &payload, &error) != AMQPEXT_OK) {
        if (error.status != AMQPEXT_EDECODE || error.message[0] == '\0')
            abort();
        return 0;
    }
    if (amqpext_encode(json, payload, &body, &body_size, NULL) != AMQPEXT_OK)
        abort();
    if (amqpext_decode(json, body, body_size, &again, NULL) != AMQPEXT_OK)
        abort();
    if (!json_equal(payload, again))
        abort();
    json_decref(again);
    json_decref(payload);
    free(body);
    return 0;
}
