/*
 * State teller: passes changes of state to the user's callback, at once or, with DISPATCH, the last
 * one when the user dispatches. Allocates nothing.
 */
#ifndef AMQPEXT_SRC_STATE_TELLER_H
#define AMQPEXT_SRC_STATE_TELLER_H

#include <pthread.h>
#include <stdbool.h>

#include "endpoint.h"
#include "jobs.h"

struct state_teller {
    const struct endpoint *endpoint;
    bool is_deferred; /* keeps the last one until amqpext__state_dispatch */
    pthread_mutex_t lock;
    bool has_event;
    struct amqpext_state_event event; /* its strings and its error in the following */
    struct amqpext_error error;
    char host[280], broker[64];
};

enum amqpext_status amqpext__state_init(struct state_teller *teller,
                                        const struct endpoint *endpoint, bool is_deferred,
                                        struct amqpext_error *error);
/* Returns whether a dispatch is due now. */
bool amqpext__state_tell(struct state_teller *teller, const struct amqpext_state_event *event);
/* The callback runs as if inside of one of the jobs: it cannot wait for its object. */
void amqpext__state_dispatch(struct state_teller *teller, struct jobs *jobs);
/* All that the descriptor of the jobs has become readable for. */
void amqpext__state_and_jobs_dispatch(struct state_teller *teller, struct jobs *jobs);
void amqpext__state_end(struct state_teller *teller);

#endif
