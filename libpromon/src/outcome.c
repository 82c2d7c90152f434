/*
 * Outcome: the state machine of a probe.
 *
 * A verdict ERROR knows nothing of what is checked: it neither breaks a row of successes or
 * failures nor belongs to it. Only when the probe fails by itself fail_after times in a row is
 * nothing known any more, and the state unknown.
 */
#include "outcome.h"

#include <limits.h>

static void count(unsigned *row)
{
    if (*row != UINT_MAX)
        (*row)++;
}

static enum promon_state next_state(const struct promon__outcome *outcome, unsigned fail_after,
                                    unsigned ok_after)
{
    if (outcome->errors != 0)
        return outcome->errors >= fail_after ? PROMON_STATE_UNKNOWN : outcome->state;
    if (outcome->ups >= ok_after)
        return PROMON_STATE_UP;
    if (outcome->downs >= fail_after)
        return PROMON_STATE_DOWN;
    return outcome->state;
}

bool promon__outcome_add(struct promon__outcome *outcome, enum promon_verdict verdict,
                         unsigned fail_after, unsigned ok_after)
{
    const enum promon_state before = outcome->state;

    if (verdict == PROMON_ERROR) {
        count(&outcome->errors);
    } else {
        outcome->errors = 0;
        count(verdict == PROMON_UP ? &outcome->ups : &outcome->downs);
        *(verdict == PROMON_UP ? &outcome->downs : &outcome->ups) = 0;
    }
    outcome->state = next_state(outcome, fail_after, ok_after);
    return outcome->state != before;
}
