/*
 * Badges: small SVG pictures of one figure of a probe, for pages of others.
 */
#ifndef PROMON_SRC_BADGE_H
#define PROMON_SRC_BADGE_H

#include "respond.h"
#include "text.h"

/* A badge of two fields; `colour` is that of the second, as SVG names it. */
void promon__badge_write(struct text *out, const char *label, const char *value,
                         const char *colour);

/* `rest` is "PROBE/state.svg", "PROBE/uptime.svg" or "PROBE/latency.svg". */
enum promon_status promon__badge_page(const struct promon__asked *asked, struct promon_page *page,
                                      struct promon_error *error);

#endif
