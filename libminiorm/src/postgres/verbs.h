/*
 * Verbs: the commands around the statements of a transaction, as text.
 */
#ifndef MINIORM_SRC_POSTGRES_VERBS_H
#define MINIORM_SRC_POSTGRES_VERBS_H

#include <libpq-fe.h>

#include "../driver.h"
#include "connection.h"

/* BEGIN with its options; NULL: none. */
void miniorm__pg_begin_text(const struct miniorm_transaction_options *options,
                            char out[MINIORM__PG_BEGIN_SIZE]);

/* "ROLLBACK TO SAVEPOINT " with a name made of a number. */
#define MINIORM__PG_VERB_SIZE 64

/* Any other verb. */
void miniorm__pg_verb_text(enum miniorm__transaction_verb verb, unsigned savepoint,
                           char out[MINIORM__PG_VERB_SIZE]);

/* Whether a COMMIT was answered with ROLLBACK, because the transaction had failed before. */
bool miniorm__pg_rolled_back(PGresult *answer);

#endif
