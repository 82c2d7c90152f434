/*
 * Replies: what the codes with which a broker closes a connection or a channel mean for us. The
 * only place that knows them.
 */
#ifndef AMQPEXT_SRC_REPLY_H
#define AMQPEXT_SRC_REPLY_H

#include <stdbool.h>

#include <amqpext/status.h>

#include "bytes.h"

enum {
    REPLY_SUCCESS = 200,
    REPLY_FRAME_ERROR = 501,
    REPLY_SYNTAX_ERROR = 502,
    REPLY_COMMAND_INVALID = 503,
    REPLY_CHANNEL_ERROR = 504,
    REPLY_UNEXPECTED_FRAME = 505,
    REPLY_RESOURCE_ERROR = 506,
    REPLY_INTERNAL_ERROR = 541
};

/* What was going on when the reply came; the same code may mean another thing. */
enum reply_stage {
    REPLY_TO_LOGIN, /* user and password have been sent */
    REPLY_TO_OPEN, /* the virtual host has been named */
    REPLY_TO_STEP, /* something is being declared */
    REPLY_LATER
};

enum amqpext_status amqpext__reply_status(int reply_code, enum reply_stage stage);

/* Whether an error of connecting or declaring stays until somebody changes something. */
bool amqpext__reply_is_permanent(enum amqpext_status status);

/* Room for the text of a reply: it is a short string on the wire. */
enum { REPLY_TEXT_SIZE = 256 };

/* Copies text of a peer as one printable line, cut to `size`. */
void amqpext__reply_text(struct bytes text, char *out, size_t size);

#endif
