/*
 * A monitor of nothing but a registry, and short ways to families and values in it.
 */
#ifndef SUPPORT_COUNTING_H
#define SUPPORT_COUNTING_H

#include <promon/promon.h>

#include "monitor.h"
#include "registry.h"

struct promon *counting_new(void);
void counting_free(struct promon *promon);

/* Adds a family; labels are NULL-terminated, or NULL. */
struct promon_family *counting_family(struct promon *promon, enum promon_kind kind,
                                      const char *name, const char *const *labels);

/* The cell of a family without labels. */
struct promon_cell *counting_cell(struct promon *promon, enum promon_kind kind, const char *name);

/* A value as exposed; -12345 when it is not there. */
double counting_value(struct promon *promon, const char *name, const char *const *labels);

#define COUNTING_ABSENT (-12345.0)

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
