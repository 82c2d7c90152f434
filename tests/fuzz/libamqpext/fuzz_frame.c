/*
 * What a server sends, after a byte that sets the limits: frames, methods and contents are read as
 * the link reads them, until something is malformed. A message that is whole must be the same when
 * it is published and received once more.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/content.h"
#include "protocol/properties_codec.h"
#include "protocol/send.h"

#define FRAME_MAX 131072

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* A copy, so that the sanitizers see a text that lies elsewhere. */
static void touch(struct bytes bytes)
{
    struct arena arena = {0};

    check(arena_copy(&arena, bytes.data, bytes.size) != NULL);
    arena_free(&arena);
}

static void touch_texts(const struct method *method)
{
    if (method->kind == METHOD_CONNECTION_START) {
        touch(method->as.start.mechanisms);
        touch(method->as.start.product);
        touch(method->as.start.version);
    }
    if (method->kind == METHOD_CONNECTION_CLOSE || method->kind == METHOD_CHANNEL_CLOSE)
        touch(method->as.close.reply_text);
    if (method->kind == METHOD_CONNECTION_BLOCKED)
        touch(method->as.blocked.reason);
    if (method->kind == METHOD_QUEUE_DECLARE_OK)
        touch(method->as.queue_declare_ok.queue);
}

static void check_again(const struct properties_layout *layout, struct bytes written)
{
    struct amqpext_properties again;
    struct properties_layout layout_again;
    struct arena arena = {0};
    bool has_unreadable_headers;
    char *bytes = malloc(layout->size);

    check(bytes != NULL);
    check(amqpext__properties_read(written, &arena, &again, &has_unreadable_headers) ==
          PROPERTIES_READ);
    check(!has_unreadable_headers);
    amqpext__properties_measure(&again, &layout_again);
    check(layout_again.size == layout->size);
    check(amqpext__properties_write(bytes, &again, &layout_again) == bytes + layout->size);
    check(memcmp(bytes, written.data, layout->size) == 0);
    free(bytes);
    arena_free(&arena);
}

static void check_properties(const struct amqpext_properties *properties)
{
    struct properties_layout layout;
    char *bytes;

    amqpext__properties_measure(properties, &layout);
    bytes = malloc(layout.size);
    check(bytes != NULL);
    check(amqpext__properties_write(bytes, properties, &layout) == bytes + layout.size);
    check_again(&layout, (struct bytes){bytes, layout.size});
    free(bytes);
}

static void check_published(const struct content *content)
{
    const struct publish publish = {
        "", "", false, &content->properties, content->body, content->body_size};
    const size_t room = amqpext__publish_size(&publish, FRAME_MAX);
    struct text split = {0};
    char *bytes = malloc(room + 1);

    check(bytes != NULL);
    check(amqpext__publish_write(bytes, room, 1, &publish, FRAME_MAX) == room);
    if (amqpext__publish_split((struct bytes){bytes, room}, FRAME_MIN_MAX, &split))
        check(split.size >= room);
    text_free(&split);
    free(bytes);
}

static void check_content(const struct content *content)
{
    check(content->body == NULL || content->body[content->body_size] == '\0');
    check(!content->has_unreadable_headers || content->properties.headers == NULL);
    check_properties(&content->properties);
    if (content->body != NULL)
        check_published(content);
}

static bool take_method(struct content_reader *reader, const struct frame *frame)
{
    struct method method;

    if (amqpext__method_read(frame, &method) != METHOD_READ)
        return false;
    touch_texts(&method);
    if (method.kind == METHOD_BASIC_DELIVER || method.kind == METHOD_BASIC_RETURN)
        return amqpext__content_begin(reader, &method) == CONTENT_PARTIAL;
    return !amqpext__content_is_open(reader);
}

static bool take_content(struct content_reader *reader, const struct frame *frame)
{
    const enum content_result result = amqpext__content_add(reader, frame);
    struct content *content;

    if (result != CONTENT_WHOLE && result != CONTENT_TOO_LARGE)
        return result == CONTENT_PARTIAL;
    content = amqpext__content_take(reader);
    check_content(content);
    amqpext__content_free(content);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct content_reader reader = {.max_size = size == 0 ? 0 : (size_t)data[0] << 8};
    struct bytes input = {(const char *)data + 1, size == 0 ? 0 : size - 1};
    struct frame frame;
    size_t consumed = 0;
    bool goes_on = true;

    while (goes_on && amqpext__frame_read(input, FRAME_MAX, &frame, &consumed) == FRAME_WHOLE) {
        check(consumed <= input.size && frame.payload.size + FRAME_OVERHEAD == consumed);
        if (frame.type == FRAME_METHOD)
            goes_on = take_method(&reader, &frame);
        else if (frame.type != FRAME_HEARTBEAT)
            goes_on = take_content(&reader, &frame);
        input.data += consumed;
        input.size -= consumed;
    }
    amqpext__content_reset(&reader);
    return 0;
}
