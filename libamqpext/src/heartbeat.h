/*
 * Heartbeats: when we have to say something, and when the peer has been silent for too long.
 *
 * With an interval of H both sides promise a sign of life every H seconds. We speak after H/2 of
 * our own silence and give the peer up after 2 H of its own. Any byte counts as a sign.
 */
#ifndef AMQPEXT_SRC_HEARTBEAT_H
#define AMQPEXT_SRC_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

struct heartbeat {
    uint64_t interval_us; /* 0: none agreed upon */
    uint64_t heard_us; /* the last bytes of the peer */
    uint64_t spoke_us; /* the last bytes of ours that left */
};

static inline void heartbeat_begin(struct heartbeat *heartbeat, unsigned interval_s,
                                   uint64_t now_us)
{
    heartbeat->interval_us = (uint64_t)interval_s * 1000000;
    heartbeat->heard_us = heartbeat->spoke_us = now_us;
}

static inline bool heartbeat_must_speak(const struct heartbeat *heartbeat, uint64_t now_us)
{
    return heartbeat->interval_us != 0 &&
           now_us >= heartbeat->spoke_us + heartbeat->interval_us / 2;
}

static inline bool heartbeat_is_silent(const struct heartbeat *heartbeat, uint64_t now_us)
{
    return heartbeat->interval_us != 0 &&
           now_us >= heartbeat->heard_us + heartbeat->interval_us * 2;
}

/* When one of the above becomes true; `can_speak`: not while our last words wait to be sent. */
static inline uint64_t heartbeat_due_us(const struct heartbeat *heartbeat, bool can_speak)
{
    const uint64_t silent_us = heartbeat->heard_us + heartbeat->interval_us * 2;
    const uint64_t speak_us = heartbeat->spoke_us + heartbeat->interval_us / 2;

    if (heartbeat->interval_us == 0)
        return NEVER;
    return can_speak && speak_us < silent_us ? speak_us : silent_us;
}

#endif
