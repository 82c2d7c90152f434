/*
 * Brings the database to the shape that the models describe.
 */
#ifndef MIGRATIONS_MIGRATIONS_H
#define MIGRATIONS_MIGRATIONS_H

#include <miniorm/miniorm.h>

/*
 * Creates the tables that are missing; safe to call at every start, by several processes at once.
 */
enum miniorm_status migrations_apply(struct miniorm_session *session, struct miniorm_error *error);

#endif
