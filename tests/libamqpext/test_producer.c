/*
 * Producers without a network: a broker of the test's own decides what becomes of each message.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <amqpext/producer.h>
#include <amqpext/testing.h>

#include "clock.h"

enum { PATIENCE_MS = 30000, SEEN_MAX = 5000 };

/* What the broker was shown, and what it says. */
struct scene {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned n_seen;
    char bodies[SEEN_MAX][16];
    char last_key[64], last_exchange[64], last_type[64], last_id[64];
    char last_trace[64];
    size_t last_headers;
    enum amqpext_delivery_mode last_mode;
    enum amqpext_result says;
    bool is_held; /* the broker keeps everybody waiting */
    struct amqpext_producer *producer;
    /* Outcomes. */
    unsigned n_told[6];
    unsigned n_all;
    struct amqpext_outcome last;
    pthread_t told_on;
};

static void new_scene(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->says = AMQPEXT_CONFIRMED;
    pthread_mutex_init(&scene->lock, NULL);
    pthread_cond_init(&scene->changed, NULL);
}

static void end_scene(struct scene *scene)
{
    amqpext_producer_free(scene->producer);
    pthread_cond_destroy(&scene->changed);
    pthread_mutex_destroy(&scene->lock);
}

static enum amqpext_result decide(void *data, const struct amqpext_test_message *message)
{
    struct scene *scene = data;
    enum amqpext_result result;

    pthread_mutex_lock(&scene->lock);
    if (scene->n_seen < SEEN_MAX)
        snprintf(scene->bodies[scene->n_seen], 16, "%.*s", (int)message->body_size,
                 (const char *)message->body);
    scene->n_seen++;
    snprintf(scene->last_key, 64, "%s", message->routing_key);
    snprintf(scene->last_exchange, 64, "%s", message->exchange);
    snprintf(scene->last_id, 64, "%s", message->properties->message_id);
    snprintf(scene->last_type, 64, "%s",
             message->properties->content_type == NULL ? "" : message->properties->content_type);
    scene->last_mode = message->properties->delivery_mode;
    scene->last_headers = amqpext_table_count(message->properties->headers);
    if (amqpext_table_text(message->properties->headers, "traceparent") != NULL)
        snprintf(scene->last_trace, 64, "%s",
                 amqpext_table_text(message->properties->headers, "traceparent"));
    pthread_cond_broadcast(&scene->changed);
    while (scene->is_held)
        pthread_cond_wait(&scene->changed, &scene->lock);
    result = scene->says;
    pthread_mutex_unlock(&scene->lock);
    return result;
}

static void note(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;

    pthread_mutex_lock(&scene->lock);
    scene->n_told[outcome->result]++;
    scene->n_all++;
    scene->last = *outcome;
    scene->told_on = pthread_self();
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
}

static void hold(struct scene *scene, bool held)
{
    pthread_mutex_lock(&scene->lock);
    scene->is_held = held;
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
}

static void wait_seen(struct scene *scene, unsigned n)
{
    pthread_mutex_lock(&scene->lock);
    while (scene->n_seen < n)
        pthread_cond_wait(&scene->changed, &scene->lock);
    pthread_mutex_unlock(&scene->lock);
}

static unsigned count_all(struct scene *scene)
{
    unsigned n;

    pthread_mutex_lock(&scene->lock);
    n = scene->n_all;
    pthread_mutex_unlock(&scene->lock);
    return n;
}

static void open_producer(struct scene *scene, const struct amqpext_producer_options *options)
{
    new_scene(scene);
    assert_int_equal(amqpext_test_producer_new(options, decide, scene, &scene->producer, NULL),
                     AMQPEXT_OK);
}

static enum amqpext_status put(struct scene *scene, const char *text)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    options.done = note;
    options.data = scene;
    return amqpext_publish_bytes(scene->producer, text, strlen(text), "key", &options, NULL);
}

static void flush(struct scene *scene)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_producer_flush(scene->producer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void messages_are_confirmed_in_order(void **state)
{
    struct scene scene;
    char text[16];
    unsigned i;

    (void)state;
    open_producer(&scene, NULL);
    for (i = 0; i < 2000; i++) {
        snprintf(text, sizeof(text), "%u", i);
        assert_int_equal(put(&scene, text), AMQPEXT_OK);
    }
    flush(&scene);
    assert_int_equal(scene.n_told[AMQPEXT_CONFIRMED], 2000);
    assert_int_equal(scene.n_seen, 2000);
    for (i = 0; i < 2000; i++) {
        snprintf(text, sizeof(text), "%u", i);
        assert_string_equal(scene.bodies[i], text);
    }
    assert_int_equal(scene.last.status, AMQPEXT_OK);
    assert_int_equal(scene.last.sends, 1);
    assert_string_equal(scene.last.message_id, scene.last_id);
    end_scene(&scene);
}

static void defaults_are_what_the_original_sent(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_outcome outcome;
    struct scene scene;
    json_t *payload = json_pack("{s:i}", "a", 1);

    (void)state;
    options.exchange = "events";
    options.routing_key = "made";
    open_producer(&scene, &options);
    assert_int_equal(
        amqpext_publish_message_wait(scene.producer, payload, NULL, NULL, &outcome, NULL),
        AMQPEXT_OK);
    assert_string_equal(scene.last_exchange, "events");
    assert_string_equal(scene.last_key, "made");
    assert_string_equal(scene.last_type, "application/json");
    assert_int_equal(scene.last_mode, AMQPEXT_PERSISTENT);
    assert_string_equal(scene.bodies[0], "{\"a\":1}");
    assert_int_equal(strlen(outcome.message_id), 36);
    json_decref(payload);
    end_scene(&scene);
}

static void properties_are_merged_member_by_member(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_outcome outcome;
    struct scene scene;
    char id[256];

    (void)state;
    memset(id, 'i', 255);
    id[255] = '\0';
    open_producer(&scene, NULL);
    properties.message_id = id;
    options.properties = &properties;
    options.exchange = "other";
    assert_int_equal(
        amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", &options, &outcome, NULL),
        AMQPEXT_OK);
    assert_string_equal(outcome.message_id, id);
    assert_string_equal(scene.last_exchange, "other");
    assert_string_equal(scene.last_type, "");
    assert_int_equal(scene.last_mode, AMQPEXT_PERSISTENT);
    properties.message_id = NULL;
    properties.delivery_mode = AMQPEXT_TRANSIENT;
    properties.content_type = "text/plain";
    assert_int_equal(
        amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", &options, &outcome, NULL),
        AMQPEXT_OK);
    assert_int_equal(strlen(outcome.message_id), 36);
    assert_string_equal(scene.last_type, "text/plain");
    assert_int_equal(scene.last_mode, AMQPEXT_TRANSIENT);
    end_scene(&scene);
}

static void outcomes_say_what_the_broker_said(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_outcome outcome;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct scene scene;

    (void)state;
    open_producer(&scene, NULL);
    scene.says = AMQPEXT_RETURNED;
    options.mandatory = true;
    assert_int_equal(
        amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", &options, &outcome, &error),
        AMQPEXT_ERETURNED);
    assert_int_equal(outcome.result, AMQPEXT_RETURNED);
    assert_int_equal(outcome.reply_code, 312);
    assert_string_equal(outcome.reply_text, "NO_ROUTE");
    assert_int_equal(error.reply_code, 312);
    assert_non_null(strstr(error.message, outcome.message_id));
    /* Without the flag it is confirmed and gone. */
    assert_int_equal(amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", NULL, &outcome, NULL),
                     AMQPEXT_OK);
    scene.says = AMQPEXT_REFUSED;
    assert_int_equal(amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", NULL, &outcome, NULL),
                     AMQPEXT_EREFUSED);
    assert_int_equal(outcome.result, AMQPEXT_REFUSED);
    assert_int_equal(outcome.reply_code, 0);
    end_scene(&scene);
}

static void arguments_are_checked(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_producer_options made = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct scene scene;
    char name[257];
    static char large[2000];

    (void)state;
    memset(name, 'n', 256);
    name[256] = '\0';
    connection.max_message_bytes = 1000;
    made.connection = &connection;
    made.max_bytes = 900;
    made.serializer = "raw";
    open_producer(&scene, &made);
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, name, NULL, NULL),
                     AMQPEXT_EINVALID);
    options.exchange = name;
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &options, NULL),
                     AMQPEXT_EINVALID);
    options.exchange = NULL;
    options.immediate = true;
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &options, NULL),
                     AMQPEXT_EINVALID);
    options.immediate = false;
    properties.priority = 256;
    options.properties = &properties;
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &options, NULL),
                     AMQPEXT_EINVALID);
    assert_int_equal(amqpext_publish_bytes(scene.producer, large, 1001, "k", NULL, NULL),
                     AMQPEXT_ETOOLARGE);
    assert_int_equal(amqpext_publish_bytes(scene.producer, large, 850, "k", NULL, NULL),
                     AMQPEXT_ETOOLARGE);
    assert_int_equal(amqpext_publish_message(scene.producer, json_true(), "k", NULL, NULL),
                     AMQPEXT_EENCODE);
    assert_int_equal(amqpext_publish_message(scene.producer, NULL, "k", NULL, NULL),
                     AMQPEXT_EENCODE);
    assert_int_equal(scene.n_seen, 0);
    end_scene(&scene);
}

static void options_are_checked(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer *producer = NULL;
    char name[257];

    (void)state;
    memset(name, 'n', 256);
    name[256] = '\0';
    options.serializer = "yaml";
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    options.serializer = NULL;
    options.exchange = name;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    options.exchange = NULL;
    options.routing_key = name;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    options.routing_key = NULL;
    options.url = "http://localhost/";
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    options.url = NULL;
    options.when_full = (enum amqpext_when_full)3;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    options.when_full = AMQPEXT_WHEN_FULL_WAIT;
    options.callbacks = (enum amqpext_callbacks)4;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_EINVALID);
    assert_null(producer);
}

static void bindings_of_a_producer_name_where_they_lead(void **state)
{
    const struct amqpext_binding nowhere = {.exchange = "events", .routing_key = "#"};
    const struct amqpext_topology topology = {
        .size = sizeof(topology), .bindings = &nowhere, .n_bindings = 1};
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer *producer = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    options.topology = &topology;
    assert_int_equal(amqpext_producer_new(&options, &producer, &error), AMQPEXT_EINVALID);
    assert_string_equal(error.message, "a binding of exchange 'events' needs to_queue or "
                                       "to_exchange: a producer has no queue of its own");
}

static void full_buffers_fail_when_told_to(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;
    struct scene scene;

    (void)state;
    options.max_messages = 3;
    options.when_full = AMQPEXT_WHEN_FULL_FAIL;
    open_producer(&scene, &options);
    hold(&scene, true);
    assert_int_equal(put(&scene, "1"), AMQPEXT_OK);
    wait_seen(&scene, 1);
    assert_int_equal(put(&scene, "2"), AMQPEXT_OK);
    assert_int_equal(put(&scene, "3"), AMQPEXT_OK);
    assert_int_equal(put(&scene, "4"), AMQPEXT_ELIMIT);
    amqpext_producer_stats(scene.producer, &stats);
    assert_int_equal(stats.refused_full, 1);
    assert_int_equal(stats.pending, 3);
    hold(&scene, false);
    flush(&scene);
    assert_int_equal(put(&scene, "5"), AMQPEXT_OK);
    flush(&scene);
    assert_int_equal(scene.n_told[AMQPEXT_CONFIRMED], 4);
    end_scene(&scene);
}

static void full_buffers_drop_the_oldest_unsent_when_told_to(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;

    (void)state;
    options.max_messages = 3;
    options.max_unconfirmed = 1;
    options.when_full = AMQPEXT_WHEN_FULL_DROP_OLDEST;
    open_producer(&scene, &options);
    hold(&scene, true);
    assert_int_equal(put(&scene, "1"), AMQPEXT_OK);
    wait_seen(&scene, 1);
    assert_int_equal(put(&scene, "2"), AMQPEXT_OK);
    assert_int_equal(put(&scene, "3"), AMQPEXT_OK);
    assert_int_equal(put(&scene, "4"), AMQPEXT_OK);
    assert_int_equal(put(&scene, "5"), AMQPEXT_OK);
    hold(&scene, false);
    flush(&scene);
    assert_int_equal(scene.n_told[AMQPEXT_CONFIRMED], 3);
    assert_int_equal(scene.n_told[AMQPEXT_CANCELLED], 2);
    assert_string_equal(scene.bodies[1], "4");
    assert_string_equal(scene.bodies[2], "5");
    end_scene(&scene);
}

static void full_buffers_make_wait_until_the_deadline(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    uint64_t before_us;

    (void)state;
    options.max_messages = 1;
    options.full_timeout_ms = 50;
    open_producer(&scene, &options);
    hold(&scene, true);
    assert_int_equal(put(&scene, "1"), AMQPEXT_OK);
    before_us = monotonic_us();
    assert_int_equal(put(&scene, "2"), AMQPEXT_ETIMEDOUT);
    assert_true(monotonic_us() - before_us >= 50000);
    hold(&scene, false);
    flush(&scene);
    assert_int_equal(scene.n_told[AMQPEXT_CONFIRMED], 1);
    end_scene(&scene);
}

static void bytes_are_limited_as_well_as_messages(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    static char body[4000];
    unsigned accepted = 0;

    (void)state;
    options.max_bytes = 10000;
    options.when_full = AMQPEXT_WHEN_FULL_FAIL;
    open_producer(&scene, &options);
    hold(&scene, true);
    while (amqpext_publish_bytes(scene.producer, body, sizeof(body), "k", NULL, NULL) == AMQPEXT_OK)
        accepted++;
    assert_int_equal(accepted, 2);
    hold(&scene, false);
    end_scene(&scene);
}

struct publisher {
    pthread_t thread;
    struct scene *scene;
    unsigned n;
    atomic_uint accepted;
};

static void *publish_many(void *data)
{
    struct publisher *publisher = data;
    unsigned i;

    for (i = 0; i < publisher->n; i++) {
        if (put(publisher->scene, "x") == AMQPEXT_OK)
            publisher->accepted++;
    }
    return NULL;
}

static void many_threads_share_a_small_buffer(void **state)
{
    enum { THREADS = 16, EACH = 200 };
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;
    struct publisher publishers[THREADS];
    struct scene scene;
    unsigned i;

    (void)state;
    options.max_messages = 5;
    options.full_timeout_ms = PATIENCE_MS;
    open_producer(&scene, &options);
    for (i = 0; i < THREADS; i++) {
        publishers[i] = (struct publisher){.scene = &scene, .n = EACH};
        assert_int_equal(pthread_create(&publishers[i].thread, NULL, publish_many, &publishers[i]),
                         0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(publishers[i].thread, NULL);
        assert_int_equal(publishers[i].accepted, EACH);
    }
    flush(&scene);
    assert_int_equal(count_all(&scene), THREADS * EACH);
    amqpext_producer_stats(scene.producer, &stats);
    assert_int_equal(stats.confirmed, THREADS * EACH);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.pending_bytes, 0);
    assert_int_equal(stats.confirm_latency.count, THREADS * EACH);
    end_scene(&scene);
}

/* Publishes from inside of the callback, as a chain of messages does. */
static void chain(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_outcome out;

    options.done = chain;
    options.data = scene;
    note(scene, outcome);
    if (scene->n_all < 100)
        assert_int_equal(amqpext_publish_bytes(scene->producer, "x", 1, "k", &options, NULL),
                         AMQPEXT_OK);
    assert_int_equal(amqpext_publish_bytes_wait(scene->producer, "x", 1, "k", NULL, &out, &error),
                     AMQPEXT_ESTATE);
    assert_int_equal(amqpext_producer_flush(scene->producer, 1, NULL), AMQPEXT_ESTATE);
    assert_int_equal(amqpext_producer_close(scene->producer, 1, NULL), AMQPEXT_ESTATE);
    assert_int_equal(amqpext_producer_connect(scene->producer, 1, NULL), AMQPEXT_ESTATE);
}

static void callbacks_may_publish_but_not_wait(void **state)
{
    static const enum amqpext_callbacks modes[] = {AMQPEXT_CALLBACKS_IO_THREAD,
                                                   AMQPEXT_CALLBACKS_WORKERS};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
        struct amqpext_publish_options first = AMQPEXT_PUBLISH_OPTIONS_INIT;
        struct scene scene;

        options.callbacks = modes[i];
        options.max_messages = 1;
        open_producer(&scene, &options);
        first.done = chain;
        first.data = &scene;
        assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &first, NULL),
                         AMQPEXT_OK);
        while (count_all(&scene) < 100)
            usleep(1000);
        end_scene(&scene);
    }
}

static void publish_when_full(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;

    assert_int_equal(put(scene, "fills"), AMQPEXT_OK);
    assert_int_equal(put(scene, "too much"), AMQPEXT_ELIMIT);
    note(scene, outcome);
}

static void callbacks_on_the_io_thread_never_wait_for_room(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_publish_options first = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct scene scene;

    (void)state;
    options.max_messages = 1;
    open_producer(&scene, &options);
    first.done = publish_when_full;
    first.data = &scene;
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &first, NULL), AMQPEXT_OK);
    while (count_all(&scene) < 2)
        usleep(1000);
    end_scene(&scene);
}

static void dispatched_outcomes_are_told_where_the_program_wants(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    struct pollfd poll_fd = {.events = POLLIN};
    unsigned i;

    (void)state;
    options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    open_producer(&scene, &options);
    for (i = 0; i < 100; i++)
        assert_int_equal(put(&scene, "x"), AMQPEXT_OK);
    /* Flushed means decided: nobody but the program can tell. */
    flush(&scene);
    assert_int_equal(scene.n_all, 0);
    poll_fd.fd = amqpext_producer_fd(scene.producer);
    while (scene.n_all < 100) {
        assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
        amqpext_producer_dispatch(scene.producer);
    }
    assert_true(pthread_equal(scene.told_on, pthread_self()));
    /* What is not dispatched is told by close. */
    assert_int_equal(put(&scene, "x"), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_close(scene.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_int_equal(scene.n_all, 101);
    end_scene(&scene);
}

static void undispatched_outcomes_are_limited(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    unsigned accepted = 0;

    (void)state;
    options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    options.max_messages = 10;
    options.when_full = AMQPEXT_WHEN_FULL_FAIL;
    open_producer(&scene, &options);
    while (put(&scene, "x") == AMQPEXT_OK) {
        flush(&scene);
        assert_true(++accepted < 1000);
    }
    amqpext_producer_dispatch(scene.producer);
    assert_int_equal(scene.n_all, accepted);
    assert_int_equal(put(&scene, "x"), AMQPEXT_OK);
    end_scene(&scene);
}

static void workers_tell_in_order_and_flush_waits_for_them(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    unsigned i;

    (void)state;
    options.callbacks = AMQPEXT_CALLBACKS_WORKERS;
    open_producer(&scene, &options);
    for (i = 0; i < 1000; i++)
        assert_int_equal(put(&scene, "x"), AMQPEXT_OK);
    flush(&scene);
    assert_int_equal(scene.n_all, 1000);
    assert_int_equal(amqpext_producer_fd(scene.producer), -1);
    end_scene(&scene);
}

static void messages_expire_without_an_answer(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_producer_options made = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;

    (void)state;
    made.max_unconfirmed = 1;
    made.message_timeout_ms = 1;
    open_producer(&scene, &made);
    hold(&scene, true);
    options.timeout_ms = 60000;
    assert_int_equal(amqpext_publish_bytes(scene.producer, "x", 1, "k", &options, NULL),
                     AMQPEXT_OK);
    wait_seen(&scene, 1);
    assert_int_equal(put(&scene, "late"), AMQPEXT_OK);
    usleep(20000);
    hold(&scene, false);
    flush(&scene);
    assert_int_equal(scene.n_told[AMQPEXT_EXPIRED], 1);
    assert_int_equal(scene.last.sends, 0);
    assert_int_equal(scene.last.status, AMQPEXT_ETIMEDOUT);
    assert_int_equal(scene.n_seen, 1);
    end_scene(&scene);
}

struct closer {
    pthread_t thread;
    struct scene *scene;
    enum amqpext_status status;
};

static void *close_it(void *data)
{
    struct closer *closer = data;

    closer->status = amqpext_producer_close(closer->scene->producer, 0, NULL);
    return NULL;
}

static void begin_close(struct closer *closer, struct scene *scene)
{
    closer->scene = scene;
    assert_int_equal(pthread_create(&closer->thread, NULL, close_it, closer), 0);
}

static void memory_stays_within_what_the_header_says(void **state)
{
    enum { MESSAGES = 2000, BYTES = 1 << 20 };
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;
    struct scene scene;
    static char body[20000];
    size_t size = 0;

    (void)state;
    options.max_messages = MESSAGES;
    options.max_bytes = BYTES;
    options.when_full = AMQPEXT_WHEN_FULL_DROP_OLDEST;
    open_producer(&scene, &options);
    hold(&scene, true);
    while (stats.cancelled < 5000) {
        size = (size * 7 + 13) % (stats.published % 50 == 0 ? sizeof(body) : 300);
        assert_int_equal(amqpext_publish_bytes(scene.producer, body, size, "k", NULL, NULL),
                         AMQPEXT_OK);
        amqpext_producer_stats(scene.producer, &stats);
        assert_true(stats.pending <= MESSAGES);
        assert_true(stats.pending_bytes <= BYTES);
        assert_true(stats.memory_bytes <= 2 * (size_t)BYTES + (2 << 20) + 2 * 300 * MESSAGES);
    }
    hold(&scene, false);
    end_scene(&scene);
}

static void trace_headers_of_a_parent_are_passed_on(void **state)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct amqpext_test_delivery_options made = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_delivery *parent = NULL;
    struct amqpext_table *headers = NULL;
    struct scene scene;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "traceparent", trace, NULL), AMQPEXT_OK);
    properties.headers = headers;
    made.properties = &properties;
    made.serializer = "raw";
    assert_int_equal(amqpext_test_delivery_new(&made, &parent, NULL), AMQPEXT_OK);
    open_producer(&scene, NULL);
    amqpext_table_remove(headers, "traceparent");
    assert_int_equal(amqpext_table_set_integer(headers, "own", 1, NULL), AMQPEXT_OK);
    options.properties = &properties;
    options.parent = parent;
    assert_int_equal(amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", &options, NULL, NULL),
                     AMQPEXT_OK);
    assert_string_equal(scene.last_trace, trace);
    assert_int_equal(scene.last_headers, 2);
    /* The caller's table is as it was. */
    assert_int_equal(amqpext_table_count(headers), 1);
    assert_int_equal(amqpext_table_set_text(headers, "traceparent", "own", NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_publish_bytes_wait(scene.producer, "x", 1, "k", &options, NULL, NULL),
                     AMQPEXT_OK);
    assert_string_equal(scene.last_trace, "own");
    end_scene(&scene);
    amqpext_test_delivery_free(parent);
    amqpext_table_free(headers);
}

static void close_cancels_what_has_no_outcome(void **state)
{
    struct amqpext_producer_options made = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct scene scene;
    struct closer closer;

    (void)state;
    made.max_unconfirmed = 1;
    open_producer(&scene, &made);
    scene.is_held = true;
    assert_int_equal(put(&scene, "1"), AMQPEXT_OK);
    wait_seen(&scene, 1);
    assert_int_equal(put(&scene, "2"), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_flush(scene.producer, 20, NULL), AMQPEXT_ETIMEDOUT);
    begin_close(&closer, &scene);
    /* The broker's thread is in its function: only then can it be told to end. */
    while (amqpext_producer_start(scene.producer, NULL) != AMQPEXT_ECLOSED)
        usleep(1000);
    usleep(20000);
    hold(&scene, false);
    pthread_join(closer.thread, NULL);
    assert_int_equal(scene.n_all, 2);
    assert_int_equal(closer.status,
                     scene.n_told[AMQPEXT_CANCELLED] != 0 ? AMQPEXT_ETIMEDOUT : AMQPEXT_OK);
    assert_int_equal(put(&scene, "3"), AMQPEXT_ECLOSED);
    assert_int_equal(amqpext_producer_close(scene.producer, 0, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_start(scene.producer, NULL), AMQPEXT_ECLOSED);
    assert_int_equal(amqpext_producer_flush(scene.producer, 0, NULL), AMQPEXT_OK);
    end_scene(&scene);
}

static void threads_that_wait_for_room_are_sent_away_by_close(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct publisher waiting = {.n = 3};
    struct scene scene;
    struct closer closer;

    (void)state;
    options.max_messages = 1;
    options.full_timeout_ms = PATIENCE_MS;
    open_producer(&scene, &options);
    scene.is_held = true;
    assert_int_equal(put(&scene, "1"), AMQPEXT_OK);
    wait_seen(&scene, 1);
    waiting.scene = &scene;
    assert_int_equal(pthread_create(&waiting.thread, NULL, publish_many, &waiting), 0);
    usleep(20000);
    begin_close(&closer, &scene);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.accepted, 0);
    hold(&scene, false);
    pthread_join(closer.thread, NULL);
    assert_int_equal(scene.n_all, 1);
    end_scene(&scene);
}

static void a_producer_that_was_never_used_is_closed_at_once(void **state)
{
    struct amqpext_producer *producer = NULL;
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    (void)state;
    assert_int_equal(amqpext_producer_new(NULL, &producer, NULL), AMQPEXT_OK);
    assert_false(amqpext_producer_is_connected(producer));
    assert_false(amqpext_producer_is_blocked(producer));
    amqpext_producer_stats(producer, &stats);
    assert_int_equal(stats.published, 0);
    assert_int_equal(amqpext_producer_flush(producer, 0, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_close(producer, 1000, NULL), AMQPEXT_OK);
    amqpext_producer_free(producer);
    amqpext_producer_free(NULL);
}

static void connect_waits_until_it_is_ready(void **state)
{
    struct scene scene;

    (void)state;
    open_producer(&scene, NULL);
    assert_int_equal(amqpext_producer_connect(scene.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_true(amqpext_producer_is_connected(scene.producer));
    assert_int_equal(amqpext_producer_close(scene.producer, 0, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_connect(scene.producer, 10, NULL), AMQPEXT_ECLOSED);
    end_scene(&scene);
}

static void attempt_all(void *context)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_publish_options publish = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct scene scene;
    static char body[20000];
    unsigned accepted = 0;

    options.callbacks = *(enum amqpext_callbacks *)context;
    options.exchange = "exchange";
    new_scene(&scene);
    if (amqpext_test_producer_new(&options, decide, &scene, &scene.producer, NULL) != AMQPEXT_OK) {
        end_scene(&scene);
        return;
    }
    properties.message_id = "an id that is longer than those that the library makes by itself";
    publish.properties = &properties;
    publish.done = note;
    publish.data = &scene;
    accepted += put(&scene, "x") == AMQPEXT_OK;
    accepted += amqpext_publish_bytes(scene.producer, body, sizeof(body), "k", &publish, NULL) ==
                AMQPEXT_OK;
    accepted +=
        amqpext_publish_message(scene.producer, json_true(), "k", &publish, NULL) == AMQPEXT_OK;
    flush(&scene);
    (void)amqpext_producer_close(scene.producer, PATIENCE_MS, NULL);
    assert_int_equal(scene.n_told[AMQPEXT_CONFIRMED], accepted);
    end_scene(&scene);
}

static void every_accepted_message_survives_a_lack_of_memory(void **state)
{
    enum amqpext_callbacks mode = AMQPEXT_CALLBACKS_IO_THREAD;

    (void)state;
    assert_true(oom_for_every_allocation(attempt_all, &mode) > 10);
    mode = AMQPEXT_CALLBACKS_DISPATCH;
    assert_true(oom_for_every_allocation(attempt_all, &mode) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_confirmed_in_order),
        cmocka_unit_test(defaults_are_what_the_original_sent),
        cmocka_unit_test(properties_are_merged_member_by_member),
        cmocka_unit_test(outcomes_say_what_the_broker_said),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(bindings_of_a_producer_name_where_they_lead),
        cmocka_unit_test(full_buffers_fail_when_told_to),
        cmocka_unit_test(full_buffers_drop_the_oldest_unsent_when_told_to),
        cmocka_unit_test(full_buffers_make_wait_until_the_deadline),
        cmocka_unit_test(bytes_are_limited_as_well_as_messages),
        cmocka_unit_test(many_threads_share_a_small_buffer),
        cmocka_unit_test(callbacks_may_publish_but_not_wait),
        cmocka_unit_test(callbacks_on_the_io_thread_never_wait_for_room),
        cmocka_unit_test(dispatched_outcomes_are_told_where_the_program_wants),
        cmocka_unit_test(undispatched_outcomes_are_limited),
        cmocka_unit_test(workers_tell_in_order_and_flush_waits_for_them),
        cmocka_unit_test(messages_expire_without_an_answer),
        cmocka_unit_test(memory_stays_within_what_the_header_says),
        cmocka_unit_test(trace_headers_of_a_parent_are_passed_on),
        cmocka_unit_test(close_cancels_what_has_no_outcome),
        cmocka_unit_test(threads_that_wait_for_room_are_sent_away_by_close),
        cmocka_unit_test(a_producer_that_was_never_used_is_closed_at_once),
        cmocka_unit_test(connect_waits_until_it_is_ready),
        cmocka_unit_test(every_accepted_message_survives_a_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
