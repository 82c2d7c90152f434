/*
 * Engine: the probes of a monitor, the scheduler that runs them, and what is known of each.
 *
 * Order: new; add, remove, replace at any time; start, stop; free.
 * Invariant: the results that others read are copies under a lock that no check ever holds.
 */
#ifndef PROMON_SRC_ENGINE_H
#define PROMON_SRC_ENGINE_H

#include <promon/probe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "history.h"

struct promon;
struct promon__engine;
struct promon__registry;
struct promon__log;

struct promon__engine_options {
    struct promon__registry *registry;
    const struct promon__log *log;
    unsigned workers; /* at most */
    unsigned max_stuck;
};

enum promon_status promon__engine_new(const struct promon__engine_options *options,
                                      struct promon__engine **out, struct promon_error *error);
void promon__engine_free(struct promon__engine *engine);

enum promon_status promon__engine_start(struct promon__engine *engine, struct promon_error *error);
void promon__engine_stop(struct promon__engine *engine);

/* All or none. Takes the plans, also when it fails; not the array. */
enum promon_status promon__engine_add(struct promon__engine *engine, struct promon__plan **plans,
                                      size_t n_plans, struct promon_error *error);
enum promon_status promon__engine_remove(struct promon__engine *engine, const char *name,
                                         struct promon_error *error);

/*
 * Puts `plans` in the place of all configured probes, wholly or not at all; those with the
 * fingerprint of one that is there leave it as it is. Takes the plans, also when it fails.
 */
enum promon_status promon__engine_replace(struct promon__engine *engine,
                                          struct promon__plan **plans, size_t n_plans,
                                          struct promon_error *error);

enum promon_status promon__engine_status(struct promon__engine *engine, const char *name,
                                         struct promon_probe_status *out,
                                         struct promon_error *error);
/* `note` is told the check's notes, on the calling thread; may be NULL. */
enum promon_status promon__engine_run(struct promon__engine *engine, const char *name,
                                      void (*note)(void *data, const char *line), void *note_data,
                                      struct promon_probe_status *out, struct promon_error *error);

/* A probe as pages show it; all borrowed for the visit. */
struct promon__probe_view {
    const char *name, *description, *module; /* module: "" for a function */
    const char *const *groups;
    int64_t interval_ms;
    bool was_up; /* once, since it was added */
    const struct promon_probe_status *status;
    const struct promon__history *history;
};

/* Visits all probes in the order in which they were added, under the engine's lock: be short. */
void promon__engine_visit(struct promon__engine *engine,
                          void (*visit)(void *data, const struct promon__probe_view *view),
                          void *data);

/*
 * The same for `count` of them, from the `first` one on; returns how many there were. For visits
 * that take long, piece by piece: in between, checks go on and probes come and go.
 */
size_t promon__engine_visit_some(struct promon__engine *engine, size_t first, size_t count,
                                 void (*visit)(void *data, const struct promon__probe_view *view),
                                 void *data);

/* How long ago the scheduler turned last; 0 when it does not run. */
int64_t promon__engine_silence_ns(struct promon__engine *engine);

/* Histories from and to a file; what is not there or not readable is logged and left. */
void promon__engine_load_histories(struct promon__engine *engine, const char *path);
enum promon_status promon__engine_save_histories(struct promon__engine *engine, const char *path,
                                                 struct promon_error *error);

void promon__engine_after_fork(struct promon__engine *engine);

#endif
