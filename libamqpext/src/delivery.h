/*
 * Delivery: a received message on its way through a consumer.
 *
 * Made on the I/O thread from a whole content; belongs to the handler while it runs and to the
 * program while it is deferred; its verdict goes back to the I/O thread, which settles it with the
 * broker and frees it.
 */
#ifndef AMQPEXT_SRC_DELIVERY_H
#define AMQPEXT_SRC_DELIVERY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <amqpext/delivery.h>
#include <amqpext/serializer.h>

#include "jobs.h"
#include "protocol/content.h"
#include "retry_copy.h"

enum { REASON_SIZE = 256 };

/* Headers that travel with retried and dead-lettered messages. */
#define HEADER_ATTEMPT "x-amqpext-attempt" /* of the copy, from 2 */
#define HEADER_REASON "x-amqpext-reason" /* why the last attempt failed */
#define HEADER_EXCHANGE "x-amqpext-exchange" /* as first published */
#define HEADER_ROUTING_KEY "x-amqpext-routing-key"
#define HEADER_QUEUE "x-amqpext-queue" /* whose consumer gave it up */
#define HEADER_FIRST_SEEN "x-amqpext-first-seen" /* time of the first attempt */
#define HEADER_DEAD_AT "x-amqpext-dead-at"

/*
 * Who may give the verdict. One that is given while the handler still runs is kept in the stage
 * itself, as its number, and taken up when the handler returns.
 */
enum delivery_stage {
    STAGE_HANDLER = 0, /* waits for its handler or is with it */
    STAGE_DEFERRED = 1001, /* the program's */
    STAGE_OVER = 1002 /* the verdict is on its way */
};

/* What the I/O thread does about a verdict. */
enum settlement {
    SETTLE_NONE = 0, /* nothing: the message comes again with the end of the epoch */
    SETTLE_ACK,
    SETTLE_REQUEUE, /* basic.nack: was not tried */
    SETTLE_GIVE_BACK, /* basic.reject with requeue: was tried */
    SETTLE_DISCARD /* basic.reject without */
};

/* What is counted when it is settled. */
enum delivery_fate { FATE_NONE = 0, FATE_RETRIED, FATE_DEAD_LETTERED, FATE_DROPPED };

struct amqpext_delivery {
    struct job job; /* the handler's call */
    struct amqpext_delivery *next; /* of the queue of verdicts */
    struct amqpext_consumer *consumer; /* NULL for one made by hand */
    struct content *content;
    uint64_t epoch;
    uint64_t tag;
    const char *exchange, *routing_key; /* as first published */
    unsigned attempt;
    json_t *payload;
    char reason[REASON_SIZE];
    uint64_t retry_delay_ms; /* with has_retry_delay */
    bool has_retry_delay;
    bool is_undecodable;
    uint64_t received_us, started_us;
    void *data;
    /* Further members belong to delivery.c and consumer*.c. */
    _Atomic int stage;
    enum amqpext_verdict verdict;
    enum settlement settlement;
    enum delivery_fate fate;
    bool has_failed; /* its handler gave no verdict */
    bool was_handled; /* and for how long: */
    uint64_t handled_us;
    /* [I/O] */
    uint32_t slot; /* of the ack window */
    bool is_slow; /* which was told */
    struct amqpext_delivery *live_next, *live_previous;
    struct copy copy; /* the retry engine's */
};

/* Takes the content over, also on failure. Decodes nothing yet. */
enum amqpext_status amqpext__delivery_new(struct content *content, uint64_t epoch,
                                          struct amqpext_delivery **out,
                                          struct amqpext_error *error);
void amqpext__delivery_free(struct amqpext_delivery *delivery);

/*
 * The handler has returned `verdict`. True: the delivery is the caller's again, with
 * delivery->verdict the one that counts; false: it is the program's. See settle.c.
 */
bool amqpext__delivery_returned(struct amqpext_delivery *delivery, int verdict);

#endif
