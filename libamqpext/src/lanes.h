/*
 * Lanes: a queue of jobs in which those of one lane are given out one at a time, in the order in
 * which they came. No lock, no allocation after lanes_init.
 *
 * Lanes share a fixed number of slots, so that two of them may wait for one another without need;
 * this only costs time. What is taken is not given back but by lanes_done.
 */
#ifndef AMQPEXT_SRC_LANES_H
#define AMQPEXT_SRC_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs.h"

struct job_queue {
    struct job *first, *last;
};

struct lane_slot {
    struct job_queue waiting; /* behind the one that is ready or runs */
    bool is_busy;
};

struct lanes {
    struct job_queue ready;
    struct lane_slot *slots;
    size_t n_slots; /* a power of two, or 0: whoever takes jobs does so one at a time anyway */
    size_t count; /* jobs in here */
    uint64_t next_sequence;
};

/* False when memory ran out. */
bool amqpext__lanes_init(struct lanes *lanes, size_t n_slots);
void amqpext__lanes_free(struct lanes *lanes);
/* Returns whether there is one more to take. */
bool amqpext__lanes_add(struct lanes *lanes, struct job *job);
/* Whether there is one to take. */
bool amqpext__lanes_has_ready(const struct lanes *lanes);
/* The next that may run; NULL when there is none. */
struct job *amqpext__lanes_take(struct lanes *lanes);
/* A job of that lane, which was taken, has run. Returns whether there is one more to take. */
bool amqpext__lanes_done(struct lanes *lanes, uint64_t lane);
/* All that was not taken, in the order in which it was added. */
struct job *amqpext__lanes_take_all(struct lanes *lanes);

#endif
