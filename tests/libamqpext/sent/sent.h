/*
 * What was sent, read back by rabbitmq-c's decoder.
 */
#ifndef TEST_SENT_H
#define TEST_SENT_H

#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/send.h"

enum { SENT_CHANNEL = 5, SENT_FRAME_MAX = 4096, SENT_BEFORE = 6 };

/* What is sent, and the method that was found in it. */
struct sent {
    struct text out; /* SENT_BEFORE bytes are in it before anything is sent */
    struct codec_pool pool;
    void *decoded;
    struct bytes arguments;
};

void sent_begin(struct sent *sent);
void sent_end(struct sent *sent);

/* The one frame that was sent. */
struct frame sent_frame(const struct sent *sent);
/* The one method that was sent, as a structure of rabbitmq-c. */
void *sent_method(struct sent *sent, uint16_t channel, uint32_t number);

void assert_sent_bytes(amqp_bytes_t bytes, const char *text);
/* The value of a field, which must be there. */
amqp_field_value_t sent_field(amqp_table_t table, const char *name);

#endif
