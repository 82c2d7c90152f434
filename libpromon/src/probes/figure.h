/*
 * Figure: the number that a text holds, whatever the locale is.
 */
#ifndef PROMON_SRC_PROBES_FIGURE_H
#define PROMON_SRC_PROBES_FIGURE_H

#include <stdbool.h>

/* The whole text must be one finite number; spaces around it are allowed. */
bool promon__figure_read(const char *text, double *out);

#endif
