/* Remote calls with a broker of the test's own: both sides, and what goes wrong between them. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <amqpext/rpc.h>

#include "clock.h"
#include "rpc_call.h"
#include "support/fake_broker.h"

#define RECEIVED(broker, name, n) fake_broker_wait((broker), AMQP_##name##_METHOD, (n))
#define COUNT(broker, name) fake_broker_count((broker), AMQP_##name##_METHOD)

enum { PATIENCE_MS = 60000 };

/* What calls were told, in the order of their ends. */
struct told {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    struct amqpext_error error; /* of the last */
    char body[64];
    int64_t number; /* its payload */
};

static void tell(void *data, const struct amqpext_rpc_reply *reply)
{
    struct told *told = data;

    pthread_mutex_lock(&told->lock);
    told->count++;
    memset(&told->error, 0, sizeof(told->error));
    told->number = -1;
    told->body[0] = '\0';
    if (reply->error != NULL)
        told->error = *reply->error;
    else
        told->number = json_integer_value(reply->payload);
    if (reply->body != NULL)
        snprintf(told->body, sizeof(told->body), "%.*s", (int)reply->body_size,
                 (const char *)reply->body);
    pthread_cond_broadcast(&told->changed);
    pthread_mutex_unlock(&told->lock);
}

struct rig {
    struct fake_broker *broker;
    struct amqpext_connection_options connection;
    struct amqpext_rpc_client_options options;
    struct amqpext_rpc_client *client;
    struct told told;
};

static void begin(struct rig *rig, const struct fake_broker_options *broker)
{
    memset(rig, 0, sizeof(*rig));
    rig->broker = fake_broker_new(broker);
    rig->connection = (struct amqpext_connection_options){.size = sizeof(rig->connection),
                                                          .reconnect_min_delay_ms = 20,
                                                          .reconnect_max_delay_ms = 40,
                                                          .permanent_delay_ms = 50};
    rig->options = (struct amqpext_rpc_client_options){.size = sizeof(rig->options),
                                                       .url = fake_broker_url(rig->broker),
                                                       .connection = &rig->connection,
                                                       .timeout_ms = PATIENCE_MS};
    pthread_mutex_init(&rig->told.lock, NULL);
    pthread_cond_init(&rig->told.changed, NULL);
}

static void make(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_rpc_client_new(&rig->options, &rig->client, &error) != AMQPEXT_OK)
        fail_msg("no client: %s", error.message);
}

static void start(struct rig *rig)
{
    make(rig);
    assert_int_equal(amqpext_rpc_client_connect(rig->client, PATIENCE_MS, NULL), AMQPEXT_OK);
}

static void end(struct rig *rig)
{
    const char *fault;

    amqpext_rpc_client_free(rig->client);
    fault = fake_broker_fault(rig->broker);
    if (fault != NULL)
        fail_msg("%s", fault);
    fake_broker_free(rig->broker);
    pthread_cond_destroy(&rig->told.changed);
    pthread_mutex_destroy(&rig->told.lock);
}

static void send_with(struct rig *rig, int number, const struct amqpext_rpc_call_options *options)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *request = json_integer(number);

    if (amqpext_rpc_send(rig->client, "sums", request, options, tell, &rig->told, &error) !=
        AMQPEXT_OK)
        fail_msg("not sent: %s", error.message);
    json_decref(request);
}

static void send(struct rig *rig, int number)
{
    send_with(rig, number, NULL);
}

/* Begins, makes the first call, and returns its request. */
static const struct received *start_call(struct rig *rig)
{
    begin(rig, NULL);
    start(rig);
    send(rig, 1);
    return RECEIVED(rig->broker, BASIC_PUBLISH, 1);
}

static struct told wait_told(struct rig *rig, unsigned count)
{
    struct timespec deadline;
    struct told told;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&rig->told.lock);
    while (rig->told.count < count &&
           pthread_cond_timedwait(&rig->told.changed, &rig->told.lock, &deadline) == 0)
        continue;
    told = rig->told;
    pthread_mutex_unlock(&rig->told.lock);
    if (told.count < count)
        fail_msg("%u calls were told, not %u", told.count, count);
    return told;
}

static struct amqpext_rpc_stats figures_of(const struct rig *rig)
{
    struct amqpext_rpc_stats figures = AMQPEXT_RPC_STATS_INIT;

    amqpext_rpc_client_stats(rig->client, &figures);
    return figures;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* Answers a request; with `error` in place of a body. */
static void reply_on(struct fake_broker *broker, unsigned connection,
                     const struct received *request, const char *body, const char *error)
{
    amqp_table_entry_t header = {.key = amqp_cstring_bytes(HEADER_ERROR)};
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG,
        .correlation_id = request->properties->correlation_id,
        .content_type = amqp_cstring_bytes("application/json"),
    };
    const struct fake_message message = {.properties = &properties,
                                         .routing_key = "amq.rabbitmq.reply-to.x",
                                         .body = body,
                                         .size = strlen(body)};

    if (error != NULL) {
        header.value.kind = AMQP_FIELD_KIND_UTF8;
        header.value.value.bytes = amqp_cstring_bytes(error);
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = (amqp_table_t){1, &header};
    }
    assert_int_not_equal(fake_broker_deliver(broker, connection, &message), 0);
}

static void reply(struct rig *rig, const struct received *request, const char *body,
                  const char *error)
{
    reply_on(rig->broker, request->connection, request, body, error);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void request_carries_what_its_reply_needs(void **state)
{
    const struct amqpext_properties properties = {.size = sizeof(properties),
                                                  .type = "sum",
                                                  .correlation_id = "not this",
                                                  .reply_to = "nor that",
                                                  .expiration_ms = 1};
    const struct amqpext_rpc_call_options options = {
        .size = sizeof(options), .properties = &properties, .timeout_ms = 30000};
    const amqp_basic_consume_t *consume;
    const amqp_basic_publish_t *publish;
    const struct received *request;
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    rig.options.exchange = "services";
    start(&rig);
    consume = RECEIVED(rig.broker, BASIC_CONSUME, 1)->decoded;
    assert_true(fake_bytes_are(consume->queue, "amq.rabbitmq.reply-to"));
    assert_true(consume->no_ack);
    send_with(&rig, 41, &options);
    request = RECEIVED(rig.broker, BASIC_PUBLISH, 1);
    publish = request->decoded;
    assert_true(fake_bytes_are(publish->exchange, "services"));
    assert_true(fake_bytes_are(publish->routing_key, "sums"));
    assert_true(publish->mandatory);
    assert_true(fake_bytes_are(request->properties->reply_to, "amq.rabbitmq.reply-to"));
    assert_true(fake_bytes_are(request->properties->correlation_id, "1"));
    assert_true(fake_bytes_are(request->properties->expiration, "30000"));
    assert_true(fake_bytes_are(request->properties->content_type, "application/json"));
    assert_true(fake_bytes_are(request->properties->type, "sum"));
    assert_int_equal(request->properties->delivery_mode, 1);
    assert_in_range(fake_table_get(&request->properties->headers, HEADER_DEADLINE)->value.i64,
                    now_ms() - 30000, now_ms() + 30001);
    assert_memory_equal(request->body, "41", 2);
    reply(&rig, request, "42", NULL);
    assert_int_equal(wait_told(&rig, 1).number, 42);
    assert_int_equal(COUNT(rig.broker, BASIC_ACK), 0);
    end(&rig);
}

static void replies_find_their_calls_in_any_order(void **state)
{
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig, NULL);
    start(&rig);
    for (i = 1; i <= 100; i++)
        send(&rig, (int)i);
    for (i = 100; i >= 1; i--) {
        const struct received *request = RECEIVED(rig.broker, BASIC_PUBLISH, i);
        char body[16];

        snprintf(body, sizeof(body), "%u", 1000 + i);
        reply(&rig, request, body, NULL);
        assert_int_equal(wait_told(&rig, 101 - i).number, 1000 + i);
    }
    assert_int_equal(figures_of(&rig).replies, 100);
    /* It counts until its callback has returned. */
    while (figures_of(&rig).pending != 0)
        sleep_ms(1);
    end(&rig);
}

static void errors_returns_and_bad_bodies_are_told_apart(void **state)
{
    const struct received *request;
    struct told told;
    struct rig rig;

    (void)state;
    request = start_call(&rig);
    reply(&rig, request, "", "no sums today");
    told = wait_told(&rig, 1);
    assert_int_equal(told.error.status, AMQPEXT_EREMOTE);
    assert_string_equal(told.error.message, "no sums today");
    send(&rig, 2);
    request = RECEIVED(rig.broker, BASIC_PUBLISH, 2);
    assert_true(fake_broker_return(rig.broker, request, 312, "NO_ROUTE"));
    told = wait_told(&rig, 2);
    assert_int_equal(told.error.status, AMQPEXT_ERETURNED);
    assert_int_equal(told.error.reply_code, 312);
    assert_string_equal(told.error.message, "nobody serves 'sums': NO_ROUTE");
    send(&rig, 3);
    request = RECEIVED(rig.broker, BASIC_PUBLISH, 3);
    reply(&rig, request, "[4", NULL);
    told = wait_told(&rig, 3);
    assert_int_equal(told.error.status, AMQPEXT_EDECODE);
    assert_string_equal(told.body, "[4");
    end(&rig);
}

static void replies_that_nobody_waits_for_are_counted(void **state)
{
    const amqp_basic_properties_t strange = {._flags = AMQP_BASIC_CORRELATION_ID_FLAG,
                                             .correlation_id = amqp_cstring_bytes("77")};
    const struct fake_message unknown = {.properties = &strange, .body = "1", .size = 1};
    const struct fake_message nameless = {.body = "1", .size = 1};
    const struct received *request;
    struct rig rig;

    (void)state;
    request = start_call(&rig);
    fake_broker_deliver(rig.broker, 0, &unknown);
    fake_broker_deliver(rig.broker, 0, &nameless);
    reply(&rig, request, "2", NULL);
    reply(&rig, request, "3", NULL);
    assert_int_equal(wait_told(&rig, 1).number, 2);
    send(&rig, 2);
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 2), "4", NULL);
    assert_int_equal(wait_told(&rig, 2).number, 4);
    assert_int_equal(figures_of(&rig).late, 3);
    assert_int_equal(figures_of(&rig).replies, 2);
    end(&rig);
}

static void call_ends_at_its_deadline(void **state)
{
    const struct amqpext_rpc_call_options soon = {.size = sizeof(soon), .timeout_ms = 100};
    struct told told;
    struct rig rig;
    uint64_t before_us;

    (void)state;
    begin(&rig, NULL);
    start(&rig);
    send(&rig, 1);
    before_us = monotonic_us();
    send_with(&rig, 2, &soon);
    told = wait_told(&rig, 1);
    assert_in_range(monotonic_us() - before_us, 100000, 20000000);
    assert_int_equal(told.error.status, AMQPEXT_ETIMEDOUT);
    assert_string_equal(told.error.message, "no reply after 100 ms");
    assert_int_equal(figures_of(&rig).timeouts, 1);
    /* The other goes on. */
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), "9", NULL);
    assert_int_equal(wait_told(&rig, 2).number, 9);
    end(&rig);
}

static void call_waits_for_a_connection_within_its_time(void **state)
{
    const struct amqpext_rpc_call_options soon = {.size = sizeof(soon), .timeout_ms = 150};
    struct told told;
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    fake_broker_refuse_connections(rig.broker, true);
    make(&rig);
    send_with(&rig, 1, &soon);
    send(&rig, 2);
    told = wait_told(&rig, 1);
    assert_int_equal(told.error.status, AMQPEXT_ETIMEDOUT);
    assert_non_null(strstr(told.error.message, "not sent in 150 ms: "));
    fake_broker_refuse_connections(rig.broker, false);
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), "5", NULL);
    assert_int_equal(wait_told(&rig, 2).number, 5);
    /* The one that was over is never sent. */
    assert_memory_equal(RECEIVED(rig.broker, BASIC_PUBLISH, 1)->body, "2", 1);
    assert_int_equal(COUNT(rig.broker, BASIC_PUBLISH), 1);
    end(&rig);
}

static void call_under_way_fails_with_its_connection_and_is_not_repeated(void **state)
{
    struct told told;
    struct rig rig;

    (void)state;
    (void)start_call(&rig);
    assert_true(fake_broker_drop(rig.broker, 0, FAKE_DROP_RESET));
    told = wait_told(&rig, 1);
    assert_int_equal(told.error.status, AMQPEXT_ECONNECTION);
    assert_int_equal(figures_of(&rig).lost, 1);
    RECEIVED(rig.broker, BASIC_CONSUME, 2);
    send(&rig, 2);
    assert_memory_equal(RECEIVED(rig.broker, BASIC_PUBLISH, 2)->body, "2", 1);
    end(&rig);
}

static void call_that_closes_the_channel_is_told_why(void **state)
{
    struct told told;
    struct rig rig;

    (void)state;
    (void)start_call(&rig);
    assert_true(fake_broker_close_channel(rig.broker, 0, 404, "NOT_FOUND - no exchange",
                                          AMQP_BASIC_PUBLISH_METHOD));
    told = wait_told(&rig, 1);
    assert_int_equal(told.error.status, AMQPEXT_ENOTFOUND);
    assert_int_equal(told.error.reply_code, 404);
    end(&rig);
}

static void calls_wait_while_the_broker_takes_nothing(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    start(&rig);
    assert_true(fake_broker_block(rig.broker, 0, "memory"));
    while (figures_of(&rig).connection.is_blocked == 0)
        sleep_ms(1);
    send(&rig, 1);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_PUBLISH_METHOD, 0, 100));
    assert_true(fake_broker_unblock(rig.broker, 0));
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), "6", NULL);
    assert_int_equal(wait_told(&rig, 1).number, 6);
    end(&rig);
}

static void requests_fit_into_the_frames_of_the_broker(void **state)
{
    enum { SIZE = 20000 };
    const struct fake_broker_options small = {.frame_max = 4096};
    const struct received *request;
    char *body = malloc(SIZE);
    struct rig rig;

    (void)state;
    assert_non_null(body);
    memset(body, 'x', SIZE);
    begin(&rig, &small);
    make(&rig);
    /* Framed before anybody knows how large frames may be. */
    assert_int_equal(
        amqpext_rpc_send_bytes(rig.client, "sums", body, SIZE, NULL, tell, &rig.told, NULL),
        AMQPEXT_OK);
    request = RECEIVED(rig.broker, BASIC_PUBLISH, 1);
    assert_int_equal(request->body_size, SIZE);
    assert_memory_equal(request->body, body, SIZE);
    reply(&rig, request, "1", NULL);
    assert_int_equal(wait_told(&rig, 1).number, 1);
    free(body);
    end(&rig);
}

static void reply_beyond_max_message_bytes_fails_its_call_alone(void **state)
{
    char large[2000];
    struct rig rig;

    (void)state;
    memset(large, '1', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    begin(&rig, NULL);
    rig.connection.max_message_bytes = 1000;
    start(&rig);
    send(&rig, 1);
    send(&rig, 2);
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), large, NULL);
    assert_int_equal(wait_told(&rig, 1).error.status, AMQPEXT_ETOOLARGE);
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 2), "3", NULL);
    assert_int_equal(wait_told(&rig, 2).number, 3);
    assert_int_equal(
        amqpext_rpc_send_bytes(rig.client, "sums", large, 1500, NULL, NULL, NULL, NULL),
        AMQPEXT_ETOOLARGE);
    end(&rig);
}

static void calls_have_a_limit(void **state)
{
    json_t *request = json_integer(1);
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    rig.options.max_pending = 2;
    start(&rig);
    send(&rig, 1);
    send(&rig, 2);
    assert_int_equal(amqpext_rpc_send(rig.client, "sums", request, NULL, tell, &rig.told, NULL),
                     AMQPEXT_ELIMIT);
    reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), "1", NULL);
    wait_told(&rig, 1);
    while (figures_of(&rig).pending > 1)
        sleep_ms(1);
    send(&rig, 3);
    json_decref(request);
    end(&rig);
}

static void bad_calls_are_refused_at_once(void **state)
{
    const struct amqpext_rpc_call_options sizeless = {.timeout_ms = 1};
    char key[300];
    json_t *odd = json_string_nocheck("\xff");
    json_t *reply_value = NULL;
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    make(&rig);
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    assert_int_equal(amqpext_rpc_send_bytes(rig.client, key, "1", 1, NULL, NULL, NULL, NULL),
                     AMQPEXT_EINVALID);
    assert_int_equal(amqpext_rpc_send_bytes(rig.client, "k", "1", 1, &sizeless, NULL, NULL, NULL),
                     AMQPEXT_EINVALID);
    assert_int_equal(amqpext_rpc_send(rig.client, "k", odd, NULL, NULL, NULL, NULL),
                     AMQPEXT_EENCODE);
    assert_int_equal(amqpext_rpc_call(rig.client, "k", odd, NULL, &reply_value, NULL),
                     AMQPEXT_EENCODE);
    assert_null(reply_value);
    assert_int_equal(figures_of(&rig).calls, 0);
    /* Nothing was started for them. */
    assert_int_equal(fake_broker_count(rig.broker, FAKE_ACCEPTED), 0);
    json_decref(odd);
    end(&rig);
}

static void call_inside(void *data, const struct amqpext_rpc_reply *told)
{
    struct rig *rig = data;
    json_t *request = json_integer(2);
    struct amqpext_rpc_reply copy = *told;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *unused = NULL;

    /* Waiting would be for ever; sending goes. */
    if (amqpext_rpc_call(rig->client, "sums", request, NULL, &unused, &error) != AMQPEXT_ESTATE ||
        amqpext_rpc_send(rig->client, "sums", request, NULL, tell, &rig->told, NULL) != AMQPEXT_OK)
        error.status = AMQPEXT_EINVALID;
    json_decref(request);
    copy.error = error.status == AMQPEXT_ESTATE ? NULL : &error;
    tell(&rig->told, &copy);
}

static void callbacks_may_send_but_not_wait(void **state)
{
    static const enum amqpext_callbacks modes[] = {AMQPEXT_CALLBACKS_IO_THREAD,
                                                   AMQPEXT_CALLBACKS_WORKERS};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        json_t *request = json_integer(1);
        struct rig rig;

        begin(&rig, NULL);
        rig.options.callbacks = modes[i];
        start(&rig);
        assert_int_equal(
            amqpext_rpc_send(rig.client, "sums", request, NULL, call_inside, &rig, NULL),
            AMQPEXT_OK);
        json_decref(request);
        reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 1), "5", NULL);
        assert_int_equal(wait_told(&rig, 1).number, 5);
        reply(&rig, RECEIVED(rig.broker, BASIC_PUBLISH, 2), "6", NULL);
        assert_int_equal(wait_told(&rig, 2).number, 6);
        end(&rig);
    }
}

static void calls_are_cancelled_when_the_client_is_freed(void **state)
{
    static const enum amqpext_callbacks modes[] = {
        AMQPEXT_CALLBACKS_IO_THREAD, AMQPEXT_CALLBACKS_WORKERS, AMQPEXT_CALLBACKS_DISPATCH};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct told told;
        struct rig rig;

        begin(&rig, NULL);
        rig.options.callbacks = modes[i];
        start(&rig);
        send(&rig, 1);
        send(&rig, 2);
        amqpext_rpc_client_free(rig.client);
        rig.client = NULL;
        told = wait_told(&rig, 2);
        assert_int_equal(told.error.status, AMQPEXT_ECANCELLED);
        end(&rig);
    }
}

static void client_that_was_never_used_is_freed(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig, NULL);
    make(&rig);
    assert_int_equal(amqpext_rpc_client_fd(rig.client), -1);
    end(&rig);
}

static void make_client_once(void *context)
{
    struct rig *rig = context;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_client *client = NULL;
    const enum amqpext_status status = amqpext_rpc_client_new(&rig->options, &client, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    assert_int_equal(error.status, status);
    amqpext_rpc_client_free(client);
}

static void make_call_once(void *context)
{
    const struct amqpext_rpc_call_options options = {.size = sizeof(options), .timeout_ms = 1};
    const struct rpc_draft draft = {.exchange = "",
                                    .routing_key = "k",
                                    .body = context,
                                    .body_size = 1,
                                    .options = &options,
                                    .number = 1,
                                    .frame_max = 4096};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct rpc_call *call = NULL;
    const enum amqpext_status status = amqpext__rpc_call_new(&draft, &call, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    assert_int_equal(error.status, status);
    amqpext__rpc_call_free(call);
}

static void memory_may_run_out(void **state)
{
    struct rig rig;
    char body[] = "1";

    (void)state;
    begin(&rig, NULL);
    assert_true(oom_for_every_allocation(make_client_once, &rig) > 3);
    assert_true(oom_for_every_allocation(make_call_once, body) > 3);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_carries_what_its_reply_needs),
        cmocka_unit_test(replies_find_their_calls_in_any_order),
        cmocka_unit_test(errors_returns_and_bad_bodies_are_told_apart),
        cmocka_unit_test(replies_that_nobody_waits_for_are_counted),
        cmocka_unit_test(call_ends_at_its_deadline),
        cmocka_unit_test(call_waits_for_a_connection_within_its_time),
        cmocka_unit_test(call_under_way_fails_with_its_connection_and_is_not_repeated),
        cmocka_unit_test(call_that_closes_the_channel_is_told_why),
        cmocka_unit_test(calls_wait_while_the_broker_takes_nothing),
        cmocka_unit_test(requests_fit_into_the_frames_of_the_broker),
        cmocka_unit_test(reply_beyond_max_message_bytes_fails_its_call_alone),
        cmocka_unit_test(calls_have_a_limit),
        cmocka_unit_test(bad_calls_are_refused_at_once),
        cmocka_unit_test(callbacks_may_send_but_not_wait),
        cmocka_unit_test(calls_are_cancelled_when_the_client_is_freed),
        cmocka_unit_test(client_that_was_never_used_is_freed),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
