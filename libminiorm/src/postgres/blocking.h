/*
 * The blocking half of the driver: see struct miniorm__driver.
 */
#ifndef MINIORM_SRC_POSTGRES_BLOCKING_H
#define MINIORM_SRC_POSTGRES_BLOCKING_H

#include "../driver.h"

enum miniorm_status miniorm__pg_connect(struct miniorm_database *database, uint64_t deadline_ms,
                                        struct miniorm__connection **out,
                                        struct miniorm_error *error);
void miniorm__pg_disconnect(struct miniorm__connection *connection);
bool miniorm__pg_is_usable(struct miniorm__connection *connection);
enum miniorm_status miniorm__pg_execute(struct miniorm__connection *connection,
                                        const struct miniorm__operation *operation,
                                        uint64_t deadline_ms, struct miniorm_result **out,
                                        struct miniorm_error *error);
enum miniorm_status miniorm__pg_transact(struct miniorm__connection *connection,
                                         enum miniorm__transaction_verb verb,
                                         const struct miniorm_transaction_options *options,
                                         unsigned level, uint64_t deadline_ms,
                                         struct miniorm_error *error);

#endif
