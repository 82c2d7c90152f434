/*
 * What happens at the limits of a producer's buffer: who waits, who is served, who is sent away.
 *
 * Where the I/O thread has to sleep there is no broker at all; where somebody has to answer, a
 * broker of the test's own does, and can be held.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <amqpext/producer.h>
#include <amqpext/testing.h>

#include "clock.h"
#include "producer.h"

enum { PATIENCE_MS = 30000, MAX_MESSAGES = 16 };

struct scene {
    struct amqpext_connection_options connection;
    struct amqpext_producer_options options;
    struct amqpext_producer *producer;
    atomic_bool is_held, is_over;
    atomic_uint n_seen, n_told;
    /* What a callback found. */
    atomic_bool is_inside, may_go_on;
    enum amqpext_status found;
};

static void set_up(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->connection.size = sizeof(scene->connection);
    scene->options.size = sizeof(scene->options);
    scene->options.max_messages = MAX_MESSAGES;
    scene->options.full_timeout_ms = PATIENCE_MS;
}

/* Nobody listens, and the I/O thread sleeps until somebody wakes it. */
static void open_alone(struct scene *scene)
{
    scene->connection.reconnect_min_delay_ms = 10 * PATIENCE_MS;
    scene->connection.reconnect_max_delay_ms = 10 * PATIENCE_MS;
    scene->options.url = "amqp://127.0.0.1:1/";
    scene->options.connection = &scene->connection;
    assert_int_equal(amqpext_producer_new(&scene->options, &scene->producer, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_start(scene->producer, NULL), AMQPEXT_OK);
    usleep(50000);
}

static enum amqpext_result decide(void *data, const struct amqpext_test_message *message)
{
    struct scene *scene = data;

    (void)message;
    scene->n_seen++;
    while (scene->is_held)
        usleep(1000);
    return AMQPEXT_CONFIRMED;
}

static void open_double(struct scene *scene)
{
    assert_int_equal(
        amqpext_test_producer_new(&scene->options, decide, scene, &scene->producer, NULL),
        AMQPEXT_OK);
}

static enum amqpext_status put(struct scene *scene, amqpext_outcome_fn done)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    options.done = done;
    options.data = scene;
    return amqpext_publish_bytes(scene->producer, "x", 1, "key", &options, NULL);
}

static void put_all(struct scene *scene, unsigned n, amqpext_outcome_fn done)
{
    while (n-- != 0)
        assert_int_equal(put(scene, done), AMQPEXT_OK);
}

/* A thread that publishes so many bytes. */
struct publisher {
    pthread_t thread;
    struct scene *scene;
    size_t size;
    enum amqpext_status status;
    uint64_t waited_us;
};

static void *publish(void *data)
{
    static const char body[4096];
    struct publisher *publisher = data;
    const uint64_t since_us = monotonic_us();

    publisher->status =
        amqpext_publish_bytes(publisher->scene->producer, body, publisher->size, "key", NULL, NULL);
    publisher->waited_us = monotonic_us() - since_us;
    return NULL;
}

static unsigned in_line(struct scene *scene)
{
    struct amqpext_producer *producer = scene->producer;
    unsigned n;

    pthread_mutex_lock(&producer->lock);
    n = producer->room.first == NULL ? 0 : producer->room.first == producer->room.last ? 1 : 2;
    pthread_mutex_unlock(&producer->lock);
    return n;
}

static void begin(struct publisher *publisher, struct scene *scene, size_t size, unsigned place)
{
    *publisher = (struct publisher){.scene = scene, .size = size};
    assert_int_equal(pthread_create(&publisher->thread, NULL, publish, publisher), 0);
    while (in_line(scene) != place)
        usleep(1000);
}

static void end(struct publisher *publisher)
{
    pthread_join(publisher->thread, NULL);
}

static void a_line_that_was_left_wakes_nobody(void **state)
{
    struct publisher publisher;
    struct scene scene;
    uint64_t before_us, after_us;

    (void)state;
    set_up(&scene);
    open_alone(&scene);
    put_all(&scene, MAX_MESSAGES, NULL);
    begin(&publisher, &scene, 1, 1);
    pthread_mutex_lock(&scene.producer->lock);
    /* One place is little: the thread is not called for it at once. */
    assert_true(amqpext__ledger_drop_oldest(&scene.producer->ledger, monotonic_us()));
    amqpext__room_serve(scene.producer, monotonic_us());
    before_us = amqpext__room_due_us(scene.producer);
    amqpext__room_clear(scene.producer, AMQPEXT_EBLOCKED);
    after_us = amqpext__room_due_us(scene.producer);
    pthread_mutex_unlock(&scene.producer->lock);
    assert_true(before_us != NEVER);
    assert_true(after_us == NEVER);
    end(&publisher);
    assert_int_equal(publisher.status, AMQPEXT_EBLOCKED);
    amqpext_producer_free(scene.producer);
}

static void whoever_leaves_the_line_makes_way_for_the_next(void **state)
{
    struct publisher large, small;
    struct scene scene;

    (void)state;
    set_up(&scene);
    scene.options.max_bytes = 4096;
    scene.options.full_timeout_ms = 300;
    open_alone(&scene);
    put_all(&scene, 1, NULL);
    /* The first never fits while there is a message, the second would. */
    begin(&large, &scene, 3950, 1);
    pthread_mutex_lock(&scene.producer->lock);
    scene.producer->full_timeout_ms = PATIENCE_MS;
    pthread_mutex_unlock(&scene.producer->lock);
    begin(&small, &scene, 1, 2);
    end(&large);
    end(&small);
    assert_int_equal(large.status, AMQPEXT_ETIMEDOUT);
    assert_int_equal(small.status, AMQPEXT_OK);
    assert_true(small.waited_us < PATIENCE_MS * UINT64_C(1000) / 2);
    amqpext_producer_free(scene.producer);
}

static void nobody_waits_for_room_longer_than_the_message_lasts(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    const uint64_t since_us = monotonic_us();
    struct amqpext_outcome outcome;
    struct scene scene;

    (void)state;
    set_up(&scene);
    open_alone(&scene);
    put_all(&scene, MAX_MESSAGES, NULL);
    options.timeout_ms = 20;
    assert_int_equal(
        amqpext_publish_bytes_wait(scene.producer, "x", 1, "key", &options, &outcome, NULL),
        AMQPEXT_ETIMEDOUT);
    assert_true(monotonic_us() - since_us < PATIENCE_MS * UINT64_C(1000) / 2);
    amqpext_producer_free(scene.producer);
}

struct flusher {
    pthread_t thread;
    struct scene *scene;
    enum amqpext_status status;
};

static void *flush(void *data)
{
    struct flusher *flusher = data;

    flusher->status = amqpext_producer_flush(flusher->scene->producer, PATIENCE_MS, NULL);
    return NULL;
}

static bool somebody_flushes(struct scene *scene)
{
    bool result;

    pthread_mutex_lock(&scene->producer->lock);
    result = scene->producer->flush_serial != UINT64_MAX;
    pthread_mutex_unlock(&scene->producer->lock);
    return result;
}

static void a_flush_ends_when_its_messages_were_dropped(void **state)
{
    const uint64_t since_us = monotonic_us();
    struct flusher flusher;
    struct scene scene;

    (void)state;
    set_up(&scene);
    scene.options.when_full = AMQPEXT_WHEN_FULL_DROP_OLDEST;
    open_alone(&scene);
    put_all(&scene, MAX_MESSAGES, NULL);
    flusher.scene = &scene;
    assert_int_equal(pthread_create(&flusher.thread, NULL, flush, &flusher), 0);
    while (!somebody_flushes(&scene))
        usleep(1000);
    put_all(&scene, MAX_MESSAGES, NULL);
    pthread_join(flusher.thread, NULL);
    assert_int_equal(flusher.status, AMQPEXT_OK);
    assert_true(monotonic_us() - since_us < PATIENCE_MS * UINT64_C(1000) / 2);
    amqpext_producer_free(scene.producer);
}

static void count(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;

    (void)outcome;
    scene->n_told++;
}

/* Publishes once more, when the test says so. */
static void publish_later(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;

    scene->is_inside = true;
    while (!scene->may_go_on)
        usleep(1000);
    scene->found = put(scene, count);
    count(data, outcome);
}

static void wait_confirmed(struct scene *scene, uint64_t n)
{
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    while (stats.confirmed < n) {
        usleep(1000);
        amqpext_producer_stats(scene->producer, &stats);
    }
}

static void a_callback_does_not_wait_for_outcomes_that_wait_for_it(void **state)
{
    const unsigned almost = MAX_MESSAGES + LEDGER_TELL_MAX - 1;
    const uint64_t since_us = monotonic_us();
    struct scene scene;
    unsigned i;

    (void)state;
    set_up(&scene);
    scene.options.callbacks = AMQPEXT_CALLBACKS_WORKERS;
    open_double(&scene);
    put_all(&scene, 1, publish_later);
    while (!scene.is_inside)
        usleep(1000);
    for (i = 1; i < almost; i++) {
        put_all(&scene, 1, count);
        wait_confirmed(&scene, i + 1);
    }
    scene.is_held = true;
    put_all(&scene, MAX_MESSAGES, count);
    scene.may_go_on = true;
    while (in_line(&scene) == 0)
        usleep(1000);
    /* Room for messages comes, and none for outcomes. */
    scene.is_held = false;
    assert_int_equal(amqpext_producer_flush(scene.producer, 2 * PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_int_equal(scene.found, AMQPEXT_ELIMIT);
    assert_true(monotonic_us() - since_us < PATIENCE_MS * UINT64_C(1000));
    amqpext_producer_free(scene.producer);
}

static void publish_again(void *data, const struct amqpext_outcome *outcome)
{
    struct scene *scene = data;

    count(data, outcome);
    if (!scene->is_over)
        (void)put(scene, publish_again);
}

static void callbacks_that_drop_each_others_messages_do_not_stop_the_broker(void **state)
{
    const uint64_t deadline_us = monotonic_us() + PATIENCE_MS * UINT64_C(1000);
    struct scene scene;

    (void)state;
    set_up(&scene);
    scene.options.when_full = AMQPEXT_WHEN_FULL_DROP_OLDEST;
    scene.options.max_messages = 1;
    open_double(&scene);
    scene.is_held = true;
    put_all(&scene, 1, publish_again);
    while (scene.n_seen == 0)
        usleep(1000);
    put_all(&scene, 1, publish_again);
    scene.is_held = false;
    while (scene.n_seen < 10 && monotonic_us() < deadline_us)
        usleep(1000);
    scene.is_over = true;
    assert_true(scene.n_seen >= 10);
    amqpext_producer_free(scene.producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_was_left_wakes_nobody),
        cmocka_unit_test(whoever_leaves_the_line_makes_way_for_the_next),
        cmocka_unit_test(nobody_waits_for_room_longer_than_the_message_lasts),
        cmocka_unit_test(a_flush_ends_when_its_messages_were_dropped),
        cmocka_unit_test(a_callback_does_not_wait_for_outcomes_that_wait_for_it),
        cmocka_unit_test(callbacks_that_drop_each_others_messages_do_not_stop_the_broker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
