/*
 * The ledger test: messages flow from a producer through the broker to a consumer while a storm of
 * random faults goes on; then the book of them must be in order.
 *
 * CHAOS_SECONDS and CHAOS_MESSAGES make one long run of it, with CHAOS_SEED or a seed of its own,
 * which is shown; without them there are two short ones, of which one has always the same seed.
 * To find a cause: CHAOS_LOG shows what the library logs, and the bits of CHAOS_FAULTS leave out the
 * kinds of faults that are not set.
 */
#include "test.h"

#include <amqpext/amqpext.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "book.h"
#include "broker.h"
#include "deferrer.h"
#include "storm.h"
#include "support/fault_proxy.h"

enum {
    FIXED_SEED = 20100,
    SHORT_SECONDS = 8,
    SHORT_MESSAGES = 6000,
    KILL_EVERY = 40,
    PUBLISHERS = 2,
    MAX_MESSAGES = 2000,
    MAX_BYTES = 4 << 20,
    /* Of one round; a machine under load may need it. */
    PATIENCE_S = 240,
    /* Nothing more was handled for so long: it never will. The broker tries again for much less. */
    STANDSTILL_S = 45
};

/* What a producer may hold at most, as its header says. */
static const size_t memory_bound =
    2 * (size_t)MAX_BYTES + ((size_t)2 << 20) + 2 * 300 * MAX_MESSAGES;

struct world {
    uint64_t seed;
    unsigned seconds;
    uint64_t start_us;
    char exchange[64], queue[64], dead_queue[80], retry_prefix[80];
    struct book book;
    struct storm storm;
    struct deferrer deferrer;
    struct amqpext_producer *producer;
    struct amqpext_consumer *consumer, *undertaker;
    atomic_bool is_over; /* publishers stop */
    atomic_uint n_publishers;
    atomic_size_t most_memory, most_pending, most_pending_bytes;
    _Atomic uint64_t handled_us; /* when a handler came to an end last */
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* Publishing. */

struct publication {
    struct world *world;
    size_t number;
};

static void told(void *data, const struct amqpext_outcome *outcome)
{
    struct publication *publication = data;

    book_outcome(&publication->world->book, publication->number, outcome);
    free(publication);
}

static void publish_one(struct world *world, struct chance *chance, char *body, size_t number)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct publication *publication = malloc(sizeof(*publication));
    const size_t size = book_body(&world->book, number, body);

    if (publication == NULL)
        abort();
    *publication = (struct publication){world, number};
    options.mandatory = true;
    options.timeout_ms = chance_percent(chance, 5) ? chance_between(chance, 50, 3000) : 0;
    options.done = told;
    options.data = publication;
    if (amqpext_publish_bytes(world->producer, body, size, "chaos", &options, NULL) != AMQPEXT_OK) {
        book_drop(&world->book, number);
        free(publication);
    }
}

/* So many messages may have been published by now, for them to be spread over the time. */
static size_t due(const struct world *world)
{
    const uint64_t past_us = now_us() - world->start_us;

    return (size_t)((double)world->book.capacity * (double)past_us / (world->seconds * 1e6));
}

static void *publish(void *data)
{
    struct world *world = data;
    struct chance chance = {world->seed + atomic_fetch_add(&world->n_publishers, 1)};
    char *body = malloc(BOOK_BODY_MAX);
    size_t number;

    while (body != NULL && !atomic_load(&world->is_over)) {
        if (atomic_load(&world->storm.holds) || atomic_load(&world->book.published) > due(world))
            usleep(1000);
        else if (book_take(&world->book, &number))
            publish_one(world, &chance, body, number);
        else
            break;
    }
    free(body);
    return NULL;
}

/* Handling. */

static enum amqpext_verdict fail_it(struct world *world, struct amqpext_delivery *delivery,
                                    size_t number, enum amqpext_verdict verdict)
{
    book_failed(&world->book, number);
    amqpext_delivery_set_reason(delivery, "a failure by chance");
    return verdict;
}

static enum amqpext_verdict handle(struct world *world, struct amqpext_delivery *delivery,
                                   size_t number, struct chance *chance)
{
    const unsigned chosen = chance_below(chance, 1000);

    if (book_is_poisoned(number))
        return fail_it(world, delivery, number, AMQPEXT_REJECT);
    if (chosen < 20)
        return fail_it(world, delivery, number, AMQPEXT_RETRY);
    if (chosen < 30)
        return fail_it(world, delivery, number, (enum amqpext_verdict)0);
    if (chosen < 40)
        return fail_it(world, delivery, number, AMQPEXT_REQUEUE);
    if (chosen < 70 && deferrer_take(&world->deferrer, delivery, number))
        return AMQPEXT_DEFER;
    if (chosen < 75)
        usleep(1000 * chance_between(chance, 1, 300));
    book_succeeded(&world->book, number);
    return AMQPEXT_ACK;
}

static enum amqpext_verdict process_request(void *data, struct amqpext_delivery *delivery)
{
    struct world *world = data;
    struct chance chance;
    enum amqpext_verdict verdict = AMQPEXT_REJECT;
    size_t size, number;
    const void *body = amqpext_delivery_body(delivery, &size);

    if (book_number(&world->book, body, size, &number)) {
        chance.state =
            world->seed ^ chance_mix(1000 * number + book_delivered(&world->book, number));
        verdict = handle(world, delivery, number, &chance);
    }
    atomic_store(&world->handled_us, now_us());
    return verdict;
}

/* Takes what was given up. */
static enum amqpext_verdict bury(void *data, struct amqpext_delivery *delivery)
{
    struct world *world = data;
    size_t size, number;
    const void *body = amqpext_delivery_body(delivery, &size);

    if (book_number(&world->book, body, size, &number))
        book_buried(&world->book, number);
    atomic_store(&world->handled_us, now_us());
    return AMQPEXT_ACK;
}

/* The objects. */

static void log_line(void *data, enum amqpext_log_level level, const char *message)
{
    struct world *world = data;

    printf("# %9.3f %u %s\n", (double)(now_us() - world->start_us) / 1e6, (unsigned)level, message);
}

static struct amqpext_connection_options connection_options(struct world *world)
{
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;

    options.heartbeat_s = 2;
    options.connect_timeout_ms = 3000;
    options.reply_timeout_ms = 5000;
    options.reconnect_min_delay_ms = 20;
    options.reconnect_max_delay_ms = 500;
    options.permanent_delay_ms = 500;
    options.stable_after_ms = 1000;
    if (getenv("CHAOS_LOG") != NULL && getenv("CHAOS_LOG")[0] != 0) {
        options.log = log_line;
        options.log_data = world;
        options.log_level = AMQPEXT_LOG_DEBUG;
    }
    return options;
}

static void make_producer(struct world *world)
{
    const struct amqpext_connection_options connection = connection_options(world);
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char url[100];

    broker_url(url, sizeof(url), fault_proxy_port(world->storm.proxies[0]));
    options.url = url;
    options.connection = &connection;
    options.exchange = world->exchange;
    options.max_messages = MAX_MESSAGES;
    options.max_bytes = MAX_BYTES;
    options.full_timeout_ms = 2000;
    if (amqpext_producer_new(&options, &world->producer, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void make_consumer(struct world *world)
{
    const struct amqpext_connection_options connection = connection_options(world);
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_retry_options retry = AMQPEXT_RETRY_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char url[100];

    broker_url(url, sizeof(url), fault_proxy_port(world->storm.proxies[1]));
    retry.max_attempts = UINT32_MAX;
    retry.min_delay_ms = 50;
    retry.max_delay_ms = 400;
    options.url = url;
    options.connection = &connection;
    options.exchange = world->exchange;
    options.routing_key = "chaos";
    options.queue = world->queue;
    options.prefetch_count = 100;
    options.serializer = "raw";
    options.process_request = process_request;
    options.data = world;
    options.workers = 4;
    options.retry = &retry;
    options.watch_interval_ms = 1000;
    if (amqpext_consumer_new(&options, &world->consumer, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(world->consumer, PATIENCE_S * 1000, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void make_undertaker(struct world *world)
{
    const struct amqpext_connection_options connection = connection_options(world);
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_retry_options retry = AMQPEXT_RETRY_OPTIONS_INIT;
    struct amqpext_queue queue = {.name = world->dead_queue, .declare = AMQPEXT_PASSIVE};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char url[100];

    broker_url(url, sizeof(url), broker_port());
    retry.no_dead_letter_queue = true;
    retry.max_attempts = 1;
    options.url = url;
    options.connection = &connection;
    options.queue_options = &queue;
    options.serializer = "raw";
    options.process_request = bury;
    options.data = world;
    options.retry = &retry;
    if (amqpext_consumer_new(&options, &world->undertaker, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(world->undertaker, PATIENCE_S * 1000, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void open_world(struct world *world, uint64_t seed, unsigned seconds, size_t messages)
{
    *world = (struct world){.seed = seed, .seconds = seconds};
    printf("# seed %llu, %u seconds, %zu messages\n", (unsigned long long)seed, seconds, messages);
    fflush(stdout);
    snprintf(world->exchange, sizeof(world->exchange), "chaos-%llx", (unsigned long long)seed);
    snprintf(world->queue, sizeof(world->queue), "chaos-%llx", (unsigned long long)seed);
    snprintf(world->dead_queue, sizeof(world->dead_queue), "%s.dead", world->queue);
    book_open(&world->book, seed, messages);
    deferrer_start(&world->deferrer, &world->book, seed);
    world->storm = (struct storm){.chance = {seed},
                                  .book = &world->book,
                                  .queue = world->queue,
                                  .wanted = (unsigned)number_of("CHAOS_FAULTS", UINT_MAX),
                                  .kill_every = KILL_EVERY};
    world->storm.proxies[0] = fault_proxy_new(broker_port());
    world->storm.proxies[1] = fault_proxy_new(broker_port());
    world->start_us = now_us();
    make_consumer(world);
    make_undertaker(world);
    make_producer(world);
    assert_true(broker_keep_queues());
    world->storm.consumer = world->consumer;
    world->start_us = now_us();
    atomic_store(&world->handled_us, world->start_us);
}

/* The run. */

static void keep_most(atomic_size_t *most, uint64_t now)
{
    if (now > atomic_load(most))
        atomic_store(most, (size_t)now);
}

static void watch_memory(struct world *world)
{
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    amqpext_producer_stats(world->producer, &stats);
    keep_most(&world->most_memory, stats.memory_bytes);
    keep_most(&world->most_pending, stats.pending);
    keep_most(&world->most_pending_bytes, stats.pending_bytes);
}

static bool is_published(const struct world *world)
{
    return atomic_load(&world->book.published) >= world->book.capacity &&
           atomic_load(&world->storm.total) >= STORM_FAULTS &&
           now_us() - world->start_us >= world->seconds * UINT64_C(1000000);
}

/* Until all is published and every fault was there; a slow machine gets much more time. */
static void run_storm(struct world *world)
{
    const uint64_t end_us = world->start_us + world->seconds * UINT64_C(10000000);
    pthread_t publishers[PUBLISHERS];
    size_t i;

    storm_begin(&world->storm);
    for (i = 0; i < PUBLISHERS; i++)
        assert_int_equal(pthread_create(&publishers[i], NULL, publish, world), 0);
    while (!is_published(world) && now_us() < end_us) {
        watch_memory(world);
        usleep(5000);
    }
    atomic_store(&world->is_over, true);
    storm_end(&world->storm);
    for (i = 0; i < PUBLISHERS; i++)
        pthread_join(publishers[i], NULL);
}

static bool is_hopeless(uint64_t start_us, uint64_t moved_us)
{
    const uint64_t now = now_us(), standstill_us = STANDSTILL_S * UINT64_C(1000000);

    return now - start_us > PATIENCE_S * UINT64_C(1000000) ||
           (now - start_us > standstill_us && now - moved_us > standstill_us);
}

/* Whether what has to be handled is; not when nothing was for long. */
static bool wait_until_handled(struct world *world)
{
    const uint64_t start_us = now_us();

    while (book_open_count(&world->book) != 0) {
        if (is_hopeless(start_us, atomic_load(&world->handled_us)))
            return false;
        usleep(20000);
    }
    return true;
}

/* Where messages are that nobody handles. */
static void show_left(struct world *world)
{
    struct amqpext_consumer_stats stats = AMQPEXT_CONSUMER_STATS_INIT;

    amqpext_consumer_stats(world->consumer, &stats);
    printf(
        "# left: the consumer has %llu in flight, %llu delivered, %llu acknowledged, %llu retried, %llu stale\n",
        (unsigned long long)stats.in_flight, (unsigned long long)stats.delivered,
        (unsigned long long)stats.acknowledged, (unsigned long long)stats.retried,
        (unsigned long long)stats.stale);
    broker_show_messages(world->queue);
}

/*
 * Duplicates, too, are handled in the end: nothing stays with the consumer or in a queue. Returns
 * how many messages do, and shows where.
 */
static unsigned long wait_until_empty(struct world *world)
{
    const uint64_t start_us = now_us();
    uint64_t moved_us = start_us;
    unsigned long count = 1, before = 0;

    while (count != 0 && !is_hopeless(start_us, moved_us)) {
        if (broker_count_messages(world->queue, &count) && count != before) {
            before = count;
            moved_us = now_us();
        }
        usleep(50000);
    }
    if (count != 0)
        show_left(world);
    return count;
}

static void show_result(struct world *world, const struct book_totals *totals)
{
    struct amqpext_producer_stats producer = AMQPEXT_PRODUCER_STATS_INIT;
    struct amqpext_consumer_stats consumer = AMQPEXT_CONSUMER_STATS_INIT;
    int fault;

    amqpext_producer_stats(world->producer, &producer);
    amqpext_consumer_stats(world->consumer, &consumer);
    printf("# published %zu in %.1f s: confirmed %zu, returned %zu, refused %zu, expired %zu, "
           "cancelled %zu, not accepted %zu\n",
           totals->published, (double)(now_us() - world->start_us) / 1e6,
           totals->results[AMQPEXT_CONFIRMED], totals->results[AMQPEXT_RETURNED],
           totals->results[AMQPEXT_REFUSED], totals->results[AMQPEXT_EXPIRED],
           totals->results[AMQPEXT_CANCELLED], totals->published - totals->accepted);
    printf("# delivered %zu, failed %zu, again after success %zu, buried %zu, excused %zu\n",
           totals->deliveries, totals->failures, totals->duplicates, totals->buried,
           totals->excused);
    printf("# connections %llu and %llu, resent %llu, stale %llu, cancelled by the broker %llu, "
           "most memory %zu of %zu bytes\n",
           (unsigned long long)producer.connection.connects,
           (unsigned long long)consumer.connection.connects, (unsigned long long)producer.resent,
           (unsigned long long)consumer.stale, (unsigned long long)consumer.cancelled,
           (size_t)world->most_memory, memory_bound);
    printf("# retried %llu, dead-lettered %llu, requeued %llu, failed %llu, in flight %llu\n",
           (unsigned long long)consumer.retried, (unsigned long long)consumer.dead_lettered,
           (unsigned long long)consumer.requeued, (unsigned long long)consumer.failed,
           (unsigned long long)consumer.in_flight);
    printf("# faults:");
    for (fault = 0; fault < STORM_FAULTS; fault++)
        printf("%s %s %zu", fault == 0 ? "" : ",", storm_name((enum storm_fault)fault),
               (size_t)world->storm.counts[fault]);
    printf("\n");
    fflush(stdout);
}

static void judge(struct world *world, const struct book_totals *totals)
{
    assert_int_equal(totals->without_outcome, 0);
    assert_int_equal(totals->with_two_outcomes, 0);
    assert_int_equal(totals->lost, 0);
    assert_int_equal(totals->spoiled, 0);
    assert_true(atomic_load(&world->most_memory) <= memory_bound);
    assert_true(atomic_load(&world->most_pending) <= MAX_MESSAGES);
    assert_true(atomic_load(&world->most_pending_bytes) <= MAX_BYTES);
    assert_false(atomic_load(&world->storm.has_failed));
    /* Otherwise nothing was shown. */
    assert_true(atomic_load(&world->storm.total) >= STORM_FAULTS);
    assert_true(totals->results[AMQPEXT_CONFIRMED] > totals->published / 4);
}

static void close_world(struct world *world)
{
    amqpext_producer_free(world->producer);
    amqpext_consumer_free(world->consumer);
    amqpext_consumer_free(world->undertaker);
    fault_proxy_free(world->storm.proxies[0]);
    fault_proxy_free(world->storm.proxies[1]);
    broker_delete_queues(world->queue);
    book_close(&world->book);
}

static void weather(uint64_t seed, unsigned seconds, size_t messages)
{
    static struct world world;
    struct book_totals totals;
    bool is_handled;
    unsigned long left;

    open_world(&world, seed, seconds, messages);
    run_storm(&world);
    assert_int_equal(amqpext_producer_flush(world.producer, PATIENCE_S * 1000, NULL), AMQPEXT_OK);
    watch_memory(&world);
    assert_int_equal(amqpext_producer_close(world.producer, PATIENCE_S * 1000, NULL), AMQPEXT_OK);
    is_handled = wait_until_handled(&world);
    left = wait_until_empty(&world);
    assert_int_equal(amqpext_consumer_stop(world.consumer, PATIENCE_S * 1000, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_stop(world.undertaker, PATIENCE_S * 1000, NULL), AMQPEXT_OK);
    deferrer_stop(&world.deferrer);
    book_judge(&world.book, &totals);
    show_result(&world, &totals);
    judge(&world, &totals);
    assert_true(is_handled);
    assert_int_equal(left, 0);
    close_world(&world);
}

static uint64_t any_seed(void)
{
    uint64_t seed;

    assert_int_equal(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
    return number_of("CHAOS_SEED", seed % 1000000);
}

static void ledger_is_in_order_after_the_storm_of_a_fixed_seed(void **state)
{
    (void)state;
    weather(FIXED_SEED, SHORT_SECONDS, SHORT_MESSAGES);
}

static void ledger_is_in_order_after_the_storm_of_a_random_seed(void **state)
{
    (void)state;
    weather(any_seed(), SHORT_SECONDS, SHORT_MESSAGES);
}

static void ledger_is_in_order_after_a_long_storm(void **state)
{
    (void)state;
    weather(any_seed(), (unsigned)number_of("CHAOS_SECONDS", SHORT_SECONDS),
            (size_t)number_of("CHAOS_MESSAGES", SHORT_MESSAGES));
}

int main(void)
{
    const struct CMUnitTest short_tests[] = {
        cmocka_unit_test(ledger_is_in_order_after_the_storm_of_a_fixed_seed),
        cmocka_unit_test(ledger_is_in_order_after_the_storm_of_a_random_seed),
    };
    const struct CMUnitTest long_tests[] = {
        cmocka_unit_test(ledger_is_in_order_after_a_long_storm),
    };

    if (number_of("CHAOS_SECONDS", 0) != 0)
        return cmocka_run_group_tests_name("long storm", long_tests, NULL, NULL);
    return cmocka_run_group_tests_name("storm", short_tests, NULL, NULL);
}
