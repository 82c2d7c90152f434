/*
 * Status as JSON: what the status page draws, for others to read. docs/libpromon/status-page.md
 * lists its members.
 */
#ifndef PROMON_SRC_STATUS_JSON_H
#define PROMON_SRC_STATUS_JSON_H

#include <stdint.h>

#include "engine.h"
#include "range.h"
#include "respond.h"
#include "text.h"

/* One probe as a JSON object. */
void promon__status_json_probe(struct text *out, const struct promon__probe_view *view,
                               const struct promon__range *range, int64_t now_s);

/* The whole document. */
void promon__status_json(struct text *out, struct promon *promon, const struct promon__range *range,
                         int64_t now_s);

enum promon_status promon__status_json_page(const struct promon__asked *asked,
                                            struct promon_page *page, struct promon_error *error);

#endif
