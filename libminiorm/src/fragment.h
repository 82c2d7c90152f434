/*
 * Fragments: program text that becomes part of a statement.
 */
#ifndef MINIORM_SRC_FRAGMENT_H
#define MINIORM_SRC_FRAGMENT_H

#include "sql.h"

enum miniorm__fragment_kind {
    MINIORM__FRAGMENT_PART = 1, /* of a statement: parentheses match, no semicolon */
    MINIORM__FRAGMENT_STATEMENT = 2 /* the whole of one; one semicolon may end it */
};

/*
 * Writes program text with its $1, $2… renumbered to the statement's own parameters. Text in
 * quotes, dollar quotes and comments is left alone, as the database reads it.
 *
 * Errors:  MINIORM_EINVALID  a number without a value or a value without a number, a quote or
 *          comment that does not end, parentheses that do not match, several statements,
 *          placeholders of another kind, a statement that begins or ends a transaction.
 */
void miniorm__fragment_write(struct miniorm__sql *sql, const struct miniorm__raw *raw,
                             enum miniorm__fragment_kind kind);

#endif
