/*
 * A consumer inside of an event loop that belongs to the program: handlers run on the thread of the
 * loop, so what they share with the rest of the program needs no lock.
 *
 *     epoll_consumer amqp://guest:guest@localhost/ QUEUE
 *
 * Once a second it prints how many messages came; it ends on SIGINT and SIGTERM.
 */
#include <amqpext/amqpext.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { DRAIN_TIMEOUT_MS = 10000 };

struct service {
    struct amqpext_consumer *consumer;
    unsigned long handled; /* without a lock: one thread does everything */
    int signals, timer, loop;
};

static enum amqpext_verdict process_request(void *data, struct amqpext_delivery *delivery)
{
    struct service *service = data;

    (void)delivery;
    service->handled++;
    return AMQPEXT_ACK;
}

static bool watch(struct service *service, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};

    return fd >= 0 && epoll_ctl(service->loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool make_loop(struct service *service)
{
    const struct itimerspec second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    /* Before any thread is made, so that all of them inherit it. */
    sigprocmask(SIG_BLOCK, &set, NULL);
    service->loop = epoll_create1(EPOLL_CLOEXEC);
    service->signals = signalfd(-1, &set, SFD_CLOEXEC);
    service->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return timerfd_settime(service->timer, 0, &second, NULL) == 0 &&
           watch(service, service->signals) && watch(service, service->timer);
}

static void run(struct service *service)
{
    const int messages = amqpext_consumer_fd(service->consumer);
    struct epoll_event event;

    while (epoll_wait(service->loop, &event, 1, -1) == 1 && event.data.fd != service->signals) {
        uint64_t ticks;

        if (event.data.fd == messages) {
            amqpext_consumer_dispatch(service->consumer);
        } else if (read(service->timer, &ticks, sizeof(ticks)) == sizeof(ticks)) {
            printf("%lu\n", service->handled);
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct service service = {.loop = -1};

    if (argc != 3) {
        fprintf(stderr, "usage: %s URL QUEUE\n", argv[0]);
        return 2;
    }
    options.url = argv[1];
    options.queue = argv[2];
    options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    options.process_request = process_request;
    options.data = &service;
    if (make_loop(&service) &&
        amqpext_consumer_new(&options, &service.consumer, &error) == AMQPEXT_OK &&
        watch(&service, amqpext_consumer_fd(service.consumer)) &&
        amqpext_consumer_start(service.consumer, &error) == AMQPEXT_OK) {
        run(&service);
        amqpext_consumer_stop(service.consumer, DRAIN_TIMEOUT_MS, &error);
        printf("%lu in all\n", service.handled);
    }
    if (error.status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error.message);
    amqpext_consumer_free(service.consumer);
    return error.status != AMQPEXT_OK;
}
