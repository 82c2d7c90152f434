/*
 * Methods that a client sends, written as whole frames into a text, whose failure flag tells when
 * memory ran out. Names must have been checked for their 255 bytes before.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_SEND_H
#define AMQPEXT_SRC_PROTOCOL_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include <amqpext/properties.h>
#include <amqpext/topology.h>

#include "bytes.h"
#include "text.h"

/* Whether a table did not fit into a frame of frame_max: nothing was written then. */
enum send_result { SEND_WRITTEN, SEND_TOO_LARGE, SEND_NO_MEMORY };

struct login {
    const char *mechanism; /* "PLAIN" or "EXTERNAL" */
    const char *user, *password;
    const char *connection_name;
    const char *product_version; /* of this library */
};

void amqpext__send_protocol_header(struct text *out);
/* With the capabilities blocked, consumer cancel, nack, confirms, authentication failure close. */
enum send_result amqpext__send_start_ok(struct text *out, const struct login *login);
void amqpext__send_tune_ok(struct text *out, uint16_t channel_max, uint32_t frame_max,
                           uint16_t heartbeat_s);
void amqpext__send_open(struct text *out, const char *vhost);
void amqpext__send_connection_close(struct text *out, uint16_t reply_code, const char *reply_text);
void amqpext__send_connection_close_ok(struct text *out);
void amqpext__send_heartbeat(struct text *out);
void amqpext__send_channel_open(struct text *out, uint16_t channel);
void amqpext__send_channel_close(struct text *out, uint16_t channel, uint16_t reply_code,
                                 const char *reply_text);
void amqpext__send_channel_close_ok(struct text *out, uint16_t channel);
void amqpext__send_channel_flow_ok(struct text *out, uint16_t channel, bool is_active);
void amqpext__send_confirm_select(struct text *out, uint16_t channel);

enum send_result amqpext__send_exchange_declare(struct text *out, uint16_t channel,
                                                const struct amqpext_exchange *exchange,
                                                uint32_t frame_max);
/* `arguments` in place of those of the queue, which its members have been merged into. */
enum send_result amqpext__send_queue_declare(struct text *out, uint16_t channel,
                                             const struct amqpext_queue *queue,
                                             const struct amqpext_table *arguments,
                                             uint32_t frame_max);
/* `queue`: the name to bind where the binding names none. */
enum send_result amqpext__send_bind(struct text *out, uint16_t channel,
                                    const struct amqpext_binding *binding, const char *queue,
                                    uint32_t frame_max);

void amqpext__send_qos(struct text *out, uint16_t channel, uint16_t prefetch_count,
                       uint32_t prefetch_size);

struct consume {
    const char *queue;
    const char *consumer_tag; /* "" lets the broker choose */
    bool no_ack;
    bool exclusive;
    const struct amqpext_table *arguments;
};

enum send_result amqpext__send_consume(struct text *out, uint16_t channel,
                                       const struct consume *consume, uint32_t frame_max);
void amqpext__send_cancel(struct text *out, uint16_t channel, const char *consumer_tag);
void amqpext__send_ack(struct text *out, uint16_t channel, uint64_t delivery_tag, bool multiple);
void amqpext__send_nack(struct text *out, uint16_t channel, uint64_t delivery_tag, bool multiple,
                        bool requeue);
void amqpext__send_reject(struct text *out, uint16_t channel, uint64_t delivery_tag, bool requeue);

/* A message to publish. The strings of its properties are not longer than 255 bytes. */
struct publish {
    const char *exchange;
    const char *routing_key;
    bool mandatory;
    const struct amqpext_properties *properties; /* as they go out: nothing is added */
    const void *body;
    size_t body_size;
};

/*
 * Room that a message takes on the wire, or 0 when its properties do not fit into a frame of
 * frame_max; and the same written, method, header and body frames in one piece, so that a message
 * is whole or not there. `out` has at least that room. Fast: called once per message.
 */
size_t amqpext__publish_size(const struct publish *publish, uint32_t frame_max);
size_t amqpext__publish_write(char *out, size_t room, uint16_t channel,
                              const struct publish *publish, uint32_t frame_max);

/*
 * Frames of a message, written for one frame_max, once more for a smaller one: body frames are
 * split again. Returns false when the header does not fit or memory ran out.
 */
bool amqpext__publish_split(struct bytes message, uint32_t frame_max, struct text *out);

#endif
