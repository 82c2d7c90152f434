/*
 * A broker played by the program's own function, for unit tests: the drive of a producer that needs
 * no network. Messages go through the same ledger, as the same frames, and are read back from them.
 *
 * Order: as link.h says of a link.
 * Invariant: the mutex guards what other threads ask; the rest is the thread's own.
 */
#include <amqpext/testing.h>

#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "error.h"
#include "producer.h"
#include "protocol/wire.h"
#include "wait.h"

/* Between two tries when memory has run out. */
enum { MEMORY_PAUSE_US = 10000 };
/* Class and method of basic.publish, which are not looked at, and a reserved number. */
enum { PUBLISH_SKIPPED = 6, FLAG_MANDATORY = 1, REPLY_NO_ROUTE = 312 };

struct double_broker {
    struct endpoint endpoint;
    struct amqpext_producer *producer;
    amqpext_test_broker_fn decide;
    void *data;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_started, is_joined, is_ready, is_woken, is_over;
    enum amqpext_state state;
    bool wants_end;
    uint64_t last_tag;
    uint64_t retry_us; /* NEVER, or when a message that found no memory is tried again */
};

/* Of a structure that is only read: its lock is no part of what it says. */
static struct double_broker *unlocked(const void *engine)
{
    return (struct double_broker *)(uintptr_t)engine;
}

static bool get(const void *engine, const bool *flag)
{
    struct double_broker *broker = unlocked(engine);
    bool result;

    pthread_mutex_lock(&broker->lock);
    result = *flag;
    pthread_mutex_unlock(&broker->lock);
    return result;
}

static void set(struct double_broker *broker, bool *flag, bool value)
{
    pthread_mutex_lock(&broker->lock);
    *flag = value;
    pthread_cond_broadcast(&broker->changed);
    pthread_mutex_unlock(&broker->lock);
}

static void tell_state(struct double_broker *broker, enum amqpext_state state)
{
    static const struct amqpext_error none = AMQPEXT_ERROR_INIT;
    const struct amqpext_state_event event = {.size = sizeof(event),
                                              .state = state,
                                              .previous = broker->state,
                                              .host = "",
                                              .broker = "",
                                              .error = &none};

    broker->state = state;
    set(broker, &broker->is_ready, state == AMQPEXT_STATE_READY);
    amqpext__producer_owner.state(broker->producer, &event);
}

/* The method frame of a message as that of its return, which says the same. */
static struct method read_publish(struct bytes payload, bool *is_mandatory)
{
    struct wire_reader wire = wire_reader_of(payload);
    struct method method = {.kind = METHOD_BASIC_RETURN, .channel = LINK_CHANNEL};

    (void)wire_skip(&wire, PUBLISH_SKIPPED);
    method.as.returned.reply_code = REPLY_NO_ROUTE;
    method.as.returned.reply_text = bytes_of("NO_ROUTE");
    method.as.returned.exchange = wire_get_short(&wire);
    method.as.returned.routing_key = wire_get_short(&wire);
    *is_mandatory = (wire_get_8(&wire) & FLAG_MANDATORY) != 0;
    return method;
}

/* Reads the message at the front of `input`; *size is that of its frames. NULL without memory. */
static struct content *read_message(struct bytes input, size_t *size, bool *is_mandatory)
{
    struct content_reader reader = {.max_size = SIZE_MAX};
    enum content_result result = CONTENT_PARTIAL;
    struct bytes rest = input;
    struct frame frame;
    size_t n;

    while (result == CONTENT_PARTIAL &&
           amqpext__frame_read(rest, UINT32_MAX, &frame, &n) == FRAME_WHOLE) {
        if (frame.type == FRAME_METHOD) {
            const struct method method = read_publish(frame.payload, is_mandatory);

            result = amqpext__content_begin(&reader, &method);
        } else {
            result = amqpext__content_add(&reader, &frame);
        }
        rest.data += n;
        rest.size -= n;
    }
    *size = input.size - rest.size;
    if (result == CONTENT_WHOLE)
        return amqpext__content_take(&reader);
    amqpext__content_reset(&reader);
    return NULL;
}

static enum amqpext_result ask(struct double_broker *broker, const struct content *content,
                               bool is_mandatory)
{
    const struct amqpext_test_message message = {
        .size = sizeof(message),
        .exchange = content->method.as.returned.exchange.data,
        .routing_key = content->method.as.returned.routing_key.data,
        .properties = &content->properties,
        .body = content->body,
        .body_size = content->body_size,
        .mandatory = is_mandatory,
    };

    return broker->decide(broker->data, &message);
}

static void answer(struct double_broker *broker, struct content *content, bool is_mandatory)
{
    const struct link_owner *owner = &amqpext__producer_owner;
    const enum amqpext_result result = ask(broker, content, is_mandatory);
    const struct method method = {
        .kind = result == AMQPEXT_REFUSED ? METHOD_BASIC_NACK : METHOD_BASIC_ACK,
        .channel = LINK_CHANNEL,
        .as.ack.delivery_tag = ++broker->last_tag,
    };

    /* As with a broker, a message without the flag is confirmed and gone. */
    if (result == AMQPEXT_RETURNED && is_mandatory)
        (void)owner->content(broker->producer, content);
    else
        amqpext__content_free(content);
    (void)owner->method(broker->producer, &method);
}

static void begin(struct double_broker *broker)
{
    broker->last_tag = 0;
    amqpext__producer_owner.ready(broker->producer, 1);
}

static void lose(struct double_broker *broker, enum amqpext_status status)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, status, "the connection was closed");
    amqpext__producer_owner.lost(broker->producer, &error, false);
}

/* Takes one message. False: there is none. */
static bool serve(struct double_broker *broker)
{
    const struct link_owner *owner = &amqpext__producer_owner;
    struct content *content;
    struct iovec piece;
    bool is_mandatory = false;
    size_t size;

    if (owner->gather(broker->producer, &piece, 1) == 0)
        return false;
    content = read_message((struct bytes){piece.iov_base, piece.iov_len}, &size, &is_mandatory);
    if (content == NULL) {
        lose(broker, AMQPEXT_ENOMEM);
        begin(broker);
        broker->retry_us = monotonic_us() + MEMORY_PAUSE_US;
        return false;
    }
    (void)owner->sent(broker->producer, size);
    answer(broker, content, is_mandatory);
    return true;
}

static void rest(struct double_broker *broker)
{
    uint64_t due_us = amqpext__producer_owner.due_us(broker->producer);

    if (broker->retry_us < due_us)
        due_us = broker->retry_us;
    broker->retry_us = NEVER;
    pthread_mutex_lock(&broker->lock);
    while (!broker->is_woken && condition_wait(&broker->changed, &broker->lock, due_us))
        continue;
    broker->is_woken = false;
    pthread_mutex_unlock(&broker->lock);
}

static void *run(void *data)
{
    struct double_broker *broker = data;

    tell_state(broker, AMQPEXT_STATE_CONNECTING);
    begin(broker);
    tell_state(broker, AMQPEXT_STATE_READY);
    while (!broker->wants_end) {
        bool is_busy = false;

        amqpext__producer_owner.turn(broker->producer, monotonic_us());
        if (!broker->wants_end)
            is_busy = serve(broker);
        if (!is_busy && !broker->wants_end)
            rest(broker);
    }
    lose(broker, AMQPEXT_ECLOSED);
    set(broker, &broker->is_over, true);
    tell_state(broker, AMQPEXT_STATE_CLOSED);
    return NULL;
}

static enum amqpext_status start(void *engine, struct amqpext_error *error)
{
    struct double_broker *broker = engine;
    int failure = 0;

    pthread_mutex_lock(&broker->lock);
    if (!broker->is_started)
        failure = pthread_create(&broker->thread, NULL, run, broker);
    broker->is_started = failure == 0;
    pthread_mutex_unlock(&broker->lock);
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no thread");
    return AMQPEXT_OK;
}

static void wake(void *engine)
{
    struct double_broker *broker = engine;

    set(broker, &broker->is_woken, true);
}

static enum amqpext_status wait_ready(void *engine, unsigned timeout_ms,
                                      struct amqpext_error *error)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)timeout_ms * 1000;
    struct double_broker *broker = engine;
    enum amqpext_status status = AMQPEXT_OK;

    pthread_mutex_lock(&broker->lock);
    while (!broker->is_ready && !broker->is_over && status == AMQPEXT_OK) {
        if (!condition_wait(&broker->changed, &broker->lock, deadline_us))
            status = amqpext__fail(error, AMQPEXT_ETIMEDOUT, "not ready after %u ms", timeout_ms);
    }
    if (status == AMQPEXT_OK && broker->is_over)
        status = amqpext__fail(error, AMQPEXT_ECLOSED, "the producer is closing");
    pthread_mutex_unlock(&broker->lock);
    return status;
}

static bool is_ready(const void *engine)
{
    return get(engine, &unlocked(engine)->is_ready);
}

static bool is_blocked(const void *engine)
{
    (void)engine;
    return false;
}

static bool is_started(const void *engine)
{
    return get(engine, &unlocked(engine)->is_started);
}

static bool is_own_thread(const void *engine)
{
    return is_started(engine) && pthread_equal(unlocked(engine)->thread, pthread_self());
}

static const struct endpoint *endpoint_of(const void *engine)
{
    return &unlocked(engine)->endpoint;
}

static uint32_t frame_max(const void *engine)
{
    return unlocked(engine)->endpoint.frame_max;
}

static void stats(const void *engine, struct amqpext_connection_stats *out)
{
    memset(out, 0, sizeof(*out));
    out->is_ready = is_ready(engine);
    out->connects = is_started(engine);
    out->tries = out->connects;
}

/* Asked for when memory has run out in `ready`, which here has nothing to do. */
static void fail(void *engine, const struct amqpext_error *error)
{
    (void)engine;
    (void)error;
}

/* There are no pauses. */
static void forgive(void *engine)
{
    (void)engine;
}

static void finish(void *engine, unsigned linger_ms)
{
    (void)linger_ms;
    ((struct double_broker *)engine)->wants_end = true;
}

static void join(void *engine)
{
    struct double_broker *broker = engine;

    if (is_started(engine) && !broker->is_joined)
        pthread_join(broker->thread, NULL);
    broker->is_joined = true;
}

static void free_double(void *engine)
{
    struct double_broker *broker = engine;

    pthread_cond_destroy(&broker->changed);
    pthread_mutex_destroy(&broker->lock);
    amqpext__endpoint_free(&broker->endpoint);
    free(broker);
}

static const struct drive double_drive = {
    .start = start,
    .wake = wake,
    .wait_ready = wait_ready,
    .is_ready = is_ready,
    .is_blocked = is_blocked,
    .is_own_thread = is_own_thread,
    .is_started = is_started,
    .endpoint = endpoint_of,
    .frame_max = frame_max,
    .stats = stats,
    .fail = fail,
    .forgive = forgive,
    .finish = finish,
    .join = join,
    .free = free_double,
};

static enum amqpext_status fail_new(struct double_broker *broker, struct endpoint *endpoint,
                                    int failure, struct amqpext_error *error)
{
    amqpext__endpoint_free(endpoint);
    free(broker);
    if (failure == 0)
        return amqpext__fail_memory(error);
    return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no condition variable");
}

/* What a program gives to amqpext_test_producer_new. */
struct decider {
    amqpext_test_broker_fn decide;
    void *data;
};

static enum amqpext_status new_double(struct amqpext_producer *producer, struct endpoint *endpoint,
                                      void *data, struct amqpext_error *error)
{
    const struct decider *decider = data;
    struct double_broker *broker = calloc(1, sizeof(*broker));
    int failure = broker == NULL ? 0 : condition_init(&broker->changed);

    if (broker == NULL || failure != 0)
        return fail_new(broker, endpoint, failure, error);
    pthread_mutex_init(&broker->lock, NULL);
    broker->endpoint = *endpoint;
    broker->producer = producer;
    broker->decide = decider->decide;
    broker->data = decider->data;
    broker->state = AMQPEXT_STATE_IDLE;
    broker->retry_us = NEVER;
    producer->drive = &double_drive;
    producer->engine = broker;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_test_producer_new(const struct amqpext_producer_options *options,
                                              amqpext_test_broker_fn broker, void *data,
                                              struct amqpext_producer **out,
                                              struct amqpext_error *error)
{
    struct decider decider = {broker, data};

    return amqpext__producer_make(options, new_double, &decider, out, error);
}
