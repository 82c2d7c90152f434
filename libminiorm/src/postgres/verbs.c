/*
 * Verbs: texts of BEGIN, COMMIT, ROLLBACK and the commands of savepoints.
 *
 * Savepoints are named by numbers, which whoever sets them chooses.
 */
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static const char *isolation_text(enum miniorm_isolation isolation)
{
    switch (isolation) {
    case MINIORM_READ_COMMITTED: return " ISOLATION LEVEL READ COMMITTED";
    case MINIORM_REPEATABLE_READ: return " ISOLATION LEVEL REPEATABLE READ";
    case MINIORM_SERIALIZABLE: return " ISOLATION LEVEL SERIALIZABLE";
    case MINIORM_ISOLATION_DEFAULT: break;
    }
    return "";
}

_Static_assert(sizeof("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY DEFERRABLE") <=
                   MINIORM__PG_BEGIN_SIZE,
               "the longest BEGIN fits");

void miniorm__pg_begin_text(const struct miniorm_transaction_options *options,
                            char out[MINIORM__PG_BEGIN_SIZE])
{
    if (options == NULL) {
        snprintf(out, MINIORM__PG_BEGIN_SIZE, "BEGIN");
        return;
    }
    snprintf(out, MINIORM__PG_BEGIN_SIZE, "BEGIN%s%s%s", isolation_text(options->isolation),
             options->read_only ? " READ ONLY" : "", options->deferrable ? " DEFERRABLE" : "");
}

void miniorm__pg_verb_text(enum miniorm__transaction_verb verb, unsigned savepoint,
                           char out[MINIORM__PG_VERB_SIZE])
{
    static const char *const words[] = {
        [MINIORM__SAVEPOINT] = "SAVEPOINT",
        [MINIORM__RELEASE] = "RELEASE SAVEPOINT",
        [MINIORM__ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT",
    };

    if (verb == MINIORM__COMMIT)
        snprintf(out, MINIORM__PG_VERB_SIZE, "COMMIT");
    else if (verb == MINIORM__ROLLBACK)
        snprintf(out, MINIORM__PG_VERB_SIZE, "ROLLBACK");
    else
        snprintf(out, MINIORM__PG_VERB_SIZE, "%s miniorm_%u", words[verb], savepoint);
}

bool miniorm__pg_rolled_back(PGresult *answer)
{
    return strcmp(PQcmdStatus(answer), "ROLLBACK") == 0;
}
