/*
 * Methods that a client receives, as plain structures: the rest of the library does not know
 * rabbitmq-c, whose decoder reads them. A table inside is checked before anything is built from it.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_METHOD_H
#define AMQPEXT_SRC_PROTOCOL_METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "protocol/frame.h"

enum method_kind {
    METHOD_CONNECTION_START = 1,
    METHOD_CONNECTION_SECURE,
    METHOD_CONNECTION_TUNE,
    METHOD_CONNECTION_OPEN_OK,
    METHOD_CONNECTION_CLOSE,
    METHOD_CONNECTION_CLOSE_OK,
    METHOD_CONNECTION_BLOCKED,
    METHOD_CONNECTION_UNBLOCKED,
    METHOD_CHANNEL_OPEN_OK,
    METHOD_CHANNEL_FLOW,
    METHOD_CHANNEL_CLOSE,
    METHOD_CHANNEL_CLOSE_OK,
    METHOD_EXCHANGE_DECLARE_OK,
    METHOD_EXCHANGE_BIND_OK,
    METHOD_QUEUE_DECLARE_OK,
    METHOD_QUEUE_BIND_OK,
    METHOD_BASIC_QOS_OK,
    METHOD_BASIC_CONSUME_OK,
    METHOD_BASIC_CANCEL,
    METHOD_BASIC_CANCEL_OK,
    METHOD_BASIC_RETURN,
    METHOD_BASIC_DELIVER,
    METHOD_BASIC_ACK,
    METHOD_BASIC_NACK,
    METHOD_CONFIRM_SELECT_OK,
    METHOD_OTHER /* known to the protocol, of no use to a client */
};

/* Texts live in the frame's bytes. */
struct method {
    enum method_kind kind;
    uint16_t channel;
    union {
        struct {
            uint8_t version_major, version_minor;
            struct bytes mechanisms;
            /* Server properties, as far as they are of use. */
            struct bytes product, version;
            bool has_blocked, has_cancel_notify, has_nack, has_confirms;
        } start;
        struct {
            uint16_t channel_max;
            uint32_t frame_max;
            uint16_t heartbeat_s;
        } tune;
        struct {
            uint16_t reply_code;
            struct bytes reply_text;
            uint16_t class_id, method_id; /* of the method that was refused, or 0 */
        } close; /* of connection and channel */
        struct {
            struct bytes reason;
        } blocked;
        struct {
            bool is_active;
        } flow;
        struct {
            struct bytes queue;
            uint32_t message_count, consumer_count;
        } queue_declare_ok;
        struct {
            struct bytes consumer_tag;
        } consume_ok; /* of cancel and cancel-ok too */
        struct {
            uint16_t reply_code;
            struct bytes reply_text, exchange, routing_key;
        } returned;
        struct {
            struct bytes consumer_tag;
            uint64_t delivery_tag;
            bool is_redelivered;
            struct bytes exchange, routing_key;
        } deliver;
        struct {
            uint64_t delivery_tag;
            bool is_multiple;
        } ack; /* of nack too */
    } as;
};

enum method_result { METHOD_READ, METHOD_MALFORMED, METHOD_NO_MEMORY };

/* Reads a frame of type FRAME_METHOD. */
enum method_result amqpext__method_read(const struct frame *frame, struct method *out);

/* The name of a method by its numbers, such as "queue.declare", or "" . A constant string. */
const char *amqpext__method_name(uint16_t class_id, uint16_t method_id);

#endif
