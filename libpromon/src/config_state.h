/*
 * What a monitor knows of its configuration, and how its life touches it.
 *
 * Order: open and apply by promon_new; start, end and await with the monitor; load at any time;
 * close.
 */
#ifndef PROMON_SRC_CONFIG_STATE_H
#define PROMON_SRC_CONFIG_STATE_H

#include <promon/config.h>
#include <promon/monitor.h>

#include "settings.h"

struct promon;
struct promon__config_state; /* the monitor's; freed by close */

/*
 * Reads the configuration that the options name, if any: lets it change `settings` and keeps the
 * rest for apply. Makes promon->config, with or without a configuration.
 */
enum promon_status promon__config_open(struct promon *promon, const struct promon_options *options,
                                       struct promon__settings *settings,
                                       struct promon_error *error);

/* The probes, pushers and metrics of what open has read, once the monitor's parts are there. */
enum promon_status promon__config_apply(struct promon *promon, struct promon_error *error);

/* Begins periodic pushes, ends them, and waits for their end; the monitor's life_lock is held. */
enum promon_status promon__config_start(struct promon *promon, struct promon_error *error);
void promon__config_end(struct promon *promon);
void promon__config_await(struct promon *promon);

void promon__config_close(struct promon *promon);

#endif
