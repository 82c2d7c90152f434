/*
 * Pace: how fast the broker answers, measured, and how long the I/O thread may therefore look away
 * from the socket: so long that several answers come at once, not so long that the broker could run
 * out of messages.
 */
#ifndef AMQPEXT_SRC_PACE_H
#define AMQPEXT_SRC_PACE_H

#include <stddef.h>
#include <stdint.h>

/* A millisecond is little beside the time that hundreds of messages take. */
enum { PACE_LEISURE_US = 1000 };
/* Messages under way below which nobody looks away: then each answer counts. */
enum { PACE_BUSY_MIN = 256 };
/* Work that the broker keeps: so many times what it does in the meantime. */
enum { PACE_RESERVE = 4 };

struct pace {
    uint64_t since_us, answers; /* what is being counted: answers in all, when it began */
    uint64_t per_leisure; /* answers in the time of a leisure, as last measured */
    size_t under_way;
};

/* Looks at the clock, at the answers in all, and at the messages that are under way. */
static inline void pace_note(struct pace *pace, uint64_t now_us, uint64_t answers, size_t under_way)
{
    const uint64_t elapsed_us = now_us - pace->since_us;

    pace->under_way = under_way;
    if (elapsed_us < PACE_LEISURE_US)
        return;
    pace->per_leisure = (answers - pace->answers) * PACE_LEISURE_US / elapsed_us;
    pace->since_us = now_us;
    pace->answers = answers;
}

static inline unsigned pace_leisure_us(const struct pace *pace)
{
    return pace->under_way >= PACE_BUSY_MIN + PACE_RESERVE * pace->per_leisure ? PACE_LEISURE_US
                                                                               : 0;
}

#endif
