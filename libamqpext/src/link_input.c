/*
 * Link: input: bytes of the stream to frames, and frames to whom they concern.
 *
 * Order: amqpext__link_input whenever there may be something to read.
 * Invariant: the buffer holds at most one frame that is not whole; it grows to the size of the
 * largest frame that was agreed upon, and no further.
 */
#include "link_core.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "reply.h"

/* Hundreds of confirms or deliveries of ordinary size per system call. */
#define FIRST_CAPACITY ((size_t)64 * 1024)

/* Room behind what is there; false without memory. */
static bool make_room(struct link_input *input)
{
    const size_t size = input->end - input->start;
    size_t capacity = input->capacity == 0 ? FIRST_CAPACITY : input->capacity;
    char *data;

    if (size != 0 && input->start != 0 && input->capacity - input->end < input->capacity / 2)
        memmove(input->data, input->data + input->start, size);
    else if (size != 0 && input->end < input->capacity)
        return true;
    else if (size == input->capacity && size != 0)
        capacity *= 2;
    input->start = 0;
    input->end = size;
    if (capacity == input->capacity)
        return true;
    data = realloc(input->data, capacity);
    if (data == NULL)
        return false;
    input->data = data;
    input->capacity = capacity;
    return true;
}

void amqpext__link_input_free(struct link *link)
{
    free(link->input.data);
    memset(&link->input, 0, sizeof(link->input));
}

/* False: the connection was given up. */
static bool read_method(struct link *link, const struct frame *frame, struct method *method)
{
    switch (amqpext__method_read(frame, method)) {
    case METHOD_READ: return true;
    case METHOD_MALFORMED:
        amqpext__link_lose_protocol(link, REPLY_SYNTAX_ERROR, "the peer sent a malformed method");
        return false;
    case METHOD_NO_MEMORY: amqpext__link_lose_memory(link); return false;
    }
    return false;
}

static void take_login(struct link *link, const struct frame *frame)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct method method;

    if (frame->type != FRAME_METHOD || frame->channel != 0) {
        amqpext__link_lose_protocol(link, REPLY_UNEXPECTED_FRAME,
                                    "the peer sent a frame that does not belong into a login");
        return;
    }
    if (!read_method(link, frame, &method))
        return;
    switch (amqpext__handshake_method(&link->handshake, &method, &link->output.control, &error)) {
    case HANDSHAKE_GOES_ON: return;
    case HANDSHAKE_DONE:
        amqpext__log(&link->endpoint, AMQPEXT_LOG_INFO,
                     "%s: connected to %s, virtual host '%s', heartbeat %u s", link->host->text,
                     link->handshake.broker.name, link->endpoint.vhost,
                     link->handshake.heartbeat_s);
        heartbeat_begin(&link->heartbeat, link->handshake.heartbeat_s, link->now_us);
        amqpext__link_channel_open(link);
        return;
    case HANDSHAKE_FAILED:
        amqpext__link_farewell(link);
        amqpext__link_lose(link, COUNT_LOST_BY_PEER, &error);
    }
}

static void block(struct link *link, const struct method *method)
{
    char text[REPLY_TEXT_SIZE];

    if (atomic_load(&link->is_blocked))
        return;
    if (!amqpext__link_absorb(link)) {
        amqpext__link_lose_memory(link);
        return;
    }
    atomic_store(&link->blocked_since_us, link->now_us);
    atomic_store(&link->is_blocked, true);
    link_count(link, COUNT_BLOCKED, 1);
    amqpext__reply_text(method->as.blocked.reason, text, sizeof(text));
    memset(&link->blocked_error, 0, sizeof(link->blocked_error));
    amqpext__fail(&link->blocked_error, AMQPEXT_EBLOCKED, "the broker takes no messages: %s", text);
    if (link->phase == PHASE_READY)
        amqpext__link_tell_blocked(link);
}

static void unblock(struct link *link)
{
    if (!atomic_load(&link->is_blocked))
        return;
    amqpext__link_forget_blocked(link);
    amqpext__link_tell_unblocked(link);
}

/* Channel 0, logged in. */
static void take_connection(struct link *link, const struct frame *frame)
{
    struct method method;

    if (frame->type != FRAME_METHOD) {
        amqpext__link_lose_protocol(link, REPLY_UNEXPECTED_FRAME,
                                    "the peer sent a message on channel 0");
        return;
    }
    if (!read_method(link, frame, &method))
        return;
    switch (method.kind) {
    case METHOD_CONNECTION_CLOSE: amqpext__link_closed(link, &method); return;
    case METHOD_CONNECTION_BLOCKED: block(link, &method); return;
    case METHOD_CONNECTION_UNBLOCKED: unblock(link); return;
    default:
        amqpext__link_lose_protocol(link, REPLY_COMMAND_INVALID,
                                    "the peer sent a method that does not belong on channel 0");
    }
}

/* A message is whole, with or without its body. */
static void take_content(struct link *link, bool is_too_large)
{
    struct content *content = amqpext__content_take(&link->content);
    bool is_expected;

    if (is_too_large) {
        amqpext__log(&link->endpoint, AMQPEXT_LOG_ERROR,
                     "%s: a message of %zu bytes is larger than max_message_bytes, %zu",
                     link->host->text, content->body_size, link->content.max_size);
        is_expected = link->owner->too_large != NULL
                          ? link->owner->too_large(link->data, content)
                          : link->owner->method(link->data, &content->method);
        amqpext__content_free(content);
    } else {
        is_expected = link->owner->content(link->data, content);
    }
    if (is_expected)
        amqpext__link_obey(link);
    else
        amqpext__link_lose_protocol(link, REPLY_COMMAND_INVALID,
                                    "the peer sent a message that was not expected");
}

static void add_content(struct link *link, enum content_result result)
{
    switch (result) {
    case CONTENT_PARTIAL: return;
    case CONTENT_WHOLE: take_content(link, false); return;
    case CONTENT_TOO_LARGE: take_content(link, true); return;
    case CONTENT_UNEXPECTED:
        amqpext__link_lose_protocol(link, REPLY_UNEXPECTED_FRAME,
                                    "the peer sent a part of a message out of order");
        return;
    case CONTENT_MALFORMED:
        amqpext__link_lose_protocol(link, REPLY_SYNTAX_ERROR, "the peer sent a malformed message");
        return;
    case CONTENT_NO_MEMORY: amqpext__link_lose_memory(link); return;
    }
}

static void take_channel(struct link *link, const struct frame *frame)
{
    struct method method;

    /* What was on its way when we closed the channel. */
    if (link->phase == PHASE_CHANNEL_CLOSING && frame->type != FRAME_METHOD)
        return;
    if (frame->type != FRAME_METHOD) {
        add_content(link, amqpext__content_add(&link->content, frame));
        return;
    }
    if (!read_method(link, frame, &method))
        return;
    if (amqpext__content_is_open(&link->content) && method.kind != METHOD_CHANNEL_CLOSE)
        add_content(link, CONTENT_UNEXPECTED);
    else if (link->phase == PHASE_READY &&
             (method.kind == METHOD_BASIC_DELIVER || method.kind == METHOD_BASIC_RETURN))
        add_content(link, amqpext__content_begin(&link->content, &method));
    else
        amqpext__link_channel_method(link, &method);
}

/* Our connection.close is under way: nothing but its answer matters, or that the peer goes too. */
static void take_closing(struct link *link, const struct frame *frame)
{
    struct method method;

    if (frame->type != FRAME_METHOD || frame->channel != 0 || !read_method(link, frame, &method))
        return;
    if (method.kind == METHOD_CONNECTION_CLOSE)
        amqpext__link_closed(link, &method);
    else if (method.kind == METHOD_CONNECTION_CLOSE_OK)
        amqpext__link_over(link);
}

static void take_frame(struct link *link, const struct frame *frame)
{
    if (frame->type == FRAME_HEARTBEAT)
        return;
    if (link->phase == PHASE_LOGIN)
        take_login(link, frame);
    else if (link->phase == PHASE_CLOSING)
        take_closing(link, frame);
    else if (frame->channel == 0)
        take_connection(link, frame);
    else if (frame->channel == LINK_CHANNEL)
        take_channel(link, frame);
    else
        amqpext__link_lose_protocol(link, REPLY_CHANNEL_ERROR,
                                    "the peer sent a frame on a channel that is not open");
}

static uint32_t frame_max(const struct link *link)
{
    const uint32_t agreed = link->handshake.broker.frame_max;

    return agreed != 0 ? agreed : link->endpoint.frame_max;
}

/* Takes the whole frames; false when there is none any more, or no connection. */
static bool take_next(struct link *link)
{
    struct link_input *input = &link->input;
    const struct bytes rest = {input->data + input->start, input->end - input->start};
    struct frame frame;
    size_t consumed;

    switch (amqpext__frame_read(rest, frame_max(link), &frame, &consumed)) {
    case FRAME_PARTIAL: return false;
    case FRAME_WHOLE:
        input->start += consumed;
        take_frame(link, &frame);
        return link->stream != NULL;
    case FRAME_OTHER_VERSION:
        amqpext__link_lose_protocol(link, REPLY_FRAME_ERROR,
                                    "the peer speaks another version of AMQP than 0-9-1");
        return false;
    case FRAME_MALFORMED: break;
    }
    amqpext__link_lose_protocol(link, REPLY_FRAME_ERROR,
                                link->phase == PHASE_LOGIN ? "the peer does not speak AMQP"
                                                           : "the peer sent a malformed frame");
    return false;
}

static void lose_end(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (link->phase == PHASE_LOGIN)
        amqpext__handshake_ended(&link->handshake, &error);
    else
        amqpext__fail(&error, AMQPEXT_ECONNECTION, "the peer closed the connection");
    amqpext__link_lose(link, COUNT_LOST_BY_PEER, &error);
}

void amqpext__link_input(struct link *link)
{
    struct link_input *input = &link->input;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    size_t room, n;

    if (!make_room(input)) {
        amqpext__link_lose_memory(link);
        return;
    }
    room = input->capacity - input->end;
    link_count(link, COUNT_READS, 1);
    switch (amqpext__stream_read(link->stream, input->data + input->end, room, &n, &error)) {
    case STREAM_WAIT: return;
    case STREAM_END: lose_end(link); return;
    case STREAM_FAILED: amqpext__link_lose(link, COUNT_LOST_BY_NETWORK, &error); return;
    case STREAM_MOVED: break;
    }
    link_count(link, COUNT_BYTES_IN, n);
    link->heartbeat.heard_us = link->now_us;
    input->end += n;
    while (take_next(link))
        continue;
}
