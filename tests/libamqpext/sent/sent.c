/*
 * Reading back what was sent.
 */
#include "sent/sent.h"

#include "protocol/wire.h"
#include "test.h"

void sent_begin(struct sent *sent)
{
    memset(&sent->out, 0, sizeof(sent->out));
    codec_pool_open(&sent->pool);
    /* What is there already stays. */
    text_string(&sent->out, "before");
}

void sent_end(struct sent *sent)
{
    codec_pool_close(&sent->pool);
    text_free(&sent->out);
}

struct frame sent_frame(const struct sent *sent)
{
    const struct bytes input = {sent->out.data + SENT_BEFORE, sent->out.size - SENT_BEFORE};
    struct frame frame;
    size_t consumed;

    assert_false(sent->out.failed);
    assert_memory_equal(sent->out.data, "before", SENT_BEFORE);
    assert_int_equal(sent->out.data[sent->out.size], '\0');
    assert_int_equal(amqpext__frame_read(input, SENT_FRAME_MAX, &frame, &consumed), FRAME_WHOLE);
    assert_int_equal(consumed, input.size);
    return frame;
}

void *sent_method(struct sent *sent, uint16_t channel, uint32_t number)
{
    const struct frame frame = sent_frame(sent);
    struct wire_reader reader = wire_reader_of(frame.payload);

    assert_int_equal(frame.type, FRAME_METHOD);
    assert_int_equal(frame.channel, channel);
    assert_int_equal(wire_get_32(&reader), number);
    sent->arguments = (struct bytes){reader.at, reader.left};
    assert_int_equal(
        amqp_decode_method(number, &sent->pool.pool, codec_bytes(sent->arguments), &sent->decoded),
        AMQP_STATUS_OK);
    return sent->decoded;
}

void assert_sent_bytes(amqp_bytes_t bytes, const char *text)
{
    assert_true(bytes_equal(bytes_of_codec(bytes), bytes_of(text)));
}

amqp_field_value_t sent_field(amqp_table_t table, const char *name)
{
    int i;

    for (i = 0; i < table.num_entries; i++) {
        if (bytes_equal(bytes_of_codec(table.entries[i].key), bytes_of(name)))
            return table.entries[i].value;
    }
    fail_msg("no %s", name);
    return (amqp_field_value_t){0};
}
