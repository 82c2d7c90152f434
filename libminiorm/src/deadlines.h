/*
 * Deadlines: which request of a client must be given up first. A binary heap, in which each request
 * notes its place: a deadline that was kept, as nearly all are, is taken out of the middle.
 */
#ifndef MINIORM_SRC_DEADLINES_H
#define MINIORM_SRC_DEADLINES_H

#include "client_driver.h"

/* Adds a request with its deadline_ms; false: out of memory. */
bool miniorm__deadlines_add(struct miniorm__deadlines *deadlines, struct miniorm_request *request);

/* Takes a request out; one that is not there is left alone. */
void miniorm__deadlines_remove(struct miniorm__deadlines *deadlines,
                               struct miniorm_request *request);

/* The request with the earliest deadline, or NULL. */
struct miniorm_request *miniorm__deadlines_first(const struct miniorm__deadlines *deadlines);

void miniorm__deadlines_free(struct miniorm__deadlines *deadlines);

#endif
