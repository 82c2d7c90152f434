/*
 * Names of reasons, phases and states, as they stand in labels and on pages.
 */
#include <promon/probe.h>
#include <promon/result.h>

static const char *const reasons[] = {
    [PROMON_REASON_NONE] = "none",
    [PROMON_REASON_DNS] = "dns",
    [PROMON_REASON_REFUSED] = "refused",
    [PROMON_REASON_CONNECT_TIMEOUT] = "connect_timeout",
    [PROMON_REASON_TLS_VERIFY] = "tls_verify",
    [PROMON_REASON_TLS_EXPIRED] = "tls_expired",
    [PROMON_REASON_AUTH] = "auth",
    [PROMON_REASON_PROTOCOL] = "protocol",
    [PROMON_REASON_STATUS] = "status",
    [PROMON_REASON_BODY] = "body",
    [PROMON_REASON_TIMEOUT] = "timeout",
    [PROMON_REASON_OVERRUN] = "overrun",
    [PROMON_REASON_INTERNAL] = "internal",
};

static const char *const phases[] = {
    [PROMON_PHASE_RESOLVE] = "resolve", [PROMON_PHASE_CONNECT] = "connect",
    [PROMON_PHASE_TLS] = "tls",         [PROMON_PHASE_LOGIN] = "login",
    [PROMON_PHASE_QUERY] = "query",     [PROMON_PHASE_TRANSFER] = "transfer",
};

static const char *const states[] = {
    [PROMON_STATE_UNKNOWN] = "unknown",
    [PROMON_STATE_UP] = "up",
    [PROMON_STATE_DOWN] = "down",
};

_Static_assert(sizeof(phases) / sizeof(phases[0]) == PROMON_PHASES, "a phase without a name");

#define NAME_OF(names, number) \
    ((unsigned)(number) < sizeof(names) / sizeof((names)[0]) ? (names)[(unsigned)(number)] : "?")

const char *promon_reason_name(enum promon_reason reason)
{
    return NAME_OF(reasons, reason);
}

const char *promon_phase_name(enum promon_phase phase)
{
    return NAME_OF(phases, phase);
}

const char *promon_state_name(enum promon_state state)
{
    return NAME_OF(states, state);
}
