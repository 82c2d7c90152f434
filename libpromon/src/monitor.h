/*
 * The inside of a monitor, for the files that join its parts: monitor.c, config*.c, respond.c,
 * push*.c, plan.c. The parts themselves (registry, expositor, engine, listener) do not know it.
 */
#ifndef PROMON_SRC_MONITOR_H
#define PROMON_SRC_MONITOR_H

#include <promon/monitor.h>
#include <pthread.h>
#include <stdbool.h>

#include "engine.h"
#include "exposition.h"
#include "log.h"
#include "registry.h"

struct promon__listener;
struct promon__config_state;

/* Copies of the routes, never NULL; "" for none. */
struct promon__routes {
    char *ping, *metrics, *live, *ready, *startup, *status;
};

struct promon {
    struct promon__log log;
    struct promon__registry *registry;
    struct promon__expositor *expositor;
    struct promon__engine *engine;
    struct promon__listener *listener; /* NULL: none, or not started */
    struct promon_listen_options listen; /* its strings are the monitor's */
    bool has_listener;
    struct promon__routes routes;
    char *modules; /* folder */
    char *title;
    char *history_file; /* NULL: none */
    bool health_details, has_status_page;
    struct promon__config_state *config; /* what was loaded last; config_state.h */
    /* Held by start, stop and loads, never while user code runs but for `open` of modules. */
    pthread_mutex_t life_lock;
    bool is_running;
};

#endif
