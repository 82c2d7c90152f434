/*
 * Reading properties.
 *
 * Order: none.
 * Invariant: what was not sent, and numbers that have no place in our structure, are zero; texts
 * are in the arena and NUL-terminated.
 */
#include "protocol/properties_codec.h"
#include "protocol/properties_flags.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"

struct input {
    struct wire_reader reader;
    struct arena *arena;
    uint16_t flags;
    bool out_of_memory;
};

static const char *read_text(struct input *input, enum properties_flag flag)
{
    struct bytes bytes;
    const char *text;

    if ((input->flags & flag) == 0)
        return NULL;
    bytes = wire_get_short(&input->reader);
    if (input->reader.failed)
        return NULL;
    text = arena_copy(input->arena, bytes.data, bytes.size);
    if (text == NULL)
        input->out_of_memory = true;
    return text;
}

static uint8_t read_byte(struct input *input, enum properties_flag flag)
{
    return input->flags & flag ? wire_get_8(&input->reader) : 0;
}

/* Nobody means a time that is further away than our numbers reach. */
static int64_t read_timestamp(struct input *input)
{
    const uint64_t seconds = input->flags & FLAG_TIMESTAMP ? wire_get_64(&input->reader) : 0;

    return seconds > INT64_MAX ? 0 : (int64_t)seconds;
}

static uint64_t read_expiration(struct input *input)
{
    const struct bytes text =
        input->flags & FLAG_EXPIRATION ? wire_get_short(&input->reader) : (struct bytes){NULL, 0};
    uint64_t number = 0;
    size_t i;

    for (i = 0; i < text.size; i++) {
        const unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

static const struct amqpext_table *read_headers(struct input *input, bool *is_unreadable)
{
    struct wire_reader behind = input->reader;
    const struct amqpext_table *table = NULL;
    struct bytes encoded;

    if ((input->flags & FLAG_HEADERS) == 0)
        return NULL;
    (void)wire_get_long(&behind);
    encoded = wire_get_bytes(&input->reader, input->reader.left - behind.left);
    input->reader.failed = behind.failed;
    if (behind.failed)
        return NULL;
    switch (amqpext__table_read(encoded, input->arena, &table)) {
    case TABLE_READ: break;
    case TABLE_UNREADABLE: *is_unreadable = true; break;
    case TABLE_NO_MEMORY: input->out_of_memory = true; break;
    }
    return table;
}

static void read_all(struct input *input, struct amqpext_properties *out, bool *is_unreadable)
{
    out->content_type = read_text(input, FLAG_CONTENT_TYPE);
    out->content_encoding = read_text(input, FLAG_CONTENT_ENCODING);
    out->headers = read_headers(input, is_unreadable);
    out->delivery_mode = (enum amqpext_delivery_mode)read_byte(input, FLAG_DELIVERY_MODE);
    out->priority = read_byte(input, FLAG_PRIORITY);
    out->correlation_id = read_text(input, FLAG_CORRELATION_ID);
    out->reply_to = read_text(input, FLAG_REPLY_TO);
    out->expiration_ms = read_expiration(input);
    out->message_id = read_text(input, FLAG_MESSAGE_ID);
    out->timestamp = read_timestamp(input);
    out->type = read_text(input, FLAG_TYPE);
    out->user_id = read_text(input, FLAG_USER_ID);
    out->app_id = read_text(input, FLAG_APP_ID);
    if (out->delivery_mode > AMQPEXT_PERSISTENT)
        out->delivery_mode = AMQPEXT_DELIVERY_DEFAULT;
}

enum properties_result amqpext__properties_read(struct bytes encoded, struct arena *arena,
                                                struct amqpext_properties *out,
                                                bool *has_unreadable_headers)
{
    struct input input = {wire_reader_of(encoded), arena, 0, false};

    memset(out, 0, sizeof(*out));
    out->size = sizeof(*out);
    *has_unreadable_headers = false;
    input.flags = wire_get_16(&input.reader);
    if (input.flags & FLAG_MORE)
        return PROPERTIES_MALFORMED;
    read_all(&input, out, has_unreadable_headers);
    if (input.out_of_memory)
        return PROPERTIES_NO_MEMORY;
    return input.reader.failed ? PROPERTIES_MALFORMED : PROPERTIES_READ;
}
