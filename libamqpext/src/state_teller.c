/*
 * State teller: the user's state callback and the event that waits for a dispatch.
 *
 * Order: init; tell on the I/O thread; dispatch on the program's; end.
 * Invariant: the kept event points to nothing but the teller's own room; the lock is never held
 * while the callback runs.
 */
#include "state_teller.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

enum amqpext_status amqpext__state_init(struct state_teller *teller,
                                        const struct endpoint *endpoint, bool is_deferred,
                                        struct amqpext_error *error)
{
    int failure;

    memset(teller, 0, sizeof(*teller));
    teller->endpoint = endpoint;
    teller->is_deferred = is_deferred;
    failure = pthread_mutex_init(&teller->lock, NULL);
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "cannot make a lock");
    return AMQPEXT_OK;
}

/* A state that nobody has been told yet is left out: the one before stays the user's last. */
static void keep(struct state_teller *teller, const struct amqpext_state_event *event)
{
    const enum amqpext_state previous = teller->event.previous;
    const bool had_event = teller->has_event;

    teller->event = *event;
    if (had_event)
        teller->event.previous = previous;
    snprintf(teller->host, sizeof(teller->host), "%s", event->host);
    snprintf(teller->broker, sizeof(teller->broker), "%s", event->broker);
    memset(&teller->error, 0, sizeof(teller->error));
    if (event->error != NULL)
        teller->error = *event->error;
    teller->event.host = teller->host;
    teller->event.broker = teller->broker;
    teller->event.error = &teller->error;
    teller->has_event = true;
}

bool amqpext__state_tell(struct state_teller *teller, const struct amqpext_state_event *event)
{
    bool is_first;

    if (teller->endpoint->state == NULL)
        return false;
    if (!teller->is_deferred) {
        teller->endpoint->state(teller->endpoint->state_data, event);
        return false;
    }
    pthread_mutex_lock(&teller->lock);
    is_first = !teller->has_event;
    keep(teller, event);
    pthread_mutex_unlock(&teller->lock);
    return is_first;
}

static void tell_kept(void *data)
{
    struct state_teller *teller = data;
    struct amqpext_state_event event;
    struct amqpext_error error;
    char host[sizeof(teller->host)], broker[sizeof(teller->broker)];
    bool has_event;

    pthread_mutex_lock(&teller->lock);
    has_event = teller->has_event;
    if (has_event) {
        event = teller->event;
        error = teller->error;
        memcpy(host, teller->host, sizeof(host));
        memcpy(broker, teller->broker, sizeof(broker));
    }
    teller->has_event = false;
    pthread_mutex_unlock(&teller->lock);
    if (!has_event)
        return;
    event.host = host;
    event.broker = broker;
    event.error = &error;
    teller->endpoint->state(teller->endpoint->state_data, &event);
}

void amqpext__state_dispatch(struct state_teller *teller, struct jobs *jobs)
{
    amqpext__jobs_call(jobs, tell_kept, teller);
}

void amqpext__state_and_jobs_dispatch(struct state_teller *teller, struct jobs *jobs)
{
    amqpext__state_dispatch(teller, jobs);
    amqpext__jobs_dispatch(jobs);
    /* One that came before the descriptor was read made it readable for nothing. */
    amqpext__state_dispatch(teller, jobs);
}

void amqpext__state_end(struct state_teller *teller)
{
    pthread_mutex_destroy(&teller->lock);
}
