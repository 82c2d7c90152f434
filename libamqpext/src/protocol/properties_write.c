/*
 * Writing properties.
 *
 * Order: measure, then write into so much room.
 * Invariant: a property is there exactly if its flag is; flags and properties are in the order of
 * the protocol.
 */
#include "protocol/properties_codec.h"
#include "protocol/properties_flags.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"

static struct bytes measure_text(const char *text, uint16_t flag, struct properties_layout *layout)
{
    struct bytes bytes = {NULL, 0};

    if (text == NULL)
        return bytes;
    bytes = bytes_of(text);
    layout->flags |= flag;
    layout->size += 1 + bytes.size;
    return bytes;
}

static void measure_number(bool is_there, uint16_t flag, size_t size,
                           struct properties_layout *layout)
{
    if (!is_there)
        return;
    layout->flags |= flag;
    layout->size += size;
}

/* The protocol has the expiration as decimal text. */
static struct bytes measure_expiration(uint64_t expiration_ms, struct properties_layout *layout)
{
    char *start = layout->digits + EXPIRATION_SIZE;
    struct bytes text = {NULL, 0};

    if (expiration_ms == 0)
        return text;
    do {
        *--start = (char)('0' + expiration_ms % 10);
        expiration_ms /= 10;
    } while (expiration_ms != 0);
    text.data = start;
    text.size = (size_t)(layout->digits + EXPIRATION_SIZE - start);
    layout->flags |= FLAG_EXPIRATION;
    layout->size += 1 + text.size;
    return text;
}

void amqpext__properties_measure(const struct amqpext_properties *properties,
                                 struct properties_layout *out)
{
    out->size = sizeof(out->flags);
    out->flags = 0;
    out->content_type = measure_text(properties->content_type, FLAG_CONTENT_TYPE, out);
    out->content_encoding = measure_text(properties->content_encoding, FLAG_CONTENT_ENCODING, out);
    if (properties->headers != NULL)
        measure_number(true, FLAG_HEADERS, amqpext__table_size(properties->headers), out);
    measure_number(properties->delivery_mode != AMQPEXT_DELIVERY_DEFAULT, FLAG_DELIVERY_MODE, 1,
                   out);
    measure_number(properties->priority != 0, FLAG_PRIORITY, 1, out);
    out->correlation_id = measure_text(properties->correlation_id, FLAG_CORRELATION_ID, out);
    out->reply_to = measure_text(properties->reply_to, FLAG_REPLY_TO, out);
    out->expiration = measure_expiration(properties->expiration_ms, out);
    out->message_id = measure_text(properties->message_id, FLAG_MESSAGE_ID, out);
    measure_number(properties->timestamp != 0, FLAG_TIMESTAMP, 8, out);
    out->type = measure_text(properties->type, FLAG_TYPE, out);
    out->user_id = measure_text(properties->user_id, FLAG_USER_ID, out);
    out->app_id = measure_text(properties->app_id, FLAG_APP_ID, out);
}

static char *write_text(char *out, struct bytes text)
{
    return text.data == NULL ? out : wire_put_short(out, text.data, text.size);
}

char *amqpext__properties_write(char *out, const struct amqpext_properties *properties,
                                const struct properties_layout *layout)
{
    out = wire_put_16(out, layout->flags);
    out = write_text(out, layout->content_type);
    out = write_text(out, layout->content_encoding);
    if (layout->flags & FLAG_HEADERS)
        out = amqpext__table_write(out, properties->headers);
    if (layout->flags & FLAG_DELIVERY_MODE)
        out = wire_put_8(out, (uint8_t)properties->delivery_mode);
    if (layout->flags & FLAG_PRIORITY)
        out = wire_put_8(out, (uint8_t)properties->priority);
    out = write_text(out, layout->correlation_id);
    out = write_text(out, layout->reply_to);
    out = write_text(out, layout->expiration);
    out = write_text(out, layout->message_id);
    if (layout->flags & FLAG_TIMESTAMP)
        out = wire_put_64(out, (uint64_t)properties->timestamp);
    out = write_text(out, layout->type);
    out = write_text(out, layout->user_id);
    return write_text(out, layout->app_id);
}
