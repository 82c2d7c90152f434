/*
 * What happens when a deadline passes.
 */
#ifndef BASEAPI_SRC_EXPIRY_H
#define BASEAPI_SRC_EXPIRY_H

#include <stdint.h>

struct baseapi_worker;

/* Sets up the worker's lists from the app's options. */
void baseapi__expiry_prepare(struct baseapi_worker *worker);

/* When the next deadline of the worker is due, in its milliseconds, or UINT64_MAX. */
uint64_t baseapi__expiry_next(const struct baseapi_worker *worker);

/* Acts on all that are due. */
void baseapi__expiry_run(struct baseapi_worker *worker);

/*
 * Shortens what idle connections may still wait, and counts those that have sent nothing yet among
 * them.
 */
void baseapi__expiry_drain(struct baseapi_worker *worker);

#endif
