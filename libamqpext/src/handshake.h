/*
 * Handshake: from the protocol header to an open virtual host, as a machine that is fed with the
 * methods of channel 0 and writes our answers. It does no I/O and keeps no deadline.
 *
 * Order: begin, method until HANDSHAKE_DONE or HANDSHAKE_FAILED; then broker and heartbeat_s hold.
 */
#ifndef AMQPEXT_SRC_HANDSHAKE_H
#define AMQPEXT_SRC_HANDSHAKE_H

#include "endpoint.h"
#include "plan.h"
#include "protocol/method.h"
#include "text.h"

enum handshake_stage {
    HANDSHAKE_STARTING, /* the broker presents itself */
    HANDSHAKE_LOGGING_IN, /* it looks at user and password */
    HANDSHAKE_OPENING, /* and at the virtual host */
    HANDSHAKE_OPEN
};

enum handshake_result { HANDSHAKE_GOES_ON, HANDSHAKE_DONE, HANDSHAKE_FAILED };

struct handshake {
    const struct endpoint *endpoint;
    enum handshake_stage stage;
    struct broker broker;
    unsigned heartbeat_s; /* agreed upon; 0: none */
};

/* The endpoint outlives the handshake. */
void amqpext__handshake_begin(struct handshake *handshake, const struct endpoint *endpoint,
                              struct text *out);

/*
 * Errors:  AMQPEXT_EAUTH, EVHOST, ECONNECTION, EBROKER    the broker's reply.
 *          AMQPEXT_EPROTOCOL, AMQPEXT_ENOMEM
 */
enum handshake_result amqpext__handshake_method(struct handshake *handshake,
                                                const struct method *method, struct text *out,
                                                struct amqpext_error *error);

/* Says what it means that the peer ended the connection in the middle. */
enum amqpext_status amqpext__handshake_ended(const struct handshake *handshake,
                                             struct amqpext_error *error);

#endif
