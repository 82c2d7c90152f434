/*
 * Names of states. The switch has no default label, so that the compiler names one that is missing.
 */
#include <amqpext/connection.h>

const char *amqpext_state_name(enum amqpext_state state)
{
    switch (state) {
    case AMQPEXT_STATE_IDLE: return "idle";
    case AMQPEXT_STATE_CONNECTING: return "connecting";
    case AMQPEXT_STATE_READY: return "ready";
    case AMQPEXT_STATE_BLOCKED: return "blocked";
    case AMQPEXT_STATE_WAITING: return "waiting";
    case AMQPEXT_STATE_CLOSED: return "closed";
    }
    return "?";
}
