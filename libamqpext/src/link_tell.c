/*
 * Link: what is told of it: states to the owner, lines to the log, errors to those who wait.
 *
 * Order: as things happen, on the I/O thread.
 * Invariant: what waiting threads see is changed before the owner is told, and no lock is held
 * while it is.
 */
#include "link_core.h"

#include "error.h"

/* A state in which nothing went wrong. */
static const struct amqpext_error NO_ERROR = AMQPEXT_ERROR_INIT;

static void tell(struct link *link, struct amqpext_state_event *event)
{
    event->size = sizeof(*event);
    event->previous = link->state;
    event->host = link->host->text;
    event->broker = link_is_open(link) ? link->handshake.broker.name : "";
    link->state = event->state;
    pthread_mutex_lock(&link->lock);
    link->is_ready = event->state == AMQPEXT_STATE_READY || event->state == AMQPEXT_STATE_BLOCKED;
    link->is_permanent = event->is_permanent;
    if (event->state == AMQPEXT_STATE_WAITING)
        link->last_error = *event->error;
    if (event->is_permanent) {
        link->n_permanent++;
        link->permanent_error = *event->error;
    }
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
    if (link->owner->state != NULL)
        link->owner->state(link->data, event);
}

void amqpext__link_tell(struct link *link, enum amqpext_state state)
{
    struct amqpext_state_event event = {.state = state, .error = &NO_ERROR};

    if (state != link->state)
        tell(link, &event);
}

void amqpext__link_tell_waiting(struct link *link, const struct amqpext_error *error,
                                bool is_permanent, unsigned retry_in_ms)
{
    struct amqpext_state_event event = {
        .state = AMQPEXT_STATE_WAITING,
        .is_permanent = is_permanent,
        .retry_in_ms = retry_in_ms,
        .error = error,
    };

    if (is_permanent)
        link_count(link, COUNT_PERMANENT_ERRORS, 1);
    amqpext__log(&link->endpoint, is_permanent ? AMQPEXT_LOG_ERROR : AMQPEXT_LOG_WARNING,
                 "%s: %s; next try in %u ms", link->host->text, error->message, retry_in_ms);
    tell(link, &event);
}

void amqpext__link_tell_blocked(struct link *link)
{
    struct amqpext_state_event event = {.state = AMQPEXT_STATE_BLOCKED,
                                        .error = &link->blocked_error};

    amqpext__log(&link->endpoint, AMQPEXT_LOG_WARNING, "%s: %s", link->host->text,
                 link->blocked_error.message);
    tell(link, &event);
}

void amqpext__link_tell_unblocked(struct link *link)
{
    amqpext__log(&link->endpoint, AMQPEXT_LOG_INFO, "%s: the broker takes messages again",
                 link->host->text);
    if (link->phase == PHASE_READY)
        amqpext__link_tell(link, AMQPEXT_STATE_READY);
}

void amqpext__link_tell_finishing(struct link *link)
{
    pthread_mutex_lock(&link->lock);
    link->is_finishing = true;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
}
