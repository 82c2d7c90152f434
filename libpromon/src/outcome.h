/*
 * Outcome: from single verdicts to the state of a probe, which does not change for one odd answer.
 */
#ifndef PROMON_SRC_OUTCOME_H
#define PROMON_SRC_OUTCOME_H

#include <promon/probe.h>
#include <stdbool.h>

/* Of zeros: unknown. */
struct promon__outcome {
    enum promon_state state;
    unsigned ups, downs, errors; /* in a row */
};

/* Takes the next verdict in; true when the state is another one now. */
bool promon__outcome_add(struct promon__outcome *outcome, enum promon_verdict verdict,
                         unsigned fail_after, unsigned ok_after);

#endif
