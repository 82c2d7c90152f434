/*
 * The inside of a monitor, for the files that join its parts: monitor.c, config*.c, respond.c,
 * push*.c, plan.c. The parts themselves (registry, expositor, engine, listener) do not know it.
 */
#ifndef PROMON_SRC_MONITOR_H
#define PROMON_SRC_MONITOR_H

#include <promon/monitor.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine.h"
#include "exposition.h"
#include "log.h"
#include "push_metrics.h"
#include "pusher.h"
#include "registry.h"
#include "settings.h"

struct promon__config_state;
struct promon__keeper;
struct promon__listener;

struct promon {
    struct promon__log log;
    struct promon__settings settings;
    struct promon__registry *registry;
    struct promon__expositor *expositor;
    struct promon__engine *engine;
    struct promon__listener *listener; /* NULL: none, or it does not run */
    struct promon__keeper *keeper; /* NULL likewise */
    struct promon__config_state *config;
    struct promon__push_metrics push_metrics;
    struct promon__pushers pushers;
    atomic_uint port; /* of the listener */
    atomic_bool is_running;
    /* Held by start, stop and loads, also while they wait for checks: none may call these. */
    pthread_mutex_t life_lock;
};

#endif
