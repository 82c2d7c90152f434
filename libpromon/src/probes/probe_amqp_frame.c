/*
 * Frames of AMQP: type, channel, size, payload, an end that is always the same. What methods are
 * made of is librabbitmq's knowledge; its own sockets are not used, because their deadlines begin
 * anew with each step.
 */
#include <string.h>

#include "probe_amqp.h"

enum { HEAD_BYTES = 7, METHOD_BYTES = 4, OUT_BYTES = 4096 };

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static void put_number(uint8_t *out, uint32_t number)
{
    out[0] = (uint8_t)(number >> 24);
    out[1] = (uint8_t)(number >> 16);
    out[2] = (uint8_t)(number >> 8);
    out[3] = (uint8_t)number;
}

bool promon__amqp_nonsense(struct promon__amqp *amqp)
{
    return promon__channel_trouble(&amqp->channel, PROMON_REASON_PROTOCOL,
                                   "the answer is not one of AMQP 0-9-1");
}

bool promon__amqp_send(struct promon__amqp *amqp, uint16_t number, amqp_method_number_t method,
                       void *decoded)
{
    uint8_t out[OUT_BYTES];
    amqp_bytes_t room = {.bytes = out + HEAD_BYTES + METHOD_BYTES,
                         .len = sizeof(out) - HEAD_BYTES - METHOD_BYTES - 1};
    const int size = amqp_encode_method(method, decoded, room);

    if (size < 0)
        return promon__channel_trouble(&amqp->channel, PROMON_REASON_INTERNAL,
                                       "a parameter is too long for AMQP");
    out[0] = AMQP_FRAME_METHOD;
    out[1] = (uint8_t)(number >> 8);
    out[2] = (uint8_t)number;
    put_number(out + 3, (uint32_t)size + METHOD_BYTES);
    put_number(out + HEAD_BYTES, method);
    out[HEAD_BYTES + METHOD_BYTES + size] = AMQP_FRAME_END;
    return promon__channel_send(&amqp->channel, out, HEAD_BYTES + METHOD_BYTES + (size_t)size + 1);
}

static bool receive_frame(struct promon__amqp *amqp, uint8_t *type)
{
    uint8_t head[HEAD_BYTES];

    if (!promon__channel_read(&amqp->channel, head, 1))
        return false;
    /* A broker of another version tells its own, "AMQP…", and hangs up. */
    if (head[0] != AMQP_FRAME_METHOD && head[0] != AMQP_FRAME_HEARTBEAT)
        return promon__amqp_nonsense(amqp);
    if (!promon__channel_read(&amqp->channel, head + 1, sizeof(head) - 1))
        return false;
    amqp->number = (uint16_t)(head[1] << 8 | head[2]);
    amqp->size = number_at(head + 3);
    if (amqp->size > PROMON__AMQP_FRAME_BYTES)
        return promon__amqp_nonsense(amqp);
    if (!promon__channel_read(&amqp->channel, amqp->frame, amqp->size + 1))
        return false;
    *type = head[0];
    return amqp->frame[amqp->size] == AMQP_FRAME_END || promon__amqp_nonsense(amqp);
}

amqp_method_number_t promon__amqp_receive(struct promon__amqp *amqp)
{
    uint8_t type;

    do {
        if (!receive_frame(amqp, &type))
            return 0;
    } while (type == AMQP_FRAME_HEARTBEAT);
    if (amqp->size < METHOD_BYTES)
        return (amqp_method_number_t)promon__amqp_nonsense(amqp);
    return number_at(amqp->frame);
}

static void *decode(struct promon__amqp *amqp, amqp_method_number_t method)
{
    const amqp_bytes_t encoded = {.bytes = amqp->frame + METHOD_BYTES,
                                  .len = amqp->size - METHOD_BYTES};
    void *decoded = NULL;
    int status;

    recycle_amqp_pool(&amqp->pool);
    status = amqp_decode_method(method, &amqp->pool, encoded, &decoded);
    if (status == AMQP_STATUS_OK)
        return decoded;
    if (status == AMQP_STATUS_NO_MEMORY)
        (void)promon__channel_trouble(&amqp->channel, PROMON_REASON_INTERNAL, "out of memory");
    (void)promon__amqp_nonsense(amqp);
    return NULL;
}

/* 530: the virtual host is not there, or not for this user. */
static enum promon_reason reason_of(int code)
{
    switch (code) {
    case AMQP_ACCESS_REFUSED:
    case AMQP_NOT_ALLOWED: return PROMON_REASON_AUTH;
    case AMQP_FRAME_ERROR:
    case AMQP_SYNTAX_ERROR:
    case AMQP_COMMAND_INVALID:
    case AMQP_CHANNEL_ERROR:
    case AMQP_UNEXPECTED_FRAME: return PROMON_REASON_PROTOCOL;
    default: return PROMON_REASON_STATUS;
    }
}

static void tell_refusal(struct promon__amqp *amqp, int code, amqp_bytes_t text)
{
    (void)promon__channel_trouble(&amqp->channel, reason_of(code), "%d %.*s", code, (int)text.len,
                                  (const char *)text.bytes);
}

static void refuse_connection(struct promon__amqp *amqp)
{
    const amqp_connection_close_t *close = decode(amqp, AMQP_CONNECTION_CLOSE_METHOD);
    amqp_connection_close_ok_t answer = {.dummy = 0};

    if (close == NULL)
        return;
    tell_refusal(amqp, close->reply_code, close->reply_text);
    amqp->is_in = false;
    (void)promon__amqp_send(amqp, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer);
}

static void refuse_channel(struct promon__amqp *amqp)
{
    const amqp_channel_close_t *close = decode(amqp, AMQP_CHANNEL_CLOSE_METHOD);
    amqp_channel_close_ok_t answer = {.dummy = 0};

    if (close == NULL)
        return;
    tell_refusal(amqp, close->reply_code, close->reply_text);
    (void)promon__amqp_send(amqp, amqp->number, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer);
}

void *promon__amqp_expect(struct promon__amqp *amqp, amqp_method_number_t method)
{
    const amqp_method_number_t received = promon__amqp_receive(amqp);

    if (received == 0)
        return NULL;
    if (received == method)
        return decode(amqp, method);
    if (received == AMQP_CONNECTION_CLOSE_METHOD)
        refuse_connection(amqp);
    else if (received == AMQP_CHANNEL_CLOSE_METHOD)
        refuse_channel(amqp);
    else
        (void)promon__amqp_nonsense(amqp);
    return NULL;
}
