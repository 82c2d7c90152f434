/*
 * A copy that a retry engine makes of a delivery; lies in the delivery, so that nothing is
 * allocated for it.
 */
#ifndef AMQPEXT_SRC_RETRY_COPY_H
#define AMQPEXT_SRC_RETRY_COPY_H

#include <stdbool.h>
#include <stdint.h>

enum copy_goal {
    COPY_AGAIN = 0, /* another attempt, at once */
    COPY_AGAIN_BY_STEP, /* through the queue of a step */
    COPY_AGAIN_FROM_HERE, /* after a pause in this process */
    COPY_DEAD /* dead letters */
};

struct copy {
    struct copy *next;
    struct amqpext_delivery *delivery;
    struct copier *copier;
    enum copy_goal goal;
    unsigned step;
    uint64_t pause_ms; /* BY_STEP: at most that of the step */
    uint64_t due_us; /* when it is published (again) */
    bool is_impossible; /* the library itself refuses to publish it */
};

#endif
