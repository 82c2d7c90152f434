/* The server of remote calls: what it answers, when a request is acknowledged, what it leaves. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <amqpext/rpc.h>

#include "rpc_call.h"
#include "support/fake_broker.h"

#define RECEIVED(broker, name, n) fake_broker_wait((broker), AMQP_##name##_METHOD, (n))
#define COUNT(broker, name) fake_broker_count((broker), AMQP_##name##_METHOD)

enum { SERVER = 1, PATIENCE_MS = 60000 }; /* the consumer's connection is the first */

struct rig {
    struct fake_broker *broker;
    struct amqpext_connection_options connection;
    struct amqpext_consumer_options options;
    struct amqpext_rpc_server *server;
    atomic_uint calls;
    atomic_bool is_held; /* requests wait inside */
    enum amqpext_status status; /* of the handler */
    const char *message;
};

static void sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static enum amqpext_status serve(void *data, const struct amqpext_delivery *request, json_t **reply,
                                 struct amqpext_error *error)
{
    struct rig *rig = data;

    atomic_fetch_add(&rig->calls, 1);
    while (atomic_load(&rig->is_held))
        sleep_ms(2);
    if (rig->message != NULL)
        return amqpext_error_set(error, rig->status, "%s", rig->message);
    if (rig->status == AMQPEXT_OK)
        *reply = json_integer(json_integer_value(amqpext_delivery_payload(request)) + 1);
    return rig->status;
}

static void begin(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    rig->broker = fake_broker_new(NULL);
    rig->connection = (struct amqpext_connection_options){.size = sizeof(rig->connection),
                                                          .reconnect_min_delay_ms = 20,
                                                          .reconnect_max_delay_ms = 40};
    rig->options = (struct amqpext_consumer_options){.size = sizeof(rig->options),
                                                     .url = fake_broker_url(rig->broker),
                                                     .connection = &rig->connection,
                                                     .queue = "sums"};
}

static void start(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_rpc_server_new(&rig->options, serve, rig, &rig->server, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(amqpext_rpc_server_consumer(rig->server), PATIENCE_MS, &error) !=
            AMQPEXT_OK)
        fail_msg("no server: %s", error.message);
}

static void end(struct rig *rig)
{
    const char *fault;

    atomic_store(&rig->is_held, false);
    amqpext_rpc_server_free(rig->server);
    fault = fake_broker_fault(rig->broker);
    if (fault != NULL)
        fail_msg("%s", fault);
    fake_broker_free(rig->broker);
}

struct asked {
    const char *body;
    const char *content_type; /* NULL: none */
    const char *reply_to; /* NULL: none */
    const char *expiration; /* NULL: none */
    int64_t deadline_ms; /* 0: none */
};

static void ask(struct rig *rig, const struct asked *asked)
{
    amqp_table_entry_t header = {.key = amqp_cstring_bytes(HEADER_DEADLINE)};
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_CORRELATION_ID_FLAG,
                                          .correlation_id = amqp_cstring_bytes("c-7")};
    const struct fake_message message = {.properties = &properties,
                                         .routing_key = "sums",
                                         .body = asked->body,
                                         .size = strlen(asked->body)};

    if (asked->content_type != NULL) {
        properties._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
        properties.content_type = amqp_cstring_bytes(asked->content_type);
    }
    if (asked->reply_to != NULL) {
        properties._flags |= AMQP_BASIC_REPLY_TO_FLAG;
        properties.reply_to = amqp_cstring_bytes(asked->reply_to);
    }
    if (asked->expiration != NULL) {
        properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
        properties.expiration = amqp_cstring_bytes(asked->expiration);
    }
    if (asked->deadline_ms != 0) {
        header.value.kind = AMQP_FIELD_KIND_I64;
        header.value.value.i64 = asked->deadline_ms;
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = (amqp_table_t){1, &header};
    }
    assert_int_not_equal(fake_broker_deliver(rig->broker, SERVER, &message), 0);
}

static const struct asked forty_one = {.body = "41", .reply_to = "reply.here"};

static bool error_is(const struct received *reply, const char *message)
{
    const amqp_field_value_t *value = fake_table_get(&reply->properties->headers, HEADER_ERROR);

    return value != NULL && fake_bytes_are(value->value.bytes, message);
}

static void request_is_acknowledged_once_its_reply_was_confirmed(void **state)
{
    const struct received *reply;
    const amqp_basic_publish_t *publish;
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    start(&rig);
    /* A caller asks again by himself: no queues are made for retries or dead letters. */
    assert_int_equal(COUNT(rig.broker, QUEUE_DECLARE), 1);
    ask(&rig, &forty_one);
    reply = RECEIVED(rig.broker, BASIC_PUBLISH, 1);
    publish = reply->decoded;
    assert_int_not_equal(reply->connection, SERVER);
    assert_true(fake_bytes_are(publish->exchange, ""));
    assert_true(fake_bytes_are(publish->routing_key, "reply.here"));
    /* A queue of direct reply-to counts as none. */
    assert_false(publish->mandatory);
    assert_true(fake_bytes_are(reply->properties->correlation_id, "c-7"));
    assert_true(fake_bytes_are(reply->properties->content_type, "application/json"));
    assert_int_equal(reply->properties->delivery_mode, 1);
    assert_memory_equal(reply->body, "42", 2);
    assert_null(fake_table_get(&reply->properties->headers, HEADER_ERROR));
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_ACK_METHOD, 0, 100));
    assert_true(fake_broker_ack(rig.broker, reply->connection, reply->tag, false));
    RECEIVED(rig.broker, BASIC_ACK, 1);
    assert_int_equal(COUNT(rig.broker, BASIC_PUBLISH), 1);
    end(&rig);
}

static void failures_are_answered_as_errors(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    rig.status = AMQPEXT_ENOTFOUND;
    rig.message = "no such thing";
    start(&rig);
    ask(&rig, &forty_one);
    assert_true(error_is(RECEIVED(rig.broker, BASIC_PUBLISH, 1), "no such thing"));
    RECEIVED(rig.broker, BASIC_ACK, 1);
    end(&rig);
    begin(&rig);
    rig.status = AMQPEXT_ELIMIT;
    start(&rig);
    ask(&rig, &forty_one);
    assert_true(error_is(RECEIVED(rig.broker, BASIC_PUBLISH, 1), "AMQPEXT_ELIMIT"));
    end(&rig);
}

static void request_that_cannot_be_decoded_is_answered(void **state)
{
    static const struct {
        const char *content_type, *body, *error;
    } cases[] = {
        {NULL, "[1", "the body is no JSON: a sudden end at byte 2"},
        {"application/json", "{", "the body is no JSON: a sudden end at byte 1"},
        {"application/msgpack", "\xc1",
         "the body is no MessagePack: a byte without meaning at byte 0"},
    };
    struct rig rig;
    size_t i;

    (void)state;
    begin(&rig);
    start(&rig);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct asked asked = {
            .body = cases[i].body, .content_type = cases[i].content_type, .reply_to = "reply.here"};

        ask(&rig, &asked);
        assert_true(error_is(RECEIVED(rig.broker, BASIC_PUBLISH, i + 1), cases[i].error));
        RECEIVED(rig.broker, BASIC_ACK, i + 1);
    }
    assert_int_equal(atomic_load(&rig.calls), 0);
    assert_int_equal(COUNT(rig.broker, BASIC_REJECT), 0);
    end(&rig);
}

static void request_without_reply_to_is_carried_out(void **state)
{
    const struct asked asked = {.body = "41"};
    struct rig rig;

    (void)state;
    begin(&rig);
    start(&rig);
    ask(&rig, &asked);
    RECEIVED(rig.broker, BASIC_ACK, 1);
    assert_int_equal(atomic_load(&rig.calls), 1);
    assert_int_equal(COUNT(rig.broker, BASIC_PUBLISH), 0);
    end(&rig);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Behind a request that is held, so that they grow old here. */
static void requests_that_came_too_late_are_acknowledged_unanswered(void **state)
{
    const struct asked by_expiration = {.body = "1", .reply_to = "reply.here", .expiration = "100"};
    const struct asked by_deadline = {.body = "2",
                                      .reply_to = "reply.here",
                                      .expiration = "60000",
                                      .deadline_ms = now_ms() + 300};
    struct rig rig;

    (void)state;
    begin(&rig);
    atomic_store(&rig.is_held, true);
    start(&rig);
    ask(&rig, &forty_one);
    ask(&rig, &by_expiration);
    ask(&rig, &by_deadline);
    while (atomic_load(&rig.calls) == 0)
        sleep_ms(1);
    sleep_ms(500);
    atomic_store(&rig.is_held, false);
    while (fake_broker_outstanding(rig.broker, SERVER) != 0)
        sleep_ms(1);
    assert_int_equal(atomic_load(&rig.calls), 1);
    assert_int_equal(COUNT(rig.broker, BASIC_PUBLISH), 1);
    end(&rig);
}

/* Clocks of other machines may be wrong by hours. */
static void deadline_that_cannot_be_right_is_not_believed(void **state)
{
    const struct asked cases[] = {
        {.body = "1", .reply_to = "r", .expiration = "60000", .deadline_ms = now_ms() - 3600000},
        {.body = "1", .reply_to = "r", .expiration = "60000", .deadline_ms = now_ms() + 3600000},
        {.body = "1", .reply_to = "r", .deadline_ms = 1},
        {.body = "1", .reply_to = "r", .deadline_ms = INT64_MIN},
        {.body = "1", .reply_to = "r", .deadline_ms = INT64_MAX},
    };
    struct rig rig;
    size_t i;

    (void)state;
    begin(&rig);
    start(&rig);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask(&rig, &cases[i]);
        RECEIVED(rig.broker, BASIC_PUBLISH, i + 1);
    }
    end(&rig);
}

static void reply_that_is_refused_ends_the_request(void **state)
{
    const struct received *reply;
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    start(&rig);
    ask(&rig, &forty_one);
    reply = RECEIVED(rig.broker, BASIC_PUBLISH, 1);
    assert_true(fake_broker_nack(rig.broker, reply->connection, reply->tag, false));
    /* It was carried out, and is not to be twice. */
    RECEIVED(rig.broker, BASIC_ACK, 1);
    assert_int_equal(atomic_load(&rig.calls), 1);
    end(&rig);
}

static void request_whose_reply_is_not_confirmed_stays_when_the_server_stops(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    start(&rig);
    ask(&rig, &forty_one);
    RECEIVED(rig.broker, BASIC_PUBLISH, 1);
    amqpext_rpc_server_free(rig.server);
    rig.server = NULL;
    assert_int_equal(COUNT(rig.broker, BASIC_ACK), 0);
    end(&rig);
}

static void incomplete_servers_are_refused(void **state)
{
    struct amqpext_rpc_server *server = NULL;
    struct rig rig;

    (void)state;
    begin(&rig);
    assert_int_equal(amqpext_rpc_server_new(&rig.options, NULL, NULL, &server, NULL),
                     AMQPEXT_EINVALID);
    rig.options.serializer = "yaml";
    assert_int_equal(amqpext_rpc_server_new(&rig.options, serve, NULL, &server, NULL),
                     AMQPEXT_EINVALID);
    rig.options.serializer = NULL;
    rig.options.queue = NULL;
    assert_int_equal(amqpext_rpc_server_new(&rig.options, serve, NULL, &server, NULL),
                     AMQPEXT_EINVALID);
    assert_null(server);
    end(&rig);
}

static void make_once(void *context)
{
    struct rig *rig = context;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_server *server = NULL;
    const enum amqpext_status status =
        amqpext_rpc_server_new(&rig->options, serve, rig, &server, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    assert_int_equal(error.status, status);
    amqpext_rpc_server_free(server);
}

static void memory_may_run_out_while_it_is_made(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    assert_true(oom_for_every_allocation(make_once, &rig) > 10);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_acknowledged_once_its_reply_was_confirmed),
        cmocka_unit_test(failures_are_answered_as_errors),
        cmocka_unit_test(request_that_cannot_be_decoded_is_answered),
        cmocka_unit_test(request_without_reply_to_is_carried_out),
        cmocka_unit_test(requests_that_came_too_late_are_acknowledged_unanswered),
        cmocka_unit_test(deadline_that_cannot_be_right_is_not_believed),
        cmocka_unit_test(reply_that_is_refused_ends_the_request),
        cmocka_unit_test(request_whose_reply_is_not_confirmed_stays_when_the_server_stops),
        cmocka_unit_test(incomplete_servers_are_refused),
        cmocka_unit_test(memory_may_run_out_while_it_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
