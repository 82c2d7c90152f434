/*
 * The module "amqp", as its parts know it: frames of AMQP 0-9-1 on a channel of bytes, and the
 * methods in them.
 */
#ifndef PROMON_SRC_PROBES_PROBE_AMQP_H
#define PROMON_SRC_PROBES_PROBE_AMQP_H

#include <amqp.h>
#include <amqp_framing.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

/* What a broker may send in one frame; RabbitMQ's own limit. */
enum { PROMON__AMQP_FRAME_BYTES = 131072 };

struct promon__amqp {
    const struct promon_host *host;
    struct promon_target target;
    const char *user, *password, *vhost, *queue; /* queue: NULL: none */
    bool uses_tls, keeps;
    bool is_external; /* the certificate is the login */
    struct promon__secure secure;
    struct promon__channel channel;

    amqp_pool_t pool; /* of the decoded method */
    uint8_t frame[PROMON__AMQP_FRAME_BYTES + 1]; /* the payload of the last one, and its end */
    uint32_t size;
    uint16_t number; /* of the AMQP channel that it is of */
    bool is_in; /* logged in, and not closed */
};

/* Sends a method; `decoded` is of its type. False: there is trouble. */
bool promon__amqp_send(struct promon__amqp *amqp, uint16_t number, amqp_method_number_t method,
                       void *decoded);

/* The next method, heartbeats passed over; 0: there is trouble. */
amqp_method_number_t promon__amqp_receive(struct promon__amqp *amqp);

/*
 * The next method, decoded, which must be this one; it stays until the next is received. When the
 * broker closes the connection or the channel instead, that is answered, and is a trouble. NULL:
 * there is trouble.
 */
void *promon__amqp_expect(struct promon__amqp *amqp, amqp_method_number_t method);

/* It is not of the protocol: trouble, false. */
bool promon__amqp_nonsense(struct promon__amqp *amqp);

/* From the first byte to an open virtual host. False: there is trouble. */
bool promon__amqp_log_in(struct promon__amqp *amqp);

#endif
