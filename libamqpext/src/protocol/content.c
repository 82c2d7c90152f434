/*
 * Contents: what comes in several frames, put together in one arena.
 *
 * Order: begin, add until the result is CONTENT_WHOLE, take; reset at any time.
 * Invariant: memory for a body is taken once, when its header has said its size and that size is
 * allowed; no frame writes beyond it.
 */
#include "protocol/content.h"

#include "protocol/properties_codec.h"
#include "protocol/wire.h"

#define CLASS_BASIC 60

void amqpext__content_free(struct content *content)
{
    struct arena arena;

    if (content == NULL)
        return;
    arena = content->arena;
    arena_free(&arena);
}

void amqpext__content_reset(struct content_reader *reader)
{
    amqpext__content_free(reader->content);
    (void)amqpext__content_take(reader);
}

struct content *amqpext__content_take(struct content_reader *reader)
{
    struct content *content = reader->content;

    reader->content = NULL;
    reader->received = 0;
    reader->has_header = false;
    return content;
}

bool amqpext__content_is_open(const struct content_reader *reader)
{
    return reader->content != NULL;
}

static bool copy_bytes(struct arena *arena, struct bytes *bytes)
{
    bytes->data = arena_copy(arena, bytes->data, bytes->size);
    return bytes->data != NULL;
}

static bool copy_texts(struct arena *arena, struct method *method)
{
    if (method->kind == METHOD_BASIC_RETURN)
        return copy_bytes(arena, &method->as.returned.reply_text) &&
               copy_bytes(arena, &method->as.returned.exchange) &&
               copy_bytes(arena, &method->as.returned.routing_key);
    return copy_bytes(arena, &method->as.deliver.consumer_tag) &&
           copy_bytes(arena, &method->as.deliver.exchange) &&
           copy_bytes(arena, &method->as.deliver.routing_key);
}

enum content_result amqpext__content_begin(struct content_reader *reader,
                                           const struct method *method)
{
    struct arena arena = {0};
    struct content *content;

    if (reader->content != NULL ||
        (method->kind != METHOD_BASIC_DELIVER && method->kind != METHOD_BASIC_RETURN))
        return CONTENT_UNEXPECTED;
    content = arena_zeroed(&arena, 1, sizeof(*content));
    if (content == NULL)
        return CONTENT_NO_MEMORY;
    content->method = *method;
    if (!copy_texts(&arena, &content->method)) {
        arena_free(&arena);
        return CONTENT_NO_MEMORY;
    }
    content->arena = arena;
    reader->content = content;
    return CONTENT_PARTIAL;
}

static enum content_result take_body_room(struct content *content, uint64_t size, size_t max_size)
{
    if (size >= SIZE_MAX)
        return CONTENT_MALFORMED;
    content->body_size = (size_t)size;
    /* The rest of it has to be read all the same: only then comes what follows. */
    if (size > max_size)
        return CONTENT_PARTIAL;
    content->body = arena_alloc(&content->arena, (size_t)size + 1);
    if (content->body == NULL)
        return CONTENT_NO_MEMORY;
    content->body[size] = '\0';
    return size == 0 ? CONTENT_WHOLE : CONTENT_PARTIAL;
}

static enum content_result add_header(struct content_reader *reader, struct bytes payload)
{
    struct wire_reader wire = wire_reader_of(payload);
    struct content *content = reader->content;
    const uint16_t class_id = wire_get_16(&wire);
    const uint16_t weight = wire_get_16(&wire);
    const uint64_t body_size = wire_get_64(&wire);

    (void)weight;
    if (wire.failed || class_id != CLASS_BASIC)
        return CONTENT_MALFORMED;
    reader->has_header = true;
    switch (amqpext__properties_read((struct bytes){wire.at, wire.left}, &content->arena,
                                     &content->properties, &content->has_unreadable_headers)) {
    case PROPERTIES_READ: break;
    case PROPERTIES_MALFORMED: return CONTENT_MALFORMED;
    case PROPERTIES_NO_MEMORY: return CONTENT_NO_MEMORY;
    }
    return take_body_room(content, body_size, reader->max_size);
}

static enum content_result add_body(struct content_reader *reader, struct bytes payload)
{
    struct content *content = reader->content;

    if (payload.size > content->body_size - reader->received)
        return CONTENT_MALFORMED;
    if (payload.size != 0 && content->body != NULL)
        memcpy(content->body + reader->received, payload.data, payload.size);
    reader->received += payload.size;
    if (reader->received < content->body_size)
        return CONTENT_PARTIAL;
    return content->body == NULL ? CONTENT_TOO_LARGE : CONTENT_WHOLE;
}

enum content_result amqpext__content_add(struct content_reader *reader, const struct frame *frame)
{
    if (reader->content == NULL)
        return CONTENT_UNEXPECTED;
    if (frame->type == FRAME_HEADER && !reader->has_header)
        return add_header(reader, frame->payload);
    if (frame->type == FRAME_BODY && reader->has_header)
        return add_body(reader, frame->payload);
    return CONTENT_UNEXPECTED;
}
