/*
 * Properties that a program wants to send.
 */
#ifndef AMQPEXT_SRC_PROPERTIES_H
#define AMQPEXT_SRC_PROPERTIES_H

#include <amqpext/properties.h>

/* Longest text on the wire whose length is one byte: names, routing keys, most properties. */
enum { SHORT_TEXT_MAX = 255 };

/*
 * Whether a broker can be given these properties, whose size has been taken care of. Errors:
 * AMQPEXT_EINVALID.
 */
enum amqpext_status amqpext__properties_check(const struct amqpext_properties *properties,
                                              struct amqpext_error *error);

#endif
