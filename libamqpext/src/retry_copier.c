/*
 * Copier: a thread between deliveries and the publisher.
 *
 * A copy is in exactly one place: `ready` (to be published now), `waiting` (later), with the
 * thread, or with the publisher's producer, which gives it back by an outcome.
 * Invariant: n_copies counts those that were added and not told; the owner is told with no lock
 * held, and before the copy is counted off.
 */
#include "retry_copier.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "link.h"
#include "wait.h"

/* Between two tries of a copy, and between two producers for the sake of a missing queue. */
enum { TRY_AGAIN_US = 1000000 };
enum { NAME_SIZE_MAX = 256 };

struct copies {
    struct copy *first;
    struct copy *last;
};

struct copier {
    struct copier_setup setup;
    /* The thread's, and of whoever stops the copier once it has ended. */
    struct retry_publisher publisher;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t told; /* for whoever stops */
    struct copies ready;
    struct copies waiting;
    uint64_t waiting_due_us; /* not later than the first of `waiting` is due */
    size_t n_copies;
    bool has_thread;
    bool is_stopping; /* pauses here are over */
    bool is_ended; /* the thread ends; what is added or comes back is given up */
    bool misses_queue;
    struct retry_declared declared;
    char main[NAME_SIZE_MAX]; /* the main queue */
    pthread_t thread;
};

static void push(struct copies *copies, struct copy *copy)
{
    copy->next = NULL;
    if (copies->last == NULL)
        copies->first = copy;
    else
        copies->last->next = copy;
    copies->last = copy;
}

static struct copy *pop(struct copies *copies)
{
    struct copy *copy = copies->first;

    if (copy == NULL)
        return NULL;
    copies->first = copy->next;
    if (copies->first == NULL)
        copies->last = NULL;
    return copy;
}

/* With the lock. */
static void push_waiting(struct copier *copier, struct copy *copy)
{
    push(&copier->waiting, copy);
    if (copy->due_us < copier->waiting_due_us)
        copier->waiting_due_us = copy->due_us;
}

/* Tells the owner. The lock is not held. */
static void conclude(struct copier *copier, struct copy *copy, bool is_safe)
{
    copier->setup.done(copier->setup.data, copy->delivery, is_safe);
    pthread_mutex_lock(&copier->lock);
    copier->n_copies--;
    pthread_cond_broadcast(&copier->told);
    pthread_mutex_unlock(&copier->lock);
}

static void put_off(struct copier *copier, struct copy *copy)
{
    bool is_ended;

    copy->due_us = monotonic_us() + TRY_AGAIN_US;
    pthread_mutex_lock(&copier->lock);
    is_ended = copier->is_ended;
    if (!is_ended) {
        push_waiting(copier, copy);
        pthread_cond_signal(&copier->changed);
    }
    pthread_mutex_unlock(&copier->lock);
    if (is_ended)
        conclude(copier, copy, false);
}

/* On the producer's thread. */
static void copied(void *data, const struct amqpext_outcome *outcome)
{
    struct copy *copy = data;
    struct copier *copier = copy->copier;

    if (outcome->result == AMQPEXT_CONFIRMED) {
        conclude(copier, copy, true);
        return;
    }
    if (outcome->result == AMQPEXT_RETURNED) {
        pthread_mutex_lock(&copier->lock);
        copier->misses_queue = true;
        pthread_mutex_unlock(&copier->lock);
    }
    if (outcome->result != AMQPEXT_CANCELLED)
        amqpext__log(copier->setup.log, AMQPEXT_LOG_WARNING,
                     "retry: the copy of message %s was not taken, and is tried again: %s %s",
                     outcome->message_id, amqpext_status_name(outcome->status),
                     outcome->reply_text);
    put_off(copier, copy);
}

/* What the copy needs, as known now; `main` gets the name of the main queue. */
static bool look_around(struct copier *copier, const struct copy *copy,
                        struct retry_declared *needed, char main[NAME_SIZE_MAX])
{
    const bool is_old = monotonic_us() - copier->publisher.made_us >= TRY_AGAIN_US;
    bool is_anew;

    pthread_mutex_lock(&copier->lock);
    *needed = copier->declared;
    is_anew = copier->misses_queue && is_old;
    if (is_anew)
        copier->misses_queue = false;
    memcpy(main, copier->main, NAME_SIZE_MAX);
    pthread_mutex_unlock(&copier->lock);
    if (copy->goal == COPY_AGAIN_BY_STEP && needed->n_steps <= copy->step)
        needed->n_steps = copy->step + 1;
    return is_anew;
}

/* After a success the copy is the producer's and may be gone. */
static void try_copy(struct copier *copier, struct copy *copy)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry_declared needed;
    char main[NAME_SIZE_MAX];
    enum amqpext_status status;
    bool is_anew;

    if (amqpext_delivery_is_stale(copy->delivery)) {
        conclude(copier, copy, false);
        return;
    }
    is_anew = look_around(copier, copy, &needed, main);
    status = amqpext__retry_publisher_need(&copier->publisher, &needed, is_anew, &error);
    if (status == AMQPEXT_OK)
        status = amqpext__retry_publish(&copier->publisher, copy, main, copied, &error);
    if (status == AMQPEXT_OK)
        return;
    if (status != AMQPEXT_ETOOLARGE && status != AMQPEXT_EINVALID) {
        put_off(copier, copy);
        return;
    }
    amqpext__log(copier->setup.log, AMQPEXT_LOG_ERROR,
                 "retry: a message cannot be copied and %s: %s",
                 copy->goal == COPY_DEAD ? "is rejected" : "stays unsettled", error.message);
    copy->is_impossible = true;
    conclude(copier, copy, false);
}

/*
 * Moves what is due from `waiting` to `ready`. While stopping, pauses here are over, and what is
 * otherwise put off comes when it is due.
 */
static void collect_due(struct copier *copier, uint64_t now_us)
{
    struct copies waiting = copier->waiting;
    struct copy *copy;

    if (now_us < copier->waiting_due_us && !copier->is_stopping)
        return;
    copier->waiting = (struct copies){NULL, NULL};
    copier->waiting_due_us = NEVER;
    while ((copy = pop(&waiting)) != NULL) {
        if (copy->due_us <= now_us || (copier->is_stopping && copy->goal == COPY_AGAIN_FROM_HERE))
            push(&copier->ready, copy);
        else
            push_waiting(copier, copy);
    }
}

static void *run(void *data)
{
    struct copier *copier = data;

    pthread_mutex_lock(&copier->lock);
    while (!copier->is_ended) {
        struct copy *copy;
        bool is_given_up;

        collect_due(copier, monotonic_us());
        copy = pop(&copier->ready);
        if (copy == NULL) {
            condition_wait(&copier->changed, &copier->lock, copier->waiting_due_us);
            continue;
        }
        is_given_up = copier->is_stopping && copy->goal == COPY_AGAIN_FROM_HERE;
        pthread_mutex_unlock(&copier->lock);
        if (is_given_up)
            conclude(copier, copy, false);
        else
            try_copy(copier, copy);
        pthread_mutex_lock(&copier->lock);
    }
    pthread_mutex_unlock(&copier->lock);
    return NULL;
}

static enum amqpext_status init_waiting(struct copier *copier, struct amqpext_error *error)
{
    int failure = condition_init(&copier->changed);

    if (failure == 0) {
        failure = condition_init(&copier->told);
        if (failure != 0)
            pthread_cond_destroy(&copier->changed);
    }
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "retry");
    pthread_mutex_init(&copier->lock, NULL);
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__copier_new(const struct copier_setup *setup, struct copier **out,
                                        struct amqpext_error *error)
{
    struct copier *copier = calloc(1, sizeof(*copier));
    enum amqpext_status status;

    if (copier == NULL)
        return amqpext__fail_memory(error);
    copier->setup = *setup;
    copier->waiting_due_us = NEVER;
    amqpext__retry_publisher_init(&copier->publisher, setup->options, setup->queues);
    status = init_waiting(copier, error);
    if (status != AMQPEXT_OK) {
        free(copier);
        return status;
    }
    amqpext__copier_set_main(copier, setup->queues->main->name);
    *out = copier;
    return AMQPEXT_OK;
}

void amqpext__copier_set_declared(struct copier *copier, const struct retry_declared *declared)
{
    pthread_mutex_lock(&copier->lock);
    copier->declared = *declared;
    pthread_mutex_unlock(&copier->lock);
}

void amqpext__copier_set_main(struct copier *copier, const char *name)
{
    const size_t size = name == NULL ? 0 : strnlen(name, NAME_SIZE_MAX - 1);

    pthread_mutex_lock(&copier->lock);
    if (size != 0)
        memcpy(copier->main, name, size);
    copier->main[size] = '\0';
    pthread_mutex_unlock(&copier->lock);
}

/* With the lock. Signals are for the threads of the program. */
static bool start_thread(struct copier *copier)
{
    sigset_t all, before;
    int failure;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&copier->thread, NULL, run, copier);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure == 0;
}

void amqpext__copier_add(struct copier *copier, struct amqpext_delivery *delivery)
{
    struct copy *copy = &delivery->copy;
    bool is_ended, has_thread;

    copy->delivery = delivery;
    copy->copier = copier;
    copy->due_us = copy->goal == COPY_AGAIN_FROM_HERE ? monotonic_us() + copy->pause_ms * 1000 : 0;
    pthread_mutex_lock(&copier->lock);
    copier->n_copies++;
    is_ended = copier->is_ended;
    if (!is_ended) {
        push_waiting(copier, copy);
        if (!copier->has_thread)
            copier->has_thread = start_thread(copier);
    }
    has_thread = copier->has_thread || is_ended;
    pthread_cond_signal(&copier->changed);
    pthread_mutex_unlock(&copier->lock);
    if (is_ended)
        conclude(copier, copy, false);
    /* The copy lies until the next one, which may have more luck, or until the stop. */
    if (!has_thread)
        amqpext__log(copier->setup.log, AMQPEXT_LOG_ERROR, "retry: there is no thread to be had");
}

static void give_up(struct copier *copier, struct copies *copies)
{
    struct copy *copy;

    while ((copy = pop(copies)) != NULL)
        conclude(copier, copy, false);
}

void amqpext__copier_stopping(struct copier *copier)
{
    pthread_mutex_lock(&copier->lock);
    copier->is_stopping = true;
    pthread_cond_signal(&copier->changed);
    pthread_mutex_unlock(&copier->lock);
}

void amqpext__copier_stop(struct copier *copier, uint64_t deadline_us)
{
    bool has_thread;

    pthread_mutex_lock(&copier->lock);
    copier->is_stopping = true;
    pthread_cond_signal(&copier->changed);
    while (copier->n_copies > 0 && copier->has_thread &&
           condition_wait(&copier->told, &copier->lock, deadline_us))
        continue;
    copier->is_ended = true;
    pthread_cond_signal(&copier->changed);
    has_thread = copier->has_thread;
    copier->has_thread = false;
    pthread_mutex_unlock(&copier->lock);
    if (has_thread)
        pthread_join(copier->thread, NULL);
    amqpext__retry_publisher_end(&copier->publisher);
    give_up(copier, &copier->ready);
    give_up(copier, &copier->waiting);
}

void amqpext__copier_free(struct copier *copier)
{
    if (copier == NULL)
        return;
    amqpext__copier_stop(copier, 0);
    pthread_cond_destroy(&copier->told);
    pthread_cond_destroy(&copier->changed);
    pthread_mutex_destroy(&copier->lock);
    free(copier);
}
