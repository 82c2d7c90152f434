/*
 * Handshake: connection.start to connection.open-ok.
 *
 * Order: the stages of handshake.h, one after the other.
 * Invariant: whatever is written is an answer to the method at hand; the stage only moves forward.
 */
#include "handshake.h"

#include <stdio.h>
#include <string.h>

#include <amqpext/version.h>

#include "error.h"
#include "protocol/send.h"
#include "reply.h"

/* All that we open on a connection is channel 1. */
#define CHANNEL_MAX 1
/* A product or version that is longer is cut. */
#define WORD_SIZE 40

void amqpext__handshake_begin(struct handshake *handshake, const struct endpoint *endpoint,
                              struct text *out)
{
    memset(handshake, 0, sizeof(*handshake));
    handshake->endpoint = endpoint;
    amqpext__send_protocol_header(out);
}

static enum handshake_result fail_protocol(struct amqpext_error *error, const char *what)
{
    amqpext__fail(error, AMQPEXT_EPROTOCOL, "%s", what);
    return HANDSHAKE_FAILED;
}

/* "3.10.8" to 3 and 10; what is no number counts as 0. */
static void read_version(const char *text, unsigned *major, unsigned *minor)
{
    /* More digits than a version has would overflow. */
    enum { DIGITS_MAX = 4 };
    unsigned *const numbers[] = {major, minor};
    size_t i;

    for (i = 0; i < 2; i++) {
        unsigned digits = 0;

        for (; *text >= '0' && *text <= '9' && digits < DIGITS_MAX; text++, digits++)
            *numbers[i] = *numbers[i] * 10 + (unsigned)(*text - '0');
        if (*text != '.')
            return;
        text++;
    }
}

static void note_broker(struct broker *broker, const struct method *start)
{
    char product[WORD_SIZE], version[WORD_SIZE];

    amqpext__reply_text(start->as.start.product, product, sizeof(product));
    amqpext__reply_text(start->as.start.version, version, sizeof(version));
    snprintf(broker->name, sizeof(broker->name), "%.38s%s%.24s", product,
             product[0] != '\0' && version[0] != '\0' ? " " : "", version);
    if (strcmp(product, "RabbitMQ") == 0)
        read_version(version, &broker->major, &broker->minor);
    broker->has_blocked = start->as.start.has_blocked;
    broker->has_cancel_notify = start->as.start.has_cancel_notify;
}

/* Mechanisms are words with a space in between. */
static bool is_offered(struct bytes mechanisms, const char *wanted)
{
    const size_t size = strlen(wanted);
    size_t start = 0, i;

    for (i = 0; i <= mechanisms.size; i++) {
        if (i < mechanisms.size && mechanisms.data[i] != ' ')
            continue;
        if (i - start == size && memcmp(mechanisms.data + start, wanted, size) == 0)
            return true;
        start = i + 1;
    }
    return false;
}

static enum handshake_result log_in(struct handshake *handshake, const struct method *start,
                                    struct text *out, struct amqpext_error *error)
{
    const struct endpoint *endpoint = handshake->endpoint;
    const struct login login = {
        .mechanism = endpoint->tls.external_auth ? "EXTERNAL" : "PLAIN",
        .user = endpoint->user,
        .password = endpoint->password,
        .connection_name = endpoint->name,
        .product_version = amqpext_version(),
    };

    if (start->as.start.version_major != 0 || start->as.start.version_minor != 9)
        return fail_protocol(error, "the peer speaks another version of AMQP than 0-9-1");
    note_broker(&handshake->broker, start);
    if (!is_offered(start->as.start.mechanisms, login.mechanism)) {
        amqpext__fail(error, AMQPEXT_EAUTH, "the broker does not offer to log in by %s",
                      login.mechanism);
        return HANDSHAKE_FAILED;
    }
    if (amqpext__send_start_ok(out, &login) == SEND_TOO_LARGE) {
        amqpext__fail(error, AMQPEXT_EINVALID,
                      "user, password or name of the connection are too "
                      "long");
        return HANDSHAKE_FAILED;
    }
    handshake->stage = HANDSHAKE_LOGGING_IN;
    return HANDSHAKE_GOES_ON;
}

/* 0 of either side means that it does not mind. */
static uint32_t smaller(uint32_t ours, uint32_t theirs)
{
    return theirs == 0 || (ours != 0 && ours < theirs) ? ours : theirs;
}

static enum handshake_result tune(struct handshake *handshake, const struct method *method,
                                  struct text *out, struct amqpext_error *error)
{
    const struct endpoint *endpoint = handshake->endpoint;
    const uint32_t frame_max = smaller(endpoint->frame_max, method->as.tune.frame_max);

    if (frame_max < FRAME_MIN_MAX)
        return fail_protocol(error, "the broker wants smaller frames than AMQP allows");
    handshake->broker.frame_max = frame_max;
    handshake->heartbeat_s = smaller(endpoint->heartbeat_s, method->as.tune.heartbeat_s);
    amqpext__send_tune_ok(out, CHANNEL_MAX, frame_max, (uint16_t)handshake->heartbeat_s);
    amqpext__send_open(out, endpoint->vhost);
    handshake->stage = HANDSHAKE_OPENING;
    return HANDSHAKE_GOES_ON;
}

static enum reply_stage reply_stage(const struct handshake *handshake)
{
    if (handshake->stage == HANDSHAKE_OPENING)
        return REPLY_TO_OPEN;
    return handshake->stage == HANDSHAKE_LOGGING_IN ? REPLY_TO_LOGIN : REPLY_LATER;
}

static enum handshake_result closed(const struct handshake *handshake, const struct method *method,
                                    struct text *out, struct amqpext_error *error)
{
    const enum reply_stage stage = reply_stage(handshake);
    const int code = method->as.close.reply_code;
    const char *what = stage == REPLY_TO_OPEN ? "cannot open the virtual host" : "cannot log in";
    char text[REPLY_TEXT_SIZE];

    amqpext__reply_text(method->as.close.reply_text, text, sizeof(text));
    amqpext__fail_reply(error, amqpext__reply_status(code, stage), code, "%s: %s", what, text);
    amqpext__send_connection_close_ok(out);
    return HANDSHAKE_FAILED;
}

enum handshake_result amqpext__handshake_method(struct handshake *handshake,
                                                const struct method *method, struct text *out,
                                                struct amqpext_error *error)
{
    if (method->kind == METHOD_CONNECTION_CLOSE)
        return closed(handshake, method, out, error);
    if (method->kind == METHOD_CONNECTION_START && handshake->stage == HANDSHAKE_STARTING)
        return log_in(handshake, method, out, error);
    if (method->kind == METHOD_CONNECTION_TUNE && handshake->stage == HANDSHAKE_LOGGING_IN)
        return tune(handshake, method, out, error);
    if (method->kind == METHOD_CONNECTION_OPEN_OK && handshake->stage == HANDSHAKE_OPENING) {
        handshake->stage = HANDSHAKE_OPEN;
        return HANDSHAKE_DONE;
    }
    if (method->kind == METHOD_CONNECTION_SECURE && handshake->stage == HANDSHAKE_LOGGING_IN) {
        amqpext__fail(error, AMQPEXT_EAUTH, "the broker asks for more than user and password");
        return HANDSHAKE_FAILED;
    }
    return fail_protocol(error, "a method that does not belong into the login");
}

enum amqpext_status amqpext__handshake_ended(const struct handshake *handshake,
                                             struct amqpext_error *error)
{
    switch (handshake->stage) {
    case HANDSHAKE_STARTING:
        return amqpext__fail(error, AMQPEXT_ECONNECTION,
                             "the peer closed the connection without presenting itself");
    case HANDSHAKE_LOGGING_IN:
        /* Brokers that know connection.blocked also know how to say that a login failed; older
         * ones just hang up. */
        if (!handshake->broker.has_blocked)
            return amqpext__fail(error, AMQPEXT_EAUTH,
                                 "the peer closed the connection while logging in: user or "
                                 "password may be wrong");
        return amqpext__fail(error, AMQPEXT_ECONNECTION,
                             "the peer closed the connection while logging in");
    case HANDSHAKE_OPENING:
        return amqpext__fail(error, AMQPEXT_ECONNECTION,
                             "the peer closed the connection while opening the virtual host");
    default: return amqpext__fail(error, AMQPEXT_ECONNECTION, "the peer closed the connection");
    }
}
