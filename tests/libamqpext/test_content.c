/* Contents and messages to publish: what one side writes the other puts together, cut anywhere. */
#include "test.h"

#include "protocol/codec.h"
#include "protocol/content.h"
#include "protocol/send.h"
#include "protocol/wire.h"
#include "tables/random_table.h"

#define CHANNEL 1
#define FRAME_MAX 4096
#define MOST_BODY 20000
#define MAX_SIZE ((size_t)1 << 20)

static const struct method delivered = {
    .kind = METHOD_BASIC_DELIVER,
    .channel = CHANNEL,
    .as.deliver = {{"ctag", 4}, 9, true, {"events", 6}, {"a.b.c", 5}},
};

/* A message as it was published: all its frames in one piece of memory of that size. */
struct message {
    char *data;
    size_t size;
};

static struct message publish(const struct publish *publish, uint32_t frame_max)
{
    const size_t size = amqpext__publish_size(publish, frame_max);
    struct message message = {malloc(size), size};

    assert_non_null(message.data);
    assert_true(size > 0);
    assert_int_equal(amqpext__publish_write(message.data, size, CHANNEL, publish, frame_max), size);
    return message;
}

static struct frame next_frame(struct bytes *input)
{
    struct frame frame;
    size_t consumed;

    assert_int_equal(amqpext__frame_read(*input, UINT32_MAX, &frame, &consumed), FRAME_WHOLE);
    input->data += consumed;
    input->size -= consumed;
    return frame;
}

/* Feeds a published message, after basic.publish, to a reader. */
static enum content_result feed(struct content_reader *reader, struct bytes message)
{
    enum content_result result = amqpext__content_begin(reader, &delivered);

    (void)next_frame(&message);
    while (result == CONTENT_PARTIAL && message.size > 0) {
        const struct frame frame = next_frame(&message);

        assert_true(amqpext__content_is_open(reader));
        result = amqpext__content_add(reader, &frame);
    }
    assert_int_equal(message.size, 0);
    return result;
}

static void message_is_published_in_three_frames(void **state)
{
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"events", "a.b", true, &properties, "body", 4};
    struct message written = publish(&message, FRAME_MAX);
    struct bytes input = {written.data, written.size};
    struct frame frame = next_frame(&input);
    amqp_basic_publish_t *method;
    struct codec_pool pool;
    void *decoded;

    (void)state;
    assert_int_equal(frame.type, FRAME_METHOD);
    assert_int_equal(frame.channel, CHANNEL);
    assert_memory_equal(frame.payload.data, "\0\x3c\0\x28", 4);
    assert_int_equal(amqp_decode_method(AMQP_BASIC_PUBLISH_METHOD, codec_pool_open(&pool),
                                        (amqp_bytes_t){frame.payload.size - 4,
                                                       (char *)(uintptr_t)frame.payload.data + 4},
                                        &decoded),
                     AMQP_STATUS_OK);
    method = decoded;
    assert_true(bytes_equal(bytes_of_codec(method->exchange), bytes_of("events")));
    assert_true(bytes_equal(bytes_of_codec(method->routing_key), bytes_of("a.b")));
    assert_int_equal(method->mandatory, 1);
    assert_int_equal(method->immediate, 0);
    codec_pool_close(&pool);
    frame = next_frame(&input);
    assert_int_equal(frame.type, FRAME_HEADER);
    assert_int_equal(frame.payload.size, 14);
    frame = next_frame(&input);
    assert_int_equal(frame.type, FRAME_BODY);
    assert_true(bytes_equal(frame.payload, bytes_of("body")));
    assert_int_equal(input.size, 0);
    free(written.data);
}

static void room_that_is_too_small_is_left_alone(void **state)
{
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"", "a.b", false, &properties, "body", 4};
    const size_t size = amqpext__publish_size(&message, FRAME_MAX);
    char room[128];

    (void)state;
    memset(room, 'x', sizeof(room));
    assert_int_equal(amqpext__publish_write(room, size - 1, CHANNEL, &message, FRAME_MAX), 0);
    assert_int_equal(room[0], 'x');
    assert_int_equal(amqpext__publish_write(room, sizeof(room), CHANNEL, &message, FRAME_MAX),
                     size);
    assert_int_equal(room[size], 'x');
}

static void header_that_does_not_fit_into_a_frame_is_refused(void **state)
{
    enum { METHOD_SIZE = FRAME_OVERHEAD + 9 };
    static char text[FRAME_MAX];
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"", "", false, &properties, NULL, 0};
    struct amqpext_table *headers;
    char room[2 * FRAME_MAX];
    size_t size;

    (void)state;
    memset(text, 't', sizeof(text));
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    properties.headers = headers;
    for (size = FRAME_MAX - 60; size < FRAME_MAX; size++) {
        const struct amqpext_value value = {AMQPEXT_KIND_TEXT, .as.text = {text, size}};
        const size_t header_size = FRAME_OVERHEAD + 14 + 4 + 2 + 5 + size;
        size_t written;

        assert_int_equal(amqpext_table_set(headers, "n", &value, NULL), AMQPEXT_OK);
        written = amqpext__publish_write(room, sizeof(room), CHANNEL, &message, FRAME_MAX);
        assert_int_equal(written, amqpext__publish_size(&message, FRAME_MAX));
        assert_int_equal(written, header_size > FRAME_MAX ? 0 : METHOD_SIZE + header_size);
    }
    amqpext_table_free(headers);
}

static void body_is_cut_into_frames_at_the_limit(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   FRAME_MAX - FRAME_OVERHEAD - 1,
                                   FRAME_MAX - FRAME_OVERHEAD,
                                   FRAME_MAX - FRAME_OVERHEAD + 1,
                                   2 * (FRAME_MAX - FRAME_OVERHEAD),
                                   MOST_BODY};
    static char body[MOST_BODY];
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    size_t i;

    (void)state;
    for (i = 0; i < MOST_BODY; i++)
        body[i] = (char)(i * 7 % 251);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct publish message = {"", "q", false, &properties, body, sizes[i]};
        struct message written = publish(&message, FRAME_MAX);
        struct bytes input = {written.data, written.size};
        struct content_reader reader = {.max_size = MAX_SIZE};
        struct content *content;

        assert_int_equal(feed(&reader, input), CONTENT_WHOLE);
        content = amqpext__content_take(&reader);
        assert_int_equal(content->body_size, sizes[i]);
        assert_memory_equal(content->body, body, sizes[i]);
        assert_int_equal(content->body[sizes[i]], '\0');
        amqpext__content_free(content);
        while (input.size > 0)
            assert_in_range(next_frame(&input).payload.size, 1, FRAME_MAX - FRAME_OVERHEAD);
        free(written.data);
    }
}

static void content_has_all_that_was_sent_and_belongs_to_itself(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    uint64_t seed = 21;
    unsigned i;

    (void)state;
    properties.content_type = "application/json";
    properties.message_id = "0190";
    properties.delivery_mode = AMQPEXT_PERSISTENT;
    for (i = 0; i < 100; i++) {
        struct amqpext_table *headers = random_table(&seed, 4);
        const struct publish message = {"", "q", false, &properties, "{\"a\": 1}", 8};
        struct content_reader reader = {.max_size = MAX_SIZE};
        struct message written;
        struct content *content;

        properties.headers = headers;
        written = publish(&message, FRAME_MAX);
        assert_int_equal(feed(&reader, (struct bytes){written.data, written.size}), CONTENT_WHOLE);
        content = amqpext__content_take(&reader);
        free(written.data);
        assert_false(amqpext__content_is_open(&reader));
        assert_int_equal(content->method.kind, METHOD_BASIC_DELIVER);
        assert_true(content->method.as.deliver.delivery_tag == 9);
        assert_string_equal(content->method.as.deliver.consumer_tag.data, "ctag");
        assert_string_equal(content->method.as.deliver.exchange.data, "events");
        assert_string_equal(content->method.as.deliver.routing_key.data, "a.b.c");
        assert_string_equal(content->properties.content_type, "application/json");
        assert_string_equal(content->properties.message_id, "0190");
        assert_int_equal(content->properties.delivery_mode, AMQPEXT_PERSISTENT);
        assert_true(tables_equal(content->properties.headers, headers));
        assert_false(content->has_unreadable_headers);
        assert_string_equal(content->body, "{\"a\": 1}");
        amqpext__content_free(content);
        amqpext_table_free(headers);
    }
}

static void returned_message_has_the_reason(void **state)
{
    const struct method returned = {
        .kind = METHOD_BASIC_RETURN,
        .as.returned = {312, {"NO_ROUTE", 8}, {"events", 6}, {"a", 1}},
    };
    const struct frame header = {FRAME_HEADER, CHANNEL, {"\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0", 14}};
    struct content_reader reader = {.max_size = MAX_SIZE};
    struct content *content;

    (void)state;
    assert_int_equal(amqpext__content_begin(&reader, &returned), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &header), CONTENT_WHOLE);
    content = amqpext__content_take(&reader);
    assert_int_equal(content->method.as.returned.reply_code, 312);
    assert_string_equal(content->method.as.returned.reply_text.data, "NO_ROUTE");
    assert_string_equal(content->method.as.returned.exchange.data, "events");
    assert_string_equal(content->method.as.returned.routing_key.data, "a");
    assert_string_equal(content->body, "");
    amqpext__content_free(content);
}

static void frames_that_do_not_belong_here_are_unexpected(void **state)
{
    const struct method ack = {.kind = METHOD_BASIC_ACK};
    const struct frame header = {FRAME_HEADER, CHANNEL, {"\0\x3c\0\0\0\0\0\0\0\0\0\2\0\0", 14}};
    const struct frame body = {FRAME_BODY, CHANNEL, {"x", 1}};
    const struct frame method = {FRAME_METHOD, CHANNEL, {"\0\x3c\0\x50", 4}};
    struct content_reader reader = {.max_size = MAX_SIZE};

    (void)state;
    assert_int_equal(amqpext__content_begin(&reader, &ack), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &header), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_begin(&reader, &delivered), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_begin(&reader, &delivered), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &method), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &header), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &header), CONTENT_UNEXPECTED);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_WHOLE);
    amqpext__content_reset(&reader);
    assert_false(amqpext__content_is_open(&reader));
}

static enum content_result add_header(struct content_reader *reader, const char *data, size_t size)
{
    const struct frame header = {FRAME_HEADER, CHANNEL, {data, size}};
    char *copy = malloc(size + 1);
    struct frame copied = header;
    enum content_result result;

    assert_non_null(copy);
    memcpy(copy, data, size);
    copied.payload.data = copy;
    amqpext__content_reset(reader);
    assert_int_equal(amqpext__content_begin(reader, &delivered), CONTENT_PARTIAL);
    result = amqpext__content_add(reader, &copied);
    free(copy);
    return result;
}

static void header_that_is_none_is_malformed(void **state)
{
    static const char whole[] = "\0\x3c\0\0\0\0\0\0\0\0\0\1\x80\0\4type";
    struct content_reader reader = {.max_size = MAX_SIZE};
    size_t cut;

    (void)state;
    for (cut = 0; cut < sizeof(whole) - 1; cut++)
        assert_int_equal(add_header(&reader, whole, cut), CONTENT_MALFORMED);
    assert_int_equal(add_header(&reader, whole, sizeof(whole) - 1), CONTENT_PARTIAL);
    assert_int_equal(add_header(&reader, "\0\x32\0\0\0\0\0\0\0\0\0\1\0\0", 14), CONTENT_MALFORMED);
    assert_int_equal(add_header(&reader, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\1", 14), CONTENT_MALFORMED);
    amqpext__content_reset(&reader);
}

static void body_beyond_its_size_is_malformed(void **state)
{
    const struct frame body = {FRAME_BODY, CHANNEL, {"xy", 2}};
    const struct frame empty = {FRAME_BODY, CHANNEL, {"", 0}};
    struct content_reader reader = {.max_size = MAX_SIZE};

    (void)state;
    assert_int_equal(add_header(&reader, "\0\x3c\0\0\0\0\0\0\0\0\0\3\0\0", 14), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &empty), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_MALFORMED);
    amqpext__content_reset(&reader);
}

static void message_that_is_too_large_is_read_over(void **state)
{
    const struct frame body = {FRAME_BODY, CHANNEL, {"xy", 2}};
    struct content_reader reader = {.max_size = 3};
    struct content *content;

    (void)state;
    assert_int_equal(add_header(&reader, "\0\x3c\0\0\0\0\0\0\0\0\0\3\0\0", 14), CONTENT_PARTIAL);
    assert_int_equal(add_header(&reader, "\0\x3c\0\0\0\0\0\0\0\0\0\4\0\0", 14), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_PARTIAL);
    assert_int_equal(amqpext__content_add(&reader, &body), CONTENT_TOO_LARGE);
    content = amqpext__content_take(&reader);
    assert_null(content->body);
    assert_int_equal(content->body_size, 4);
    amqpext__content_free(content);
    /* All the bits of the size: nothing is taken for it. */
    assert_int_not_equal(add_header(&reader, "\0\x3c\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0", 14),
                         CONTENT_WHOLE);
    amqpext__content_reset(&reader);
}

static void headers_beyond_the_limits_do_not_stop_the_message(void **state)
{
    const char header[] = "\0\x3c\0\0\0\0\0\0\0\0\0\0\x20\0"
                          "\0\0\0\x0b\1nL\xff\xff\xff\xff\xff\xff\xff\xff";
    struct content_reader reader = {.max_size = MAX_SIZE};

    (void)state;
    assert_int_equal(add_header(&reader, header, sizeof(header) - 1), CONTENT_WHOLE);
    assert_true(reader.content->has_unreadable_headers);
    assert_null(reader.content->properties.headers);
    amqpext__content_reset(&reader);
}

static void messages_are_split_for_smaller_frames(void **state)
{
    static char body[MOST_BODY];
    static const size_t sizes[] = {0, 1, 4088, 4089, 8000, 16376, MOST_BODY};
    static const uint32_t limits[] = {FRAME_MIN_MAX, 5000, 8192, 131072};
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    size_t i;

    (void)state;
    for (i = 0; i < MOST_BODY; i++)
        body[i] = (char)(i * 11 % 253);
    for (i = 0; i < 7 * 4; i++) {
        const struct publish message = {"e", "k", true, &properties, body, sizes[i % 7]};
        struct message large = publish(&message, 131072);
        struct content_reader reader = {.max_size = MAX_SIZE};
        struct text split = {0};
        struct bytes input;

        assert_true(
            amqpext__publish_split((struct bytes){large.data, large.size}, limits[i / 7], &split));
        assert_int_equal(split.data[split.size], '\0');
        input = (struct bytes){split.data, split.size};
        assert_int_equal(feed(&reader, input), CONTENT_WHOLE);
        assert_int_equal(reader.content->body_size, sizes[i % 7]);
        assert_memory_equal(reader.content->body, body, sizes[i % 7]);
        while (input.size > 0)
            assert_true(next_frame(&input).payload.size + FRAME_OVERHEAD <= limits[i / 7]);
        assert_int_equal(split.size, amqpext__publish_size(&message, limits[i / 7]));
        amqpext__content_reset(&reader);
        text_free(&split);
        free(large.data);
    }
}

static void header_that_does_not_fit_the_smaller_frame_is_not_split(void **state)
{
    static char text[FRAME_MIN_MAX];
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"e", "k", true, &properties, "x", 1};
    struct amqpext_table *headers;
    struct text split = {0};
    struct message large;

    (void)state;
    memset(text, 't', sizeof(text) - 1);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "n", text, NULL), AMQPEXT_OK);
    properties.headers = headers;
    large = publish(&message, 8192);
    assert_false(
        amqpext__publish_split((struct bytes){large.data, large.size}, FRAME_MIN_MAX, &split));
    assert_false(amqpext__publish_split((struct bytes){large.data, large.size - 1}, 8192, &split));
    text_free(&split);
    amqpext_table_free(headers);
    free(large.data);
}

static void receive(void *context)
{
    const struct message *message = context;
    struct content_reader reader = {.max_size = MAX_SIZE};
    struct bytes input = {message->data, message->size};
    enum content_result result = amqpext__content_begin(&reader, &delivered);
    struct text split = {0};

    (void)next_frame(&input);
    while (result == CONTENT_PARTIAL && input.size > 0) {
        const struct frame frame = next_frame(&input);

        result = amqpext__content_add(&reader, &frame);
    }
    assert_true(result == CONTENT_WHOLE || result == CONTENT_NO_MEMORY);
    amqpext__content_reset(&reader);
    if (!amqpext__publish_split((struct bytes){message->data, message->size}, FRAME_MIN_MAX,
                                &split))
        assert_true(split.failed);
    text_free(&split);
}

static void receiving_survives_without_memory(void **state)
{
    static char body[MOST_BODY];
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"e", "k", true, &properties, body, sizeof(body)};
    struct amqpext_table *headers;
    struct message written;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "traceparent", "00-1-2-01", NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(headers, "attempt", 2, NULL), AMQPEXT_OK);
    properties.headers = headers;
    written = publish(&message, 131072);
    assert_in_range(oom_for_every_allocation(receive, &written), 3, 50);
    free(written.data);
    amqpext_table_free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_published_in_three_frames),
        cmocka_unit_test(room_that_is_too_small_is_left_alone),
        cmocka_unit_test(header_that_does_not_fit_into_a_frame_is_refused),
        cmocka_unit_test(body_is_cut_into_frames_at_the_limit),
        cmocka_unit_test(content_has_all_that_was_sent_and_belongs_to_itself),
        cmocka_unit_test(returned_message_has_the_reason),
        cmocka_unit_test(frames_that_do_not_belong_here_are_unexpected),
        cmocka_unit_test(header_that_is_none_is_malformed),
        cmocka_unit_test(body_beyond_its_size_is_malformed),
        cmocka_unit_test(message_that_is_too_large_is_read_over),
        cmocka_unit_test(headers_beyond_the_limits_do_not_stop_the_message),
        cmocka_unit_test(messages_are_split_for_smaller_frames),
        cmocka_unit_test(header_that_does_not_fit_the_smaller_frame_is_not_split),
        cmocka_unit_test(receiving_survives_without_memory),
    };

    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
