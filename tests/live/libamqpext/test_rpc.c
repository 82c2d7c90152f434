/* Remote calls with a real broker. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "clock.h"
#include "rpc_call.h"
#include "support/taker.h"

enum { WAIT_MS = 60000 };

/* What the server of a test does, and what it has seen. */
struct service {
    atomic_uint calls;
    atomic_bool is_held; /* requests wait inside */
    pthread_mutex_t lock;
    char trace[128], baggage[64]; /* of the last request; behind the lock */
    struct amqpext_rpc_server *server;
    char queue[64];
};

static void sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static void keep(char *out, size_t size, const struct amqpext_delivery *request, const char *name)
{
    snprintf(out, size, "%s", header_text(request, name));
}

/*
 * A number is increased; "fail" and "secretly" fail, "big" is answered with much, "null" with
 * nothing, "odd" with what cannot be written.
 */
static enum amqpext_status serve(void *data, const struct amqpext_delivery *request, json_t **reply,
                                 struct amqpext_error *error)
{
    struct service *service = data;
    const json_t *asked = amqpext_delivery_payload(request);
    const char *text = json_string_value(asked);

    pthread_mutex_lock(&service->lock);
    keep(service->trace, sizeof(service->trace), request, "traceparent");
    keep(service->baggage, sizeof(service->baggage), request, "baggage");
    pthread_mutex_unlock(&service->lock);
    atomic_fetch_add(&service->calls, 1);
    while (atomic_load(&service->is_held))
        sleep_ms(5);
    if (json_is_integer(asked))
        *reply = json_integer(json_integer_value(asked) + 1);
    else if (text == NULL || strcmp(text, "null") == 0)
        *reply = NULL;
    else if (strcmp(text, "fail") == 0)
        return amqpext_error_set(error, AMQPEXT_EINVALID, "no '%s' today", text);
    else if (strcmp(text, "secretly") == 0)
        return AMQPEXT_ESTATE;
    else if (strcmp(text, "odd") == 0)
        *reply = json_string_nocheck("\xff");
    else
        *reply = json_pack("[s++]", text, text, text);
    return AMQPEXT_OK;
}

static void start_server(struct service *service, const char *queue,
                         const struct amqpext_consumer_options *changed)
{
    struct amqpext_consumer_options options = {.size = sizeof(options)};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (changed != NULL)
        options = *changed;
    snprintf(service->queue, sizeof(service->queue), "rpc-test.%s", queue);
    options.url = getenv("AMQPEXT_TEST_URL");
    options.queue = service->queue;
    if (amqpext_rpc_server_new(&options, serve, service, &service->server, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(amqpext_rpc_server_consumer(service->server), WAIT_MS, &error) !=
            AMQPEXT_OK)
        fail_msg("no server: %s", error.message);
}

static struct amqpext_rpc_client *start_client(const struct amqpext_rpc_client_options *changed)
{
    struct amqpext_rpc_client_options options = {.size = sizeof(options)};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_client *client = NULL;

    if (changed != NULL)
        options = *changed;
    options.url = getenv("AMQPEXT_TEST_URL");
    if (options.timeout_ms == 0)
        options.timeout_ms = WAIT_MS;
    if (amqpext_rpc_client_new(&options, &client, &error) != AMQPEXT_OK)
        fail_msg("no client: %s", error.message);
    return client;
}

/* Takes the request's reference. Returns what was answered. */
static json_t *call(struct amqpext_rpc_client *client, const struct service *service,
                    json_t *request)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *reply = NULL;

    if (amqpext_rpc_call(client, service->queue, request, NULL, &reply, &error) != AMQPEXT_OK)
        fail_msg("no reply: %s %s", amqpext_status_name(error.status), error.message);
    json_decref(request);
    return reply;
}

static void assert_sum(struct amqpext_rpc_client *client, const struct service *service, int number)
{
    json_t *reply = call(client, service, json_integer(number));

    assert_int_equal(json_integer_value(reply), number + 1);
    json_decref(reply);
}

static void assert_failure(struct amqpext_rpc_client *client, const struct service *service,
                           const char *request, enum amqpext_status status, const char *message)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload = json_string(request);
    json_t *reply = payload;

    assert_int_equal(amqpext_rpc_call(client, service->queue, payload, NULL, &reply, &error),
                     status);
    assert_ptr_equal(reply, payload);
    assert_string_equal(error.message, message);
    json_decref(payload);
}

static struct amqpext_rpc_stats figures_of_client(const struct amqpext_rpc_client *client)
{
    struct amqpext_rpc_stats figures = AMQPEXT_RPC_STATS_INIT;

    amqpext_rpc_client_stats(client, &figures);
    return figures;
}

static void end(struct amqpext_rpc_client *client, struct service *service)
{
    amqpext_rpc_client_free(client);
    amqpext_rpc_server_free(service->server);
    assert_true(broker_delete_queues("rpc-test."));
}

static void calls_are_answered(void **state)
{
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct amqpext_rpc_stats figures;
    json_t *reply;

    (void)state;
    start_server(&service, "echo", NULL);
    assert_int_equal(amqpext_rpc_client_connect(client, WAIT_MS, NULL), AMQPEXT_OK);
    assert_sum(client, &service, 41);
    reply = call(client, &service, json_string("null"));
    assert_true(json_is_null(reply));
    json_decref(reply);
    reply = call(client, &service, json_string("x"));
    assert_string_equal(json_string_value(json_array_get(reply, 0)), "xxx");
    json_decref(reply);
    figures = figures_of_client(client);
    assert_int_equal(figures.calls, 3);
    assert_int_equal(figures.replies, 3);
    assert_int_equal(figures.pending, 0);
    assert_int_equal(figures.call_time.count, 3);
    assert_int_equal(figures.connection.is_ready, 1);
    end(client, &service);
}

static void errors_of_the_server_come_back(void **state)
{
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct amqpext_rpc_stats figures;

    (void)state;
    start_server(&service, "errors", NULL);
    assert_failure(client, &service, "fail", AMQPEXT_EREMOTE, "no 'fail' today");
    assert_failure(client, &service, "secretly", AMQPEXT_EREMOTE, "AMQPEXT_ESTATE");
    assert_failure(client, &service, "odd", AMQPEXT_EREMOTE,
                   "the payload cannot be encoded: a text is not UTF-8");
    figures = figures_of_client(client);
    assert_int_equal(figures.errors, 3);
    assert_sum(client, &service, 1);
    end(client, &service);
}

static void call_that_nobody_serves_fails_at_once(void **state)
{
    const struct service nobody = {.queue = "rpc-test.nobody"};
    struct amqpext_rpc_client *client = start_client(NULL);

    (void)state;
    assert_failure(client, &nobody, "x", AMQPEXT_ERETURNED,
                   "nobody serves 'rpc-test.nobody': NO_ROUTE");
    assert_int_equal(figures_of_client(client).returned, 1);
    amqpext_rpc_client_free(client);
}

static void call_has_a_deadline_and_a_late_reply_is_dropped(void **state)
{
    const struct amqpext_rpc_client_options options = {.size = sizeof(options), .timeout_ms = 300};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_held = true};
    struct amqpext_rpc_client *client = start_client(&options);
    unsigned i;

    (void)state;
    start_server(&service, "late", NULL);
    assert_failure(client, &service, "x", AMQPEXT_ETIMEDOUT, "no reply after 300 ms");
    atomic_store(&service.is_held, false);
    for (i = 0; i < WAIT_MS && figures_of_client(client).late == 0 && i < 2000; i++)
        sleep_ms(1);
    /* Its reply may have expired before it was sent, and then there is nothing to be late. */
    assert_in_range(figures_of_client(client).late, 0, 1);
    assert_int_equal(figures_of_client(client).timeouts, 1);
    end(client, &service);
}

static void requests_whose_caller_has_gone_are_not_begun(void **state)
{
    const struct amqpext_consumer_options one_by_one = {.size = sizeof(one_by_one),
                                                        .prefetch_count = 10};
    const struct amqpext_rpc_call_options options = {.size = sizeof(options), .timeout_ms = 500};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_held = true};
    struct amqpext_rpc_client *client = start_client(NULL);
    json_t *request = json_integer(1);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *reply = NULL;

    (void)state;
    start_server(&service, "gone", &one_by_one);
    assert_int_equal(amqpext_rpc_send(client, service.queue, request, NULL, NULL, NULL, NULL),
                     AMQPEXT_OK);
    while (atomic_load(&service.calls) == 0)
        sleep_ms(1);
    /* It comes to the server, and waits there behind the other. */
    assert_int_equal(amqpext_rpc_call(client, service.queue, request, &options, &reply, &error),
                     AMQPEXT_ETIMEDOUT);
    sleep_ms(300);
    atomic_store(&service.is_held, false);
    assert_sum(client, &service, 7);
    assert_int_equal(atomic_load(&service.calls), 2);
    json_decref(request);
    end(client, &service);
}

/* An error that was told, for a thread that waits. */
struct failure {
    atomic_bool is_told;
    struct amqpext_error error;
};

static void keep_failure(void *data, const struct amqpext_rpc_reply *reply)
{
    struct failure *failure = data;

    if (reply->error != NULL)
        failure->error = *reply->error;
    atomic_store(&failure->is_told, true);
}

static void undecodable_request_is_answered(void **state)
{
    const struct amqpext_properties properties = {.size = sizeof(properties),
                                                  .content_type = "application/json"};
    const struct amqpext_rpc_call_options options = {.size = sizeof(options),
                                                     .properties = &properties};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct failure failure = {.is_told = false};

    (void)state;
    start_server(&service, "undecodable", NULL);
    assert_int_equal(amqpext_rpc_send_bytes(client, service.queue, "[1", 2, &options, keep_failure,
                                            &failure, NULL),
                     AMQPEXT_OK);
    while (!atomic_load(&failure.is_told))
        sleep_ms(1);
    assert_int_equal(failure.error.status, AMQPEXT_EREMOTE);
    assert_string_equal(failure.error.message, "the body is no JSON: a sudden end at byte 2");
    assert_int_equal(atomic_load(&service.calls), 0);
    assert_sum(client, &service, 1);
    end(client, &service);
}

static void both_sides_speak_msgpack(void **state)
{
    const struct amqpext_consumer_options server = {.size = sizeof(server),
                                                    .serializer = "msgpack"};
    const struct amqpext_rpc_client_options options = {.size = sizeof(options),
                                                       .serializer = "msgpack"};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(&options);
    struct amqpext_rpc_client *json_client = start_client(NULL);

    (void)state;
    start_server(&service, "msgpack", &server);
    assert_sum(client, &service, 10);
    /* Who asks in JSON is answered in JSON. */
    assert_sum(json_client, &service, 11);
    amqpext_rpc_client_free(json_client);
    end(client, &service);
}

/* Replies to calls in the background, checked as they come. */
struct tally {
    atomic_uint right, wrong, failed;
};

struct question {
    struct tally *tally;
    int number;
};

static void tally_reply(void *data, const struct amqpext_rpc_reply *reply)
{
    struct question *question = data;

    if (reply->error != NULL)
        atomic_fetch_add(&question->tally->failed, 1);
    else if (json_integer_value(reply->payload) == question->number + 1)
        atomic_fetch_add(&question->tally->right, 1);
    else
        atomic_fetch_add(&question->tally->wrong, 1);
}

static void ask_many(struct amqpext_rpc_client *client, const struct service *service,
                     struct question *questions, unsigned n, struct tally *tally)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        json_t *number = json_integer((json_int_t)i);

        questions[i] = (struct question){tally, (int)i};
        assert_int_equal(amqpext_rpc_send(client, service->queue, number, NULL, tally_reply,
                                          &questions[i], NULL),
                         AMQPEXT_OK);
        json_decref(number);
    }
}

static unsigned told(struct tally *tally)
{
    return atomic_load(&tally->right) + atomic_load(&tally->wrong) + atomic_load(&tally->failed);
}

static void thousand_calls_at_once_get_their_own_replies(void **state)
{
    enum { CALLS = 1000 };
    static struct question questions[CALLS];
    const struct amqpext_consumer_options server = {
        .size = sizeof(server), .workers = 4, .prefetch_count = 100};
    const struct amqpext_rpc_client_options options = {.size = sizeof(options),
                                                       .callbacks = AMQPEXT_CALLBACKS_WORKERS};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_held = true};
    struct amqpext_rpc_client *client = start_client(&options);
    struct tally tally = {.right = 0};
    json_t *number = json_integer(1);
    unsigned i;

    (void)state;
    start_server(&service, "many", &server);
    ask_many(client, &service, questions, CALLS, &tally);
    assert_int_equal(figures_of_client(client).pending, CALLS);
    assert_int_equal(amqpext_rpc_send(client, service.queue, number, NULL, NULL, NULL, NULL),
                     AMQPEXT_ELIMIT);
    json_decref(number);
    atomic_store(&service.is_held, false);
    for (i = 0; i < WAIT_MS && told(&tally) < CALLS; i++)
        sleep_ms(1);
    assert_int_equal(atomic_load(&tally.right), CALLS);
    assert_int_equal(atomic_load(&service.calls), CALLS);
    end(client, &service);
}

struct caller {
    struct amqpext_rpc_client *client;
    const struct service *service;
    atomic_uint *right;
};

static void *call_often(void *data)
{
    const struct caller *caller = data;
    int i;

    for (i = 0; i < 50; i++) {
        json_t *request = json_integer(i);
        json_t *reply = NULL;

        if (amqpext_rpc_call(caller->client, caller->service->queue, request, NULL, &reply, NULL) ==
                AMQPEXT_OK &&
            json_integer_value(reply) == i + 1)
            atomic_fetch_add(caller->right, 1);
        json_decref(request);
        json_decref(reply);
    }
    return NULL;
}

static void threads_share_a_client(void **state)
{
    enum { THREADS = 16 };
    const struct amqpext_consumer_options server = {.size = sizeof(server), .workers = 2};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    pthread_t threads[THREADS];
    atomic_uint right = 0;
    struct caller caller = {client, &service, &right};
    unsigned i;

    (void)state;
    start_server(&service, "threads", &server);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &caller), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&right), THREADS * 50);
    end(client, &service);
}

static void calls_wait_for_a_server_that_restarts(void **state)
{
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct tally tally = {.right = 0};
    struct question questions[10];
    unsigned i;

    (void)state;
    start_server(&service, "restart", NULL);
    assert_sum(client, &service, 1);
    amqpext_rpc_server_free(service.server);
    /* The queue is still there: requests wait in it. */
    ask_many(client, &service, questions, 10, &tally);
    sleep_ms(100);
    assert_int_equal(told(&tally), 0);
    start_server(&service, "restart", NULL);
    for (i = 0; i < WAIT_MS && told(&tally) < 10; i++)
        sleep_ms(1);
    assert_int_equal(atomic_load(&tally.right), 10);
    end(client, &service);
}

static void call_under_way_fails_when_its_connection_is_lost(void **state)
{
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_held = true};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct tally tally = {.right = 0};
    struct question questions[3];
    unsigned i;

    (void)state;
    start_server(&service, "lost", NULL);
    ask_many(client, &service, questions, 3, &tally);
    while (atomic_load(&service.calls) == 0)
        sleep_ms(1);
    assert_true(broker_close_connections());
    for (i = 0; i < WAIT_MS && told(&tally) < 3; i++)
        sleep_ms(1);
    assert_int_equal(atomic_load(&tally.failed), 3);
    assert_int_equal(figures_of_client(client).lost, 3);
    atomic_store(&service.is_held, false);
    assert_sum(client, &service, 5);
    end(client, &service);
}

static void calls_are_told_inside_of_dispatch(void **state)
{
    const struct amqpext_rpc_client_options options = {.size = sizeof(options),
                                                       .callbacks = AMQPEXT_CALLBACKS_DISPATCH};
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(&options);
    struct pollfd watched = {.fd = amqpext_rpc_client_fd(client), .events = POLLIN};
    struct tally tally = {.right = 0};
    struct question questions[20];

    (void)state;
    start_server(&service, "dispatch", NULL);
    assert_true(watched.fd >= 0);
    ask_many(client, &service, questions, 20, &tally);
    while (told(&tally) < 20) {
        assert_int_not_equal(poll(&watched, 1, WAIT_MS), 0);
        amqpext_rpc_client_dispatch(client);
    }
    assert_int_equal(atomic_load(&tally.right), 20);
    end(client, &service);
}

static void calls_under_way_are_cancelled_when_the_client_is_freed(void **state)
{
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_held = true};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct tally tally = {.right = 0};
    struct question questions[5];

    (void)state;
    start_server(&service, "freed", NULL);
    ask_many(client, &service, questions, 5, &tally);
    while (atomic_load(&service.calls) == 0)
        sleep_ms(1);
    amqpext_rpc_client_free(client);
    assert_int_equal(atomic_load(&tally.failed), 5);
    atomic_store(&service.is_held, false);
    end(NULL, &service);
}

static void large_requests_and_replies_arrive_whole(void **state)
{
    enum { SIZE = 1000000 };
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    char *text = malloc(SIZE + 1);
    json_t *reply;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    start_server(&service, "large", NULL);
    reply = call(client, &service, json_string(text));
    assert_int_equal(json_string_length(json_array_get(reply, 0)), 3 * SIZE);
    json_decref(reply);
    free(text);
    end(client, &service);
}

static void trace_headers_are_passed_on_through_all(void **state)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const struct amqpext_consumer_options source = {
        .size = sizeof(source), .url = getenv("AMQPEXT_TEST_URL"), .queue = "rpc-test.source"};
    const struct amqpext_producer_options to = {.size = sizeof(to), .url = source.url};
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_publish_options publish = {.size = sizeof(publish), .properties = &properties};
    struct amqpext_rpc_call_options options = AMQPEXT_RPC_CALL_OPTIONS_INIT;
    struct service service = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct amqpext_rpc_client *client = start_client(NULL);
    struct amqpext_producer *producer = NULL;
    struct amqpext_table *headers = NULL;
    struct taker taker;
    json_t *payload = json_integer(1);
    json_t *reply = NULL;

    (void)state;
    start_server(&service, "trace", NULL);
    taker_start(&taker, &source);
    assert_int_equal(amqpext_producer_new(&to, &producer, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "traceparent", trace, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "baggage", "a=b", NULL), AMQPEXT_OK);
    properties.headers = headers;
    assert_int_equal(
        amqpext_publish_message_wait(producer, payload, "rpc-test.source", &publish, NULL, NULL),
        AMQPEXT_OK);
    amqpext_table_free(headers);
    options.parent = taker_take(&taker);
    assert_int_equal(amqpext_rpc_call(client, service.queue, payload, &options, &reply, NULL),
                     AMQPEXT_OK);
    pthread_mutex_lock(&service.lock);
    assert_string_equal(service.trace, trace);
    assert_string_equal(service.baggage, "a=b");
    pthread_mutex_unlock(&service.lock);
    json_decref(reply);
    json_decref(payload);
    taker_settle((struct amqpext_delivery *)(uintptr_t)options.parent, AMQPEXT_ACK);
    taker_stop(&taker);
    amqpext_producer_free(producer);
    end(client, &service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_answered),
        cmocka_unit_test(errors_of_the_server_come_back),
        cmocka_unit_test(call_that_nobody_serves_fails_at_once),
        cmocka_unit_test(call_has_a_deadline_and_a_late_reply_is_dropped),
        cmocka_unit_test(requests_whose_caller_has_gone_are_not_begun),
        cmocka_unit_test(undecodable_request_is_answered),
        cmocka_unit_test(both_sides_speak_msgpack),
        cmocka_unit_test(thousand_calls_at_once_get_their_own_replies),
        cmocka_unit_test(threads_share_a_client),
        cmocka_unit_test(calls_wait_for_a_server_that_restarts),
        cmocka_unit_test(call_under_way_fails_when_its_connection_is_lost),
        cmocka_unit_test(calls_are_told_inside_of_dispatch),
        cmocka_unit_test(calls_under_way_are_cancelled_when_the_client_is_freed),
        cmocka_unit_test(large_requests_and_replies_arrive_whole),
        cmocka_unit_test(trace_headers_are_passed_on_through_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
