/*
 * A broker of AMQP 0-9-1 played on a thread of its own, on a loopback port: for what a real broker
 * does not show, or not when a test wants it.
 *
 * It lets clients in, says yes to whatever they declare, confirms what they publish and writes down
 * everything that they send. A test changes that by the calls below, from any thread; each takes
 * effect before anything that the client sends later. Connections are numbered from 1 in the order
 * in which they came; 0 means the newest that is open. What a client may not send (a frame in the
 * middle of a message, the tag of a delivery that is not outstanding) is kept as a fault, and an
 * unknown tag is answered by closing the channel with 406, as RabbitMQ does.
 *
 * Calls that wait fail the test after FAKE_BROKER_PATIENCE_S, and show what was received; they are
 * for the thread of the test only.
 */
#ifndef TEST_SUPPORT_FAKE_BROKER_H
#define TEST_SUPPORT_FAKE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/codec.h"

enum { FAKE_BROKER_PATIENCE_S = 30 };

struct fake_broker;

/* Entries of the transcript that are no methods. */
enum {
    FAKE_ACCEPTED = 1, /* a connection has come */
    FAKE_PROTOCOL_HEADER = 2,
    FAKE_HEARTBEAT = 3,
    FAKE_GONE = 4 /* the client has closed or reset its connection, or broken a rule */
};

/* Something that was received; stays as it is until the broker is freed. */
struct received {
    unsigned connection;
    uint16_t channel;
    amqp_method_number_t method; /* AMQP_…_METHOD, or one of the above */
    void *decoded; /* amqp_basic_publish_t and so on; NULL of what is no method */
    const amqp_basic_properties_t *properties; /* of a message */
    const char *body;
    size_t body_size;
    uint64_t tag; /* of a message published on a channel with confirms: its delivery tag */
    uint64_t time_us; /* monotonic */
};

/*
 * May answer in place of the broker: true if it has. Called on the broker's thread, messages once
 * they are whole; may make all calls but those that wait.
 */
typedef bool (*fake_broker_fn)(void *data, struct fake_broker *broker, const struct received *what);

/* Zero of every member means its default. Borrowed until the broker is freed. */
struct fake_broker_options {
    const char *product; /* default "RabbitMQ" */
    const char *version; /* default "3.10.8" */
    const char *mechanisms; /* default "PLAIN AMQPLAIN EXTERNAL" */
    bool has_no_capabilities; /* as an old broker: no connection.blocked and the like */
    uint16_t channel_max; /* default 2047 */
    uint32_t frame_max; /* default 131072; FAKE_NO_LIMIT for 0 on the wire */
    uint16_t heartbeat_s; /* default 60; FAKE_NO_HEARTBEAT for 0 on the wire */
    bool keeps_silent; /* never sends a heartbeat */
    fake_broker_fn on_received;
    void *data;
};

#define FAKE_NO_LIMIT UINT32_MAX
#define FAKE_NO_HEARTBEAT UINT16_MAX

/* `options` may be NULL. */
struct fake_broker *fake_broker_new(const struct fake_broker_options *options);
void fake_broker_free(struct fake_broker *broker);
uint16_t fake_broker_port(const struct fake_broker *broker);
/* "amqp://guest:guest@127.0.0.1:PORT/" */
const char *fake_broker_url(const struct fake_broker *broker);

/* The n-th, from 1, of its kind on any connection: waits for it, or NULL if it is not there. */
const struct received *fake_broker_wait(struct fake_broker *broker, amqp_method_number_t method,
                                        size_t n);
const struct received *fake_broker_find(struct fake_broker *broker, amqp_method_number_t method,
                                        size_t n);
size_t fake_broker_count(struct fake_broker *broker, amqp_method_number_t method);
/* Whether there are exactly n of that kind for the next `ms` milliseconds too. */
bool fake_broker_stays_at(struct fake_broker *broker, amqp_method_number_t method, size_t n,
                          unsigned ms);
/* The first rule that a client has broken, or NULL. */
const char *fake_broker_fault(struct fake_broker *broker);
/* Deliveries of a connection that are not settled yet. */
size_t fake_broker_outstanding(struct fake_broker *broker, unsigned connection);
/* Writes the transcript to standard output as comments of TAP. */
void fake_broker_show(struct fake_broker *broker);
/* Bytes as text for comparisons; valid for as long as what they are part of. */
bool fake_bytes_are(amqp_bytes_t bytes, const char *text);
/* The value of a field, or NULL. */
const amqp_field_value_t *fake_table_get(const amqp_table_t *table, const char *name);

/* What is answered. Changes hold for all connections until they are changed again. */
void fake_broker_ignore(struct fake_broker *broker, amqp_method_number_t method, bool ignored);
/*
 * Answers the next `times` such methods by closing the channel (code 311, 313, 403 to 406 while
 * logged in) or the connection (else). connection.start-ok with 403: a wrong password;
 * connection.open with 530: no such virtual host.
 */
void fake_broker_refuse(struct fake_broker *broker, amqp_method_number_t method, uint16_t code,
                        const char *text, unsigned times);
/* Without: the test confirms itself. */
void fake_broker_confirm_by_itself(struct fake_broker *broker, bool confirms);
void fake_broker_stop_reading(struct fake_broker *broker, bool stopped);
/* Reads on, and sends nothing, heartbeats neither; what was not sent is sent later. */
void fake_broker_stop_writing(struct fake_broker *broker, bool stopped);
void fake_broker_send_heartbeats(struct fake_broker *broker, bool sends);
/* Whatever is sent waits so long first. */
void fake_broker_delay(struct fake_broker *broker, unsigned ms);
/* Sends no more than so many bytes every ms milliseconds; 0: at once. */
void fake_broker_trickle(struct fake_broker *broker, size_t bytes, unsigned ms);
/* Refuses connections, and takes them again on the same port. */
void fake_broker_refuse_connections(struct fake_broker *broker, bool refuses);

/* What is said. All return false when there is no such connection. */
bool fake_broker_send(struct fake_broker *broker, unsigned connection, uint16_t channel,
                      amqp_method_number_t method, void *decoded);
bool fake_broker_raw(struct fake_broker *broker, unsigned connection, const void *data,
                     size_t size);
bool fake_broker_frame(struct fake_broker *broker, unsigned connection, uint8_t type,
                       uint16_t channel, const void *payload, size_t size);
/* Confirms; on channel 1, as the following. */
bool fake_broker_ack(struct fake_broker *broker, unsigned connection, uint64_t tag, bool multiple);
bool fake_broker_nack(struct fake_broker *broker, unsigned connection, uint64_t tag, bool multiple);
/* Gives a published message back: basic.return, without the confirm that follows it. */
bool fake_broker_return(struct fake_broker *broker, const struct received *message, uint16_t code,
                        const char *text);

struct fake_message {
    const char *consumer_tag; /* default: that of the last basic.consume */
    const char *exchange, *routing_key; /* default "" */
    const amqp_basic_properties_t *properties; /* default: none */
    const void *body;
    size_t size;
    bool is_redelivered;
    size_t frame_size; /* most bytes of the body in a frame; default: what was negotiated */
};

/* Delivers a message to the connection's consumer; returns its tag, 0 if there is none. */
uint64_t fake_broker_deliver(struct fake_broker *broker, unsigned connection,
                             const struct fake_message *message);
/* basic.cancel; NULL: the last consumer. */
bool fake_broker_cancel(struct fake_broker *broker, unsigned connection, const char *consumer_tag);
bool fake_broker_block(struct fake_broker *broker, unsigned connection, const char *reason);
bool fake_broker_unblock(struct fake_broker *broker, unsigned connection);
/* `method` that is to blame, or 0. */
bool fake_broker_close_channel(struct fake_broker *broker, unsigned connection, uint16_t code,
                               const char *text, amqp_method_number_t method);
bool fake_broker_close_connection(struct fake_broker *broker, unsigned connection, uint16_t code,
                                  const char *text);

enum fake_drop {
    FAKE_DROP_CLOSE, /* after what is to be sent */
    FAKE_DROP_RESET, /* at once */
    FAKE_DROP_HALF /* the end of the stream, but reads on */
};

bool fake_broker_drop(struct fake_broker *broker, unsigned connection, enum fake_drop how);

#endif
