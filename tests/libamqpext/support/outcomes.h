/*
 * Outcomes: what a producer tells, written down, with waiting for them.
 *
 * Thread:  any; those that wait fail the test after OUTCOMES_PATIENCE_MS.
 */
#ifndef TEST_SUPPORT_OUTCOMES_H
#define TEST_SUPPORT_OUTCOMES_H

#include <pthread.h>
#include <stdbool.h>

#include <amqpext/producer.h>

enum { OUTCOMES_PATIENCE_MS = 60000, OUTCOMES_KEPT = 64 };

struct outcomes {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned all;
    unsigned of[AMQPEXT_CANCELLED + 1]; /* by result */
    struct amqpext_outcome kept[OUTCOMES_KEPT]; /* the first ones */
    pthread_t told_on; /* the last one */
    unsigned states[AMQPEXT_STATE_CLOSED + 1]; /* by state, of note_state */
};

void outcomes_init(struct outcomes *outcomes);
void outcomes_end(struct outcomes *outcomes);

/* Callbacks: `data` is a struct outcomes. */
void outcomes_note(void *data, const struct amqpext_outcome *outcome);
void outcomes_note_state(void *data, const struct amqpext_state_event *event);

/* Publishes with outcomes_note as callback; the text is the body. */
enum amqpext_status outcomes_put(struct outcomes *outcomes, struct amqpext_producer *producer,
                                 const char *text, const char *routing_key, bool is_mandatory);

unsigned outcomes_count(struct outcomes *outcomes);
unsigned outcomes_of(struct outcomes *outcomes, enum amqpext_result result);
unsigned outcomes_states(struct outcomes *outcomes, enum amqpext_state state);
void outcomes_wait(struct outcomes *outcomes, unsigned n);
void outcomes_wait_state(struct outcomes *outcomes, enum amqpext_state state, unsigned n);

#endif
