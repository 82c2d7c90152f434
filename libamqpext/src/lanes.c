/*
 * Lanes: one queue of what may be taken, and one per slot of what has to wait for its turn.
 *
 * Order: init; add, take, done, take_all in any order; free.
 * Invariant: a slot is busy while one of its jobs is in `ready` or was taken and is not done; only
 * then has it jobs waiting.
 */
#include "lanes.h"

#include <stdlib.h>

bool amqpext__lanes_init(struct lanes *lanes, size_t n_slots)
{
    *lanes = (struct lanes){.n_slots = n_slots};
    if (n_slots != 0)
        lanes->slots = calloc(n_slots, sizeof(lanes->slots[0]));
    return n_slots == 0 || lanes->slots != NULL;
}

void amqpext__lanes_free(struct lanes *lanes)
{
    free(lanes->slots);
    *lanes = (struct lanes){.n_slots = 0};
}

static void append(struct job_queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last == NULL)
        queue->first = job;
    else
        queue->last->next = job;
    queue->last = job;
}

static struct job *pop(struct job_queue *queue)
{
    struct job *job = queue->first;

    if (job == NULL)
        return NULL;
    queue->first = job->next;
    if (queue->first == NULL)
        queue->last = NULL;
    job->next = NULL;
    return job;
}

/* NULL for what has no lane, or needs none. */
static struct lane_slot *slot_of(const struct lanes *lanes, uint64_t lane)
{
    if (lane == 0 || lanes->n_slots == 0)
        return NULL;
    /* Multiplied by a constant without pattern: the high bits depend on all bits of the lane. */
    return &lanes->slots[(lane * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (lanes->n_slots - 1)];
}

bool amqpext__lanes_add(struct lanes *lanes, struct job *job)
{
    struct lane_slot *slot = slot_of(lanes, job->lane);

    job->sequence = lanes->next_sequence++;
    lanes->count++;
    if (slot != NULL && slot->is_busy) {
        append(&slot->waiting, job);
        return false;
    }
    if (slot != NULL)
        slot->is_busy = true;
    append(&lanes->ready, job);
    return true;
}

bool amqpext__lanes_has_ready(const struct lanes *lanes)
{
    return lanes->ready.first != NULL;
}

struct job *amqpext__lanes_take(struct lanes *lanes)
{
    struct job *job = pop(&lanes->ready);

    if (job != NULL)
        lanes->count--;
    return job;
}

bool amqpext__lanes_done(struct lanes *lanes, uint64_t lane)
{
    struct lane_slot *slot = slot_of(lanes, lane);
    struct job *job;

    if (slot == NULL)
        return false;
    job = pop(&slot->waiting);
    slot->is_busy = job != NULL;
    if (job != NULL)
        append(&lanes->ready, job);
    return job != NULL;
}

/* Merges two lists that are in order. */
static struct job *merge(struct job *a, struct job *b)
{
    struct job *first = NULL;
    struct job **end = &first;

    while (a != NULL && b != NULL) {
        struct job **smaller = a->sequence < b->sequence ? &a : &b;

        *end = *smaller;
        end = &(*smaller)->next;
        *smaller = *end;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* What is ready is nearly in order; what waits in a slot is. */
static struct job *sort(struct job *list)
{
    struct job *runs[64] = {NULL};
    struct job *sorted = NULL;
    size_t i;

    while (list != NULL) {
        struct job *run = list;

        list = list->next;
        run->next = NULL;
        for (i = 0; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        sorted = merge(runs[i], sorted);
    return sorted;
}

struct job *amqpext__lanes_take_all(struct lanes *lanes)
{
    struct job_queue all = {NULL, NULL};
    struct job *job;
    size_t i;

    while ((job = pop(&lanes->ready)) != NULL) {
        struct lane_slot *slot = slot_of(lanes, job->lane);

        if (slot != NULL)
            slot->is_busy = false;
        append(&all, job);
    }
    for (i = 0; i < lanes->n_slots; i++) {
        while ((job = pop(&lanes->slots[i].waiting)) != NULL)
            append(&all, job);
    }
    lanes->count = 0;
    return sort(all.first);
}
