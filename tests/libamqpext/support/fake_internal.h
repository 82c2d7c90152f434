/*
 * What the parts of the fake broker share. Everything is guarded by the broker's lock, which is
 * recursive so that a test's hook may make the calls of the test.
 */
#ifndef TEST_SUPPORT_FAKE_INTERNAL_H
#define TEST_SUPPORT_FAKE_INTERNAL_H

#include <pthread.h>

#include "support/buffer.h"
#include "support/fake_broker.h"

enum { FAKE_CONNECTIONS_MAX = 64, FAKE_CHANNELS_MAX = 8, FAKE_RULES_MAX = 16 };

/* What a client does until its connection is open. */
enum fake_stage { FAKE_AWAITS_HEADER, FAKE_AWAITS_METHODS };

struct fake_channel {
    bool is_open;
    bool is_closing; /* channel.close was sent: all but close-ok is passed over */
    bool has_confirms;
    uint64_t published, delivered; /* tags */
    struct buffer outstanding; /* tags that are not settled: uint64_t */
    struct received *content; /* under way */
    uint64_t body_expected;
};

struct fake_connection {
    int fd; /* -1: ended */
    unsigned number; /* 0: this place was never taken */
    enum fake_stage stage;
    bool is_closing; /* connection.close was sent: all but close-ok is passed over */
    bool ends_when_sent, ends_by_reset;
    bool is_half_closed, has_ended_input;
    uint32_t frame_max;
    uint16_t heartbeat_s;
    uint64_t sent_us; /* when something was sent last */
    uint64_t held_until_us; /* output waits */
    char consumer_tag[256]; /* the last */
    uint16_t consumer_channel; /* 0: nobody consumes */
    bool consumes_without_ack;
    struct buffer input, output;
    struct fake_channel channels[FAKE_CHANNELS_MAX]; /* 0 is not used */
};

struct fake_rule {
    amqp_method_number_t method; /* 0: none */
    bool ignored;
    uint16_t code;
    char text[256];
    unsigned times;
};

struct fake_broker {
    struct fake_broker_options options;
    pthread_mutex_t lock;
    pthread_cond_t received;
    pthread_t thread;
    bool is_stopping;
    int wake;
    int listener;
    bool refuses_connections;
    uint16_t port;
    char url[64];
    amqp_pool_t pool; /* of the transcript */
    struct buffer transcript; /* struct received * */
    char fault[256];
    char queue[256]; /* the last one declared */
    unsigned named; /* queues and consumers that were given a name */
    struct fake_rule rules[FAKE_RULES_MAX];
    bool leaves_confirms, stops_reading, stops_writing, stops_heartbeats;
    unsigned delay_ms;
    size_t trickle_bytes;
    unsigned trickle_ms;
    unsigned n_connections;
    struct fake_connection connections[FAKE_CONNECTIONS_MAX];
};

uint64_t fake_now_us(void);
void fake_lock(struct fake_broker *broker);
void fake_unlock(struct fake_broker *broker);
void fake_wake(struct fake_broker *broker);
struct fake_connection *fake_connection(struct fake_broker *broker, unsigned number);

/* fake_transcript.c */
struct received *fake_received_new(struct fake_broker *broker, const struct fake_connection *from,
                                   uint16_t channel, amqp_method_number_t method);
void fake_received_add(struct fake_broker *broker, struct received *received);
void fake_note(struct fake_broker *broker, const struct fake_connection *from,
               amqp_method_number_t method);
void fake_set_fault(struct fake_broker *broker, const struct fake_connection *from,
                    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* fake_protocol.c: takes what is whole from the connection's input. */
void fake_take_input(struct fake_broker *broker, struct fake_connection *from);
void fake_channel_reset(struct fake_channel *channel);

/* fake_answer.c */
struct fake_rule *fake_rule(struct fake_broker *broker, amqp_method_number_t method);
void fake_answer(struct fake_broker *broker, struct fake_connection *from,
                 const struct received *what);

/* fake_send.c */
void fake_put(struct fake_broker *broker, struct fake_connection *to, const void *data,
              size_t size);
void fake_put_frame(struct fake_broker *broker, struct fake_connection *to, uint8_t type,
                    uint16_t channel, const void *payload, size_t size);
void fake_put_method(struct fake_broker *broker, struct fake_connection *to, uint16_t channel,
                     amqp_method_number_t method, void *decoded);
void fake_put_start(struct fake_broker *broker, struct fake_connection *to);
void fake_put_channel_close(struct fake_broker *broker, struct fake_connection *to,
                            uint16_t channel, uint16_t code, const char *text,
                            amqp_method_number_t method);
void fake_put_connection_close(struct fake_broker *broker, struct fake_connection *to,
                               uint16_t code, const char *text, amqp_method_number_t method);

#endif
