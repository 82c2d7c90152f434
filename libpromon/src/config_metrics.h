/*
 * Metrics of a configuration: probes, as plans for the engine.
 */
#ifndef PROMON_SRC_CONFIG_METRICS_H
#define PROMON_SRC_CONFIG_METRICS_H

#include "check.h"
#include "config_draft.h"
#include "fingerprint.h"

struct promon__plans {
    struct promon__plan **items;
    size_t count;
};

/* *out is freed by promon__plans_free, unless somebody has taken the items and it is emptied. */
enum promon_status promon__config_plans(struct promon *promon, const struct promon__draft *draft,
                                        const struct promon__fingerprint_key *key,
                                        struct promon__plans *out, struct promon_error *error);
void promon__plans_free(struct promon__plans *plans);

#endif
