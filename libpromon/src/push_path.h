/*
 * The path of a group at a Pushgateway: /metrics/job/JOB{/LABEL/VALUE}.
 */
#ifndef PROMON_SRC_PUSH_PATH_H
#define PROMON_SRC_PUSH_PATH_H

#include "text.h"

/* `grouping`: pairs of names and values, NULL-terminated, in the order they are written in. */
void promon__push_path(struct text *out, const char *job, const char *const *grouping);

#endif
