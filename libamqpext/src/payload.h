/*
 * Payloads: what every built-in serializer asks of a value before it writes it.
 */
#ifndef AMQPEXT_SRC_PAYLOAD_H
#define AMQPEXT_SRC_PAYLOAD_H

#include <jansson.h>

#include <amqpext/status.h>

/*
 * Whether a payload can be written: not deeper than SERIALIZER_DEPTH_MAX, which an object that
 * holds itself is, all text UTF-8, all numbers finite. Errors: AMQPEXT_EENCODE.
 */
enum amqpext_status amqpext__payload_check(const json_t *payload, struct amqpext_error *error);

#endif
