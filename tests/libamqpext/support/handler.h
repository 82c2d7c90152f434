/*
 * A handler of messages that does what a test says, and writes down what it got. Calls that wait
 * fail the test after HANDLER_PATIENCE_S; they are for the thread of the test only.
 */
#ifndef TEST_SUPPORT_HANDLER_H
#define TEST_SUPPORT_HANDLER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <amqpext/consumer.h>

enum { HANDLER_PATIENCE_S = 60 };

/* One call, with copies of what the delivery told. */
struct handled {
    char *body;
    size_t size;
    char exchange[256], routing_key[256], last_reason[256];
    unsigned attempt;
    bool is_redelivered, has_payload, has_ended;
    struct amqpext_delivery *delivery; /* usable while it is held or deferred */
};

struct handler {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct handled **calls;
    size_t n_calls, n_ended, n_inside, most_inside;
    bool is_held; /* those that are called wait inside */
    /* What is returned: by `decide` if it is set, which is called with no lock held. */
    int verdict;
    const char *reason;
    int (*decide)(void *data, struct amqpext_delivery *delivery);
    void *data;
    struct amqpext_consumer *consumer; /* for the test's own use */
};

void handler_init(struct handler *handler, int verdict);
void handler_end(struct handler *handler);
/* For the options of a consumer, with the handler as data. */
enum amqpext_verdict handler_process(void *data, struct amqpext_delivery *delivery);
/* From here on handlers wait inside; and are let go. */
void handler_hold(struct handler *handler);
void handler_release(struct handler *handler);
void handler_set_verdict(struct handler *handler, int verdict);
/* Waits for the n-th call, from 1, to begin, or to end. */
struct handled *handler_wait(struct handler *handler, size_t n);
struct handled *handler_wait_ended(struct handler *handler, size_t n);
size_t handler_count(struct handler *handler);
/* Whether it stays at n calls for so long. */
bool handler_stays_at(struct handler *handler, size_t n, unsigned ms);

/* Waits until a figure is at least so large. */
#define wait_for_figure(consumer, member, least)                                             \
    wait_for_figure_at((consumer), offsetof(struct amqpext_consumer_stats, member), (least), \
                       #member)
void wait_for_figure_at(struct amqpext_consumer *consumer, size_t offset, uint64_t least,
                        const char *name);
struct amqpext_consumer_stats figures_of(const struct amqpext_consumer *consumer);

#endif
