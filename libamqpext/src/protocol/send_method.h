/*
 * What the writers of methods share; theirs alone.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_SEND_METHOD_H
#define AMQPEXT_SRC_PROTOCOL_SEND_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/codec.h"
#include "text.h"

/*
 * Writes a frame with a method of rabbitmq-c whose arguments take at most `room` bytes; false, and
 * nothing written, when memory ran out.
 */
bool amqpext__send_method(struct text *out, uint16_t channel, uint32_t number, void *method,
                          size_t room);

#endif
