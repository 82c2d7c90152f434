/* The handler of tests. */
#include "test.h"

#include "support/handler.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static struct timespec in_seconds(time_t seconds)
{
    struct timespec moment;

    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += seconds;
    return moment;
}

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

void handler_init(struct handler *handler, int verdict)
{
    pthread_condattr_t attributes;

    memset(handler, 0, sizeof(*handler));
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&handler->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&handler->lock, NULL);
    handler->verdict = verdict;
}

void handler_end(struct handler *handler)
{
    size_t i;

    for (i = 0; i < handler->n_calls; i++) {
        free(handler->calls[i]->body);
        free(handler->calls[i]);
    }
    free(handler->calls);
    pthread_cond_destroy(&handler->changed);
    pthread_mutex_destroy(&handler->lock);
}

static struct handled *note(struct amqpext_delivery *delivery)
{
    struct handled *handled = calloc(1, sizeof(*handled));
    const void *body = amqpext_delivery_body(delivery, &handled->size);

    handled->body = calloc(1, handled->size + 1);
    memcpy(handled->body, body, handled->size);
    snprintf(handled->exchange, sizeof(handled->exchange), "%s",
             amqpext_delivery_exchange(delivery));
    snprintf(handled->routing_key, sizeof(handled->routing_key), "%s",
             amqpext_delivery_routing_key(delivery));
    snprintf(handled->last_reason, sizeof(handled->last_reason), "%s",
             amqpext_delivery_last_reason(delivery));
    handled->attempt = amqpext_delivery_attempt(delivery);
    handled->is_redelivered = amqpext_delivery_is_redelivered(delivery);
    handled->has_payload = amqpext_delivery_payload(delivery) != NULL;
    handled->delivery = delivery;
    return handled;
}

static void begin(struct handler *handler, struct handled *handled)
{
    /* A power of two is full: twice as much, or the first room. */
    if ((handler->n_calls & (handler->n_calls - 1)) == 0)
        handler->calls =
            realloc(handler->calls, (2 * handler->n_calls + 1) * sizeof(handler->calls[0]));
    handler->calls[handler->n_calls++] = handled;
    handler->n_inside++;
    if (handler->n_inside > handler->most_inside)
        handler->most_inside = handler->n_inside;
    pthread_cond_broadcast(&handler->changed);
}

enum amqpext_verdict handler_process(void *data, struct amqpext_delivery *delivery)
{
    struct handler *handler = data;
    struct handled *handled = note(delivery);
    int verdict;

    pthread_mutex_lock(&handler->lock);
    begin(handler, handled);
    while (handler->is_held)
        pthread_cond_wait(&handler->changed, &handler->lock);
    verdict = handler->verdict;
    if (handler->reason != NULL)
        amqpext_delivery_set_reason(delivery, "%s", handler->reason);
    pthread_mutex_unlock(&handler->lock);
    if (handler->decide != NULL)
        verdict = handler->decide(handler->data, delivery);
    pthread_mutex_lock(&handler->lock);
    handled->has_ended = true;
    handler->n_ended++;
    handler->n_inside--;
    pthread_cond_broadcast(&handler->changed);
    pthread_mutex_unlock(&handler->lock);
    return (enum amqpext_verdict)verdict;
}

static void set_held(struct handler *handler, bool is_held)
{
    pthread_mutex_lock(&handler->lock);
    handler->is_held = is_held;
    pthread_cond_broadcast(&handler->changed);
    pthread_mutex_unlock(&handler->lock);
}

void handler_hold(struct handler *handler)
{
    set_held(handler, true);
}

void handler_release(struct handler *handler)
{
    set_held(handler, false);
}

void handler_set_verdict(struct handler *handler, int verdict)
{
    pthread_mutex_lock(&handler->lock);
    handler->verdict = verdict;
    pthread_mutex_unlock(&handler->lock);
}

static struct handled *wait_for(struct handler *handler, const size_t *count, size_t n)
{
    const struct timespec deadline = in_seconds(HANDLER_PATIENCE_S);
    struct handled *handled = NULL;
    size_t seen;

    pthread_mutex_lock(&handler->lock);
    while (*count < n &&
           pthread_cond_timedwait(&handler->changed, &handler->lock, &deadline) != ETIMEDOUT)
        continue;
    seen = *count;
    if (seen >= n)
        handled = handler->calls[n - 1];
    pthread_mutex_unlock(&handler->lock);
    if (handled == NULL)
        fail_msg("the handler was called %zu times, not %zu", seen, n);
    return handled;
}

struct handled *handler_wait(struct handler *handler, size_t n)
{
    return wait_for(handler, &handler->n_calls, n);
}

struct handled *handler_wait_ended(struct handler *handler, size_t n)
{
    return wait_for(handler, &handler->n_ended, n);
}

size_t handler_count(struct handler *handler)
{
    size_t count;

    pthread_mutex_lock(&handler->lock);
    count = handler->n_calls;
    pthread_mutex_unlock(&handler->lock);
    return count;
}

bool handler_stays_at(struct handler *handler, size_t n, unsigned ms)
{
    sleep_ms(ms);
    return handler_count(handler) == n;
}

struct amqpext_consumer_stats figures_of(const struct amqpext_consumer *consumer)
{
    struct amqpext_consumer_stats figures = AMQPEXT_CONSUMER_STATS_INIT;

    amqpext_consumer_stats(consumer, &figures);
    return figures;
}

void wait_for_figure_at(struct amqpext_consumer *consumer, size_t offset, uint64_t least,
                        const char *name)
{
    uint64_t figure = 0;
    unsigned i;

    for (i = 0; i < HANDLER_PATIENCE_S * 1000; i++) {
        const struct amqpext_consumer_stats figures = figures_of(consumer);

        memcpy(&figure, (const char *)&figures + offset, sizeof(figure));
        if (figure >= least)
            return;
        sleep_ms(1);
    }
    fail_msg("%s is %llu, not %llu", name, (unsigned long long)figure, (unsigned long long)least);
}
