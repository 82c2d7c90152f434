/*
 * Consumers at a real broker that loses connections and queues, and is asked to stop at any moment.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker.h"
#include "consuming.h"

static void deleted_queue_is_made_again_and_consumed(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "faults.deleted", AMQPEXT_ACK);
    consuming.options.exchange = "faults.exchange";
    consuming.options.routing_key = "a.b";
    consuming_start(&consuming);
    consuming_publish_to(&consuming, "faults.exchange", "a.b", NULL, "1", 1);
    (void)handler_wait_ended(&consuming.handler, 1);
    assert_true(broker_delete_queue("faults.deleted"));
    wait_for_figure(consuming.consumer, cancelled, 1);
    wait_for_figure(consuming.consumer, connection.connects, 2);
    /* Its binding is back too. */
    consuming_publish_to(&consuming, "faults.exchange", "a.b", NULL, "2", 1);
    assert_string_equal(handler_wait_ended(&consuming.handler, 2)->body, "2");
    assert_int_equal(figures_of(consuming.consumer).connection.lost, 0);
    consuming_end(&consuming);
}

static void deleted_exchange_and_binding_come_back_with_the_next_channel(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "faults.unbound", AMQPEXT_ACK);
    consuming.options.exchange = "faults.unbound";
    consuming.options.routing_key = "a";
    consuming_start(&consuming);
    assert_true(broker_eval(NULL, 0,
                            "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
                            "<<\"faults.unbound\">>), false, <<\"suite\">>)."));
    assert_true(broker_close_connections());
    wait_for_figure(consuming.consumer, connection.connects, 2);
    consuming_publish_to(&consuming, "faults.unbound", "a", NULL, "1", 1);
    (void)handler_wait_ended(&consuming.handler, 1);
    consuming_end(&consuming);
}

static void crash_of_the_queue_s_process_is_survived(void **state)
{
    struct consuming consuming;
    size_t n = 1;

    (void)state;
    consuming_begin(&consuming, "faults.crashed", AMQPEXT_ACK);
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    (void)handler_wait_ended(&consuming.handler, 1);
    assert_true(broker_crash_queue("faults.crashed"));
    consuming_publish_until_taken(&consuming, "2");
    /* The first may come again: the queue forgot that it was acknowledged. */
    while (strcmp(handler_wait_ended(&consuming.handler, n)->body, "2") != 0)
        n++;
    assert_true(n <= 3);
    consuming_end(&consuming);
}

/* Those of the crashed process must not be settled with the new one. */
static void all_is_settled_that_was_delivered_before_and_after_a_crash(void **state)
{
    enum { MESSAGES = 5 };
    struct consuming consuming;
    char body[8];
    size_t i;

    (void)state;
    consuming_begin(&consuming, "faults.twice", AMQPEXT_DEFER);
    consuming.options.prefetch_count = 4 * MESSAGES;
    consuming_start(&consuming);
    for (i = 0; i < MESSAGES; i++) {
        snprintf(body, sizeof(body), "%zu", i);
        consuming_publish(&consuming, body);
    }
    (void)handler_wait_ended(&consuming.handler, MESSAGES);
    assert_true(broker_crash_queue("faults.twice"));
    consuming_publish_until_taken(&consuming, "5");
    (void)handler_wait_ended(&consuming.handler, 2 * MESSAGES + 1);
    for (i = 0; i < 2 * MESSAGES + 1; i++)
        assert_int_equal(
            amqpext_delivery_settle(consuming.handler.calls[i]->delivery, AMQPEXT_ACK, NULL),
            i < MESSAGES ? AMQPEXT_ESTALE : AMQPEXT_OK);
    assert_int_equal(figures_of(consuming.consumer).cancelled, 1);
    consuming_wait_empty("faults.twice");
    consuming_end(&consuming);
}

static void consumer_of_a_quorum_queue_that_it_did_not_declare_needs_no_crash_told(void **state)
{
    const struct amqpext_queue quorum = {.name = "faults.quorum", .type = AMQPEXT_QUEUE_QUORUM};
    const struct amqpext_queue given = {.name = "faults.quorum", .declare = AMQPEXT_PASSIVE};
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "faults.quorum", AMQPEXT_ACK);
    consuming.options.queue = NULL;
    consuming.options.queue_options = &quorum;
    consuming_start(&consuming);
    amqpext_consumer_free(consuming.consumer);
    consuming.options.queue_options = &given;
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    (void)handler_wait_ended(&consuming.handler, 1);
    consuming_end(&consuming);
}

static void broker_that_was_killed_gives_back_what_was_not_settled(void **state)
{
    struct consuming consuming;
    struct handled *handled;

    (void)state;
    consuming_begin(&consuming, "faults.killed", AMQPEXT_ACK);
    consuming_start(&consuming);
    handler_hold(&consuming.handler);
    consuming_publish(&consuming, "1");
    handled = handler_wait(&consuming.handler, 1);
    assert_true(broker_service("kill"));
    assert_true(broker_service("start"));
    wait_for_figure(consuming.consumer, connection.connects, 2);
    assert_true(amqpext_delivery_is_stale(handled->delivery));
    handler_release(&consuming.handler);
    handled = handler_wait_ended(&consuming.handler, 2);
    assert_true(handled->is_redelivered);
    wait_for_figure(consuming.consumer, acknowledged, 1);
    assert_int_equal(figures_of(consuming.consumer).stale, 1);
    consuming_end(&consuming);
}

static void held_delivery_stays_unacknowledged_over_a_reconnect(void **state)
{
    struct consuming consuming;
    unsigned long count = 0;

    (void)state;
    consuming_begin(&consuming, "faults.stale", AMQPEXT_DEFER);
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    (void)handler_wait_ended(&consuming.handler, 1);
    assert_true(broker_close_connections());
    (void)handler_wait_ended(&consuming.handler, 2);
    assert_int_equal(
        amqpext_delivery_settle(consuming.handler.calls[0]->delivery, AMQPEXT_ACK, NULL),
        AMQPEXT_ESTALE);
    consuming_sleep_ms(100);
    assert_true(broker_count_messages("faults.stale", &count));
    assert_int_equal(count, 1);
    assert_int_equal(
        amqpext_delivery_settle(consuming.handler.calls[1]->delivery, AMQPEXT_ACK, NULL),
        AMQPEXT_OK);
    consuming_wait_empty("faults.stale");
    consuming_end(&consuming);
}

/*
 * A storm of SIGTERM: a child consumes, says the number of each message that it has handled, and is
 * stopped at a random moment; the next one goes on.
 */
enum { STORM_MESSAGES = 4000, STORM_EXIT_S = 60 };

static struct amqpext_consumer *running;

static void on_term(int number)
{
    (void)number;
    amqpext_consumer_request_stop(running);
}

static enum amqpext_verdict say_number(void *data, struct amqpext_delivery *delivery)
{
    const struct timespec pause = {.tv_nsec = 300000};
    const uint32_t number = (uint32_t)json_integer_value(amqpext_delivery_payload(delivery));

    nanosleep(&pause, NULL);
    return write(*(int *)data, &number, sizeof(number)) == sizeof(number) ? AMQPEXT_ACK
                                                                          : AMQPEXT_REQUEUE;
}

/* A child that is not ready yet is told later. */
static bool set_term_blocked(bool is_blocked)
{
    sigset_t term;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    return pthread_sigmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &term, NULL) == 0;
}

/* Ends with 0 when all was drained in time. */
static int consume_until_told(const char *url, int fd)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct sigaction action = {.sa_handler = on_term};
    enum amqpext_status status;

    options.url = url;
    options.queue = "faults.storm";
    options.process_request = say_number;
    options.data = &fd;
    options.workers = 4;
    options.prefetch_count = 40;
    options.callbacks = AMQPEXT_CALLBACKS_WORKERS;
    if (amqpext_consumer_new(&options, &running, NULL) != AMQPEXT_OK)
        return 2;
    if (sigaction(SIGTERM, &action, NULL) != 0 || !set_term_blocked(false))
        return 3;
    status = amqpext_consumer_run(running, NULL);
    amqpext_consumer_free(running);
    return status == AMQPEXT_OK ? 0 : 1;
}

static pid_t start_child(const char *url, const int pipe_fds[2])
{
    pid_t child;

    assert_true(set_term_blocked(true));
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        close(pipe_fds[0]);
        _exit(consume_until_told(url, pipe_fds[1]));
    }
    assert_true(set_term_blocked(false));
    return child;
}

/* Reads what is there, and waits for it up to `ms`; returns the number of messages. */
static size_t read_numbers(int fd, unsigned *handled, int ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    uint32_t numbers[256];
    ssize_t size;
    ssize_t i;

    if (poll(&readable, 1, ms) <= 0)
        return 0;
    size = read(fd, numbers, sizeof(numbers));
    for (i = 0; i < size / (ssize_t)sizeof(numbers[0]); i++) {
        assert_true(numbers[i] < STORM_MESSAGES);
        handled[numbers[i]]++;
    }
    return size > 0 ? (size_t)size / sizeof(numbers[0]) : 0;
}

static void end_child(pid_t child)
{
    const time_t before = time(NULL);
    int status = 0;

    assert_int_equal(kill(child, SIGTERM), 0);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    assert_true(time(NULL) - before < STORM_EXIT_S);
    /* Its own handlers take a moment only: nothing is left when it ends. */
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void stopped_at_any_moment_it_loses_nothing(void **state)
{
    struct consuming consuming;
    unsigned *handled = calloc(STORM_MESSAGES, sizeof(*handled));
    unsigned seed = (unsigned)time(NULL), storms = 0, i;
    size_t total = 0, more;
    int pipe_fds[2];

    (void)state;
    print_message("seed %u\n", seed);
    consuming_begin(&consuming, "faults.storm", AMQPEXT_ACK);
    consuming_start(&consuming);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_publish_numbers(&consuming, STORM_MESSAGES);
    amqpext_producer_free(consuming.producer);
    consuming.producer = NULL;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    while (total < STORM_MESSAGES) {
        const pid_t child = start_child(consuming.url, pipe_fds);

        seed = seed * 1103515245 + 12345;
        /* Half of them while they connect, the others while they consume. */
        if ((seed >> 30) % 2 != 0)
            total += read_numbers(pipe_fds[0], handled, 10000);
        consuming_sleep_ms((seed >> 16) % 50);
        end_child(child);
        while ((more = read_numbers(pipe_fds[0], handled, 0)) != 0)
            total += more;
        assert_true(++storms < 2000);
    }
    print_message("%u stops, %zu handled\n", storms, total);
    /* A message whose handler has ended was acknowledged before the end: it came once. */
    for (i = 0; i < STORM_MESSAGES; i++)
        assert_int_equal(handled[i], 1);
    consuming_wait_empty("faults.storm");
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    free(handled);
    consuming_end(&consuming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_at_any_moment_it_loses_nothing),
        cmocka_unit_test(deleted_queue_is_made_again_and_consumed),
        cmocka_unit_test(deleted_exchange_and_binding_come_back_with_the_next_channel),
        cmocka_unit_test(crash_of_the_queue_s_process_is_survived),
        cmocka_unit_test(all_is_settled_that_was_delivered_before_and_after_a_crash),
        cmocka_unit_test(consumer_of_a_quorum_queue_that_it_did_not_declare_needs_no_crash_told),
        cmocka_unit_test(broker_that_was_killed_gives_back_what_was_not_settled),
        cmocka_unit_test(held_delivery_stays_unacknowledged_over_a_reconnect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
