/*
 * Outcomes: a list behind a lock.
 *
 * Order: init; note from callbacks; wait; end once the producer is closed.
 */
#include "support/outcomes.h"

#include "test.h"

#include "wait.h"

void outcomes_init(struct outcomes *outcomes)
{
    memset(outcomes, 0, sizeof(*outcomes));
    assert_int_equal(pthread_mutex_init(&outcomes->lock, NULL), 0);
    assert_int_equal(condition_init(&outcomes->changed), 0);
}

void outcomes_end(struct outcomes *outcomes)
{
    pthread_cond_destroy(&outcomes->changed);
    pthread_mutex_destroy(&outcomes->lock);
}

void outcomes_note(void *data, const struct amqpext_outcome *outcome)
{
    struct outcomes *outcomes = data;

    pthread_mutex_lock(&outcomes->lock);
    if (outcomes->all < OUTCOMES_KEPT)
        outcomes->kept[outcomes->all] = *outcome;
    outcomes->all++;
    outcomes->of[outcome->result]++;
    outcomes->told_on = pthread_self();
    pthread_cond_broadcast(&outcomes->changed);
    pthread_mutex_unlock(&outcomes->lock);
}

void outcomes_note_state(void *data, const struct amqpext_state_event *event)
{
    struct outcomes *outcomes = data;

    pthread_mutex_lock(&outcomes->lock);
    outcomes->states[event->state]++;
    pthread_cond_broadcast(&outcomes->changed);
    pthread_mutex_unlock(&outcomes->lock);
}

enum amqpext_status outcomes_put(struct outcomes *outcomes, struct amqpext_producer *producer,
                                 const char *text, const char *routing_key, bool is_mandatory)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    options.done = outcomes_note;
    options.data = outcomes;
    options.mandatory = is_mandatory;
    return amqpext_publish_bytes(producer, text, strlen(text), routing_key, &options, NULL);
}

static unsigned get(struct outcomes *outcomes, const unsigned *number)
{
    unsigned n;

    pthread_mutex_lock(&outcomes->lock);
    n = *number;
    pthread_mutex_unlock(&outcomes->lock);
    return n;
}

unsigned outcomes_count(struct outcomes *outcomes)
{
    return get(outcomes, &outcomes->all);
}

unsigned outcomes_of(struct outcomes *outcomes, enum amqpext_result result)
{
    return get(outcomes, &outcomes->of[result]);
}

unsigned outcomes_states(struct outcomes *outcomes, enum amqpext_state state)
{
    return get(outcomes, &outcomes->states[state]);
}

static void wait_until(struct outcomes *outcomes, const unsigned *number, unsigned n,
                       const char *what)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)OUTCOMES_PATIENCE_MS * 1000;
    bool is_in_time = true;
    unsigned seen;

    pthread_mutex_lock(&outcomes->lock);
    while (*number < n && is_in_time)
        is_in_time = condition_wait(&outcomes->changed, &outcomes->lock, deadline_us);
    seen = *number;
    pthread_mutex_unlock(&outcomes->lock);
    if (seen < n)
        fail_msg("%u %s of %u", seen, what, n);
}

void outcomes_wait(struct outcomes *outcomes, unsigned n)
{
    wait_until(outcomes, &outcomes->all, n, "outcomes");
}

void outcomes_wait_state(struct outcomes *outcomes, enum amqpext_state state, unsigned n)
{
    wait_until(outcomes, &outcomes->states[state], n, amqpext_state_name(state));
}
