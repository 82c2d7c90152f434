/*
 * Gate: a fair lock for readers and writers, with deadlines.
 *
 * Order: init, enter and leave in pairs, destroy when nobody is inside or waiting.
 * Invariant: has_writer excludes readers; nobody waits at the head of the line who could enter, so
 * that neither readers nor writers starve.
 */
#include "gate.h"

#include <time.h>

struct miniorm__sqlite_waiter {
    struct miniorm__sqlite_waiter *next;
    enum miniorm__sqlite_pass pass;
    bool is_inside;
    pthread_cond_t changed;
};

void miniorm__sqlite_gate_init(struct miniorm__sqlite_gate *gate)
{
    (void)pthread_mutex_init(&gate->lock, NULL);
    (void)pthread_condattr_init(&gate->monotonic);
    (void)pthread_condattr_setclock(&gate->monotonic, CLOCK_MONOTONIC);
    gate->line = NULL;
    gate->line_end = &gate->line;
    gate->readers = 0;
    gate->has_writer = false;
}

void miniorm__sqlite_gate_destroy(struct miniorm__sqlite_gate *gate)
{
    (void)pthread_condattr_destroy(&gate->monotonic);
    (void)pthread_mutex_destroy(&gate->lock);
}

static bool pass_through(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass)
{
    if (gate->has_writer || (pass == MINIORM__SQLITE_EXCLUSIVE && gate->readers != 0))
        return false;
    if (pass == MINIORM__SQLITE_EXCLUSIVE)
        gate->has_writer = true;
    else
        gate->readers++;
    return true;
}

/* Lets in whoever stands at the head of the line and can enter. */
static void serve_line(struct miniorm__sqlite_gate *gate)
{
    struct miniorm__sqlite_waiter *waiter;

    while ((waiter = gate->line) != NULL && pass_through(gate, waiter->pass)) {
        gate->line = waiter->next;
        if (gate->line == NULL)
            gate->line_end = &gate->line;
        waiter->is_inside = true;
        (void)pthread_cond_signal(&waiter->changed);
    }
}

static void leave_line(struct miniorm__sqlite_gate *gate, struct miniorm__sqlite_waiter *waiter)
{
    struct miniorm__sqlite_waiter **link = &gate->line;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (*link == NULL)
        gate->line_end = link;
    serve_line(gate);
}

static bool wait_in_line(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass,
                         uint64_t deadline_ms, const atomic_bool *is_cancelled)
{
    const struct timespec deadline = {.tv_sec = (time_t)(deadline_ms / 1000),
                                      .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    struct miniorm__sqlite_waiter waiter = {.pass = pass};
    int failure = 0;

    (void)pthread_cond_init(&waiter.changed, &gate->monotonic);
    *gate->line_end = &waiter;
    gate->line_end = &waiter.next;
    while (!waiter.is_inside && failure == 0 && !atomic_load(is_cancelled))
        failure = pthread_cond_timedwait(&waiter.changed, &gate->lock, &deadline);
    if (!waiter.is_inside)
        leave_line(gate, &waiter);
    (void)pthread_cond_destroy(&waiter.changed);
    return waiter.is_inside;
}

bool miniorm__sqlite_gate_enter(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass,
                                uint64_t deadline_ms, const atomic_bool *is_cancelled)
{
    bool is_inside;

    (void)pthread_mutex_lock(&gate->lock);
    is_inside = (gate->line == NULL && pass_through(gate, pass)) ||
                wait_in_line(gate, pass, deadline_ms, is_cancelled);
    (void)pthread_mutex_unlock(&gate->lock);
    return is_inside;
}

void miniorm__sqlite_gate_leave(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass)
{
    (void)pthread_mutex_lock(&gate->lock);
    if (pass == MINIORM__SQLITE_EXCLUSIVE)
        gate->has_writer = false;
    else
        gate->readers--;
    serve_line(gate);
    (void)pthread_mutex_unlock(&gate->lock);
}

void miniorm__sqlite_gate_wake(struct miniorm__sqlite_gate *gate)
{
    struct miniorm__sqlite_waiter *waiter;

    (void)pthread_mutex_lock(&gate->lock);
    for (waiter = gate->line; waiter != NULL; waiter = waiter->next)
        (void)pthread_cond_signal(&waiter->changed);
    (void)pthread_mutex_unlock(&gate->lock);
}
