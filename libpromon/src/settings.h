/*
 * Settings: everything a monitor is made of but its probes and pushes, checked, with defaults put
 * in and strings of its own. They come from the options, and what a configuration says wins.
 *
 * Order: from options; changed by a configuration; taken over by the monitor; free.
 */
#ifndef PROMON_SRC_SETTINGS_H
#define PROMON_SRC_SETTINGS_H

#include <promon/monitor.h>
#include <stdbool.h>

/* Paths, never NULL; "" for none. */
struct promon__routes {
    char *ping, *metrics, *live, *ready, *startup, *status;
};

struct promon__settings {
    struct promon__routes routes;
    bool has_listener;
    struct promon_listen_options listen; /* its address is the settings' */
    char *address;
    char *modules; /* folder */
    char *title;
    char *history_file; /* NULL: none */
    unsigned workers, max_stuck_workers;
    bool process_metrics, health_details, status_page, created_samples;
};

/* *out holds nothing that must be freed on failure. */
enum promon_status promon__settings_from_options(const struct promon_options *options,
                                                 struct promon__settings *out,
                                                 struct promon_error *error);

/* Whether all is right together: paths, addresses, numbers; the message tells what is not. */
enum promon_status promon__settings_check(const struct promon__settings *settings,
                                          struct promon_error *error);

/* The path of a kind of page ("ping"), "" when there is none; NULL for another kind. */
const char *promon__settings_route(const struct promon__settings *settings, const char *kind);

void promon__settings_free(struct promon__settings *settings);

#endif
