/*
 * Flags of the properties of a message, from the first bit of the flags to the last.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_PROPERTIES_FLAGS_H
#define AMQPEXT_SRC_PROTOCOL_PROPERTIES_FLAGS_H

enum properties_flag {
    FLAG_CONTENT_TYPE = 1 << 15,
    FLAG_CONTENT_ENCODING = 1 << 14,
    FLAG_HEADERS = 1 << 13,
    FLAG_DELIVERY_MODE = 1 << 12,
    FLAG_PRIORITY = 1 << 11,
    FLAG_CORRELATION_ID = 1 << 10,
    FLAG_REPLY_TO = 1 << 9,
    FLAG_EXPIRATION = 1 << 8,
    FLAG_MESSAGE_ID = 1 << 7,
    FLAG_TIMESTAMP = 1 << 6,
    FLAG_TYPE = 1 << 5,
    FLAG_USER_ID = 1 << 4,
    FLAG_APP_ID = 1 << 3,
    FLAG_CLUSTER_ID = 1 << 2, /* reserved, and of no use */
    FLAG_MORE = 1 /* another word of flags follows: no message has so many properties */
};

#endif
