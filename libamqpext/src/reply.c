/*
 * Replies: codes of AMQP 0-9-1 as statuses.
 *
 * Order: none; everything here is a function of its arguments.
 */
#include "reply.h"

#include <stdint.h>

struct meaning {
    uint16_t code;
    enum amqpext_status status;
};

static const struct meaning MEANINGS[] = {
    {311, AMQPEXT_ETOOLARGE}, /* content-too-large */
    {312, AMQPEXT_ERETURNED}, /* no-route */
    {313, AMQPEXT_ERETURNED}, /* no-consumers */
    {320, AMQPEXT_ECONNECTION}, /* connection-forced: an operator, or a broker that stops */
    {402, AMQPEXT_EVHOST}, /* invalid-path */
    {403, AMQPEXT_EACCESS}, /* access-refused */
    {404, AMQPEXT_ENOTFOUND},
    {405, AMQPEXT_ELOCKED}, /* resource-locked */
    {406, AMQPEXT_EPRECONDITION}, /* precondition-failed */
    {REPLY_FRAME_ERROR, AMQPEXT_EPROTOCOL},
    {REPLY_SYNTAX_ERROR, AMQPEXT_EPROTOCOL},
    {REPLY_COMMAND_INVALID, AMQPEXT_EPROTOCOL},
    {REPLY_CHANNEL_ERROR, AMQPEXT_EPROTOCOL},
    {REPLY_UNEXPECTED_FRAME, AMQPEXT_EPROTOCOL},
    /* What the broker lacks, or broke by itself, may be there again a moment later. */
    {REPLY_RESOURCE_ERROR, AMQPEXT_ECONNECTION},
    {REPLY_INTERNAL_ERROR, AMQPEXT_ECONNECTION},
};

enum amqpext_status amqpext__reply_status(int reply_code, enum reply_stage stage)
{
    size_t i;

    if (stage == REPLY_TO_LOGIN && reply_code == 403)
        return AMQPEXT_EAUTH;
    /* RabbitMQ says 530 for a virtual host that is not there and for one that is not for this
     * user; others say what it is. */
    if (stage == REPLY_TO_OPEN && (reply_code == 530 || reply_code == 403 || reply_code == 404))
        return AMQPEXT_EVHOST;
    /* The type of an exchange is unknown: the declaration is wrong, not the wire. */
    if (stage == REPLY_TO_STEP && reply_code == REPLY_COMMAND_INVALID)
        return AMQPEXT_EINVALID;
    for (i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        if (MEANINGS[i].code == reply_code)
            return MEANINGS[i].status;
    }
    return AMQPEXT_EBROKER;
}

bool amqpext__reply_is_permanent(enum amqpext_status status)
{
    switch (status) {
    case AMQPEXT_EINVALID:
    case AMQPEXT_ETOOLARGE:
    case AMQPEXT_EAUTH:
    case AMQPEXT_EVHOST:
    case AMQPEXT_ETLS:
    case AMQPEXT_EACCESS:
    case AMQPEXT_ENOTFOUND:
    case AMQPEXT_ELOCKED:
    case AMQPEXT_EPRECONDITION:
    case AMQPEXT_EBROKER: return true;
    default: return false;
    }
}

void amqpext__reply_text(struct bytes text, char *out, size_t size)
{
    const size_t n = text.size < size ? text.size : size - 1;
    size_t i;

    for (i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text.data[i];

        out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    out[n] = '\0';
}
