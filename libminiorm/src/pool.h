/*
 * Pool: the connections of a database on which threads wait for answers. Any thread.
 */
#ifndef MINIORM_SRC_POOL_H
#define MINIORM_SRC_POOL_H

#include <miniorm/database.h>

#include "driver.h"

struct miniorm__pool;

/* Makes a pool without connections. */
enum miniorm_status miniorm__pool_new(struct miniorm_database *database, struct miniorm__pool **out,
                                      struct miniorm_error *error);

/* Opens connections up to pool_min. */
enum miniorm_status miniorm__pool_fill(struct miniorm__pool *pool, struct miniorm_error *error);

/*
 * Gets a connection of one's own, in the order of asking; `deadline_ms` (0: none) may shorten
 * acquire_timeout_ms.
 */
enum miniorm_status miniorm__pool_acquire(struct miniorm__pool *pool, uint64_t deadline_ms,
                                          struct miniorm__connection **out,
                                          struct miniorm_error *error);

/* Gives a connection back; it is closed unless the driver says that it can be used again. */
void miniorm__pool_release(struct miniorm__pool *pool, struct miniorm__connection *connection);

/* Gives a connection back to be closed. */
void miniorm__pool_discard(struct miniorm__pool *pool, struct miniorm__connection *connection);

/*
 * Closes the idle connections, so that the next one is new: when one turned out to be broken, the
 * others probably are.
 */
void miniorm__pool_forget_idle(struct miniorm__pool *pool);

void miniorm__pool_figures(struct miniorm__pool *pool, struct miniorm_pool_stats *out);

/* Closes everything; no connection is out any more. NULL is allowed. */
void miniorm__pool_free(struct miniorm__pool *pool);

#endif
