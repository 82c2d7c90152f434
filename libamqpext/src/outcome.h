/*
 * Outcome: what an entry of the ledger tells its publisher, and a thread that waits for it.
 */
#ifndef AMQPEXT_SRC_OUTCOME_H
#define AMQPEXT_SRC_OUTCOME_H

#include <pthread.h>
#include <stdbool.h>

#include <amqpext/publish.h>

#include "ledger_entries.h"

/* On the stack of a thread that waits; guarded by the producer's lock. */
struct outcome_wait {
    pthread_cond_t told;
    bool is_told;
    struct amqpext_outcome outcome;
};

/* Of a decided entry. */
void amqpext__outcome_fill(const struct entry *entry, struct amqpext_outcome *out);
/* The status of an outcome, with a message for one that is not AMQPEXT_OK. */
enum amqpext_status amqpext__outcome_fail(const struct amqpext_outcome *outcome,
                                          struct amqpext_error *error);

#endif
