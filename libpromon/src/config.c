/*
 * Configuration: what was read becomes what runs, wholly or not at all.
 *
 * Order: open reads, apply takes; loads do both at once while the monitor lives.
 * Invariant: probes, pushes and settings are always those of one configuration; whatever can fail
 * comes before the first of them is touched.
 */
#include <promon/cell.h>
#include <promon/config.h>
#include <promon/metric.h>
#include <stdlib.h>
#include <string.h>

#include "config_draft.h"
#include "config_metrics.h"
#include "config_push.h"
#include "config_state.h"
#include "error.h"
#include "fingerprint.h"
#include "monitor.h"

struct promon__config_state {
    struct promon__settings base; /* of the options alone: what each configuration changes */
    struct promon__fingerprint_key key;
    struct promon__draft pending; /* between open and apply */
    bool has_pending;
    char *path; /* of the file that was taken last; NULL: none */
    struct promon__pushes pushes;
    struct promon_cell *successful, *timestamp; /* NULL before the first load */
};

static enum promon_status read_options(struct promon__config_state *state,
                                       const struct promon_options *options,
                                       struct promon_error *error)
{
    enum promon_status status;

    if (options->config_file != NULL && options->config_json != NULL)
        return promon__fail(error, PROMON_EINVALID,
                            "config_file and config_json are given both: one of them");
    if (options->config_file == NULL && options->config_json == NULL)
        return PROMON_OK;
    if (options->config_file != NULL)
        status =
            promon__draft_from_file(&state->base, options->config_file, &state->pending, error);
    else
        status = promon__draft_from_json(&state->base, options->config_json,
                                         strlen(options->config_json), &state->pending, error);
    state->has_pending = status == PROMON_OK;
    return status;
}

static void swap_settings(struct promon__settings *one, struct promon__settings *other)
{
    const struct promon__settings kept = *one;

    *one = *other;
    *other = kept;
}

/* The file of a draft that was taken is the one to read again; a text changes nothing there. */
static void take_path(struct promon__config_state *state, struct promon__draft *draft)
{
    if (draft->path == NULL)
        return;
    free(state->path);
    state->path = draft->path;
    draft->path = NULL;
}

enum promon_status promon__config_open(struct promon *promon, const struct promon_options *options,
                                       struct promon__settings *settings,
                                       struct promon_error *error)
{
    struct promon__config_state *state = calloc(1, sizeof(*state));
    enum promon_status status;

    if (state == NULL)
        return promon__fail_memory(error);
    promon->config = state;
    if (!promon__fingerprint_key_make(&state->key))
        return promon__fail(error, PROMON_ERESOURCES, "no random numbers to be had");
    status = promon__settings_from_options(options, &state->base, error);
    if (status == PROMON_OK)
        status = promon__settings_check(&state->base, error);
    if (status == PROMON_OK)
        status = read_options(state, options, error);
    if (status == PROMON_OK && state->has_pending)
        swap_settings(settings, &state->pending.settings);
    return status;
}

/* Probes and pushes of the draft; settings are those of the monitor already. */
static enum promon_status install(struct promon *promon, const struct promon__draft *draft,
                                  struct promon_error *error)
{
    struct promon__config_state *state = promon->config;
    struct promon__plans plans = {.count = 0};
    struct promon__pushes pushes = {.count = 0};
    enum promon_status status = promon__config_plans(promon, draft, &state->key, &plans, error);

    if (status == PROMON_OK)
        status = promon__pushes_prepare(promon, draft, &state->key, &state->pushes, &pushes, error);
    if (status == PROMON_OK) {
        status = promon__engine_replace(promon->engine, plans.items, plans.count, error);
        plans.count = 0;
    }
    if (status == PROMON_OK)
        promon__pushes_keep(&state->pushes, &pushes);
    else
        promon__pushes_drop(&state->pushes, &pushes);
    promon__plans_free(&plans);
    return status;
}

static void add_gauge(struct promon *promon, const char *name, const char *help, const char *unit,
                      struct promon_cell **out)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family;

    options.kind = PROMON_GAUGE;
    options.name = name;
    options.help = help;
    options.unit = unit;
    if (promon__registry_family_add(promon->registry, &options, &family, NULL) == PROMON_OK)
        (void)promon_family_cell(family, NULL, out, NULL);
}

/* How the last load went; a program without a configuration does not have these. */
static void count_load(struct promon *promon, bool is_successful)
{
    struct promon__config_state *state = promon->config;

    if (state->successful == NULL)
        add_gauge(promon, "promon_config_last_reload_successful",
                  "Whether the last configuration that was read is in force.", NULL,
                  &state->successful);
    if (state->timestamp == NULL)
        add_gauge(promon, "promon_config_last_reload_timestamp_seconds",
                  "When the configuration in force was taken.", "seconds", &state->timestamp);
    promon_cell_set(state->successful, is_successful ? 1 : 0);
    if (is_successful)
        promon_cell_set_to_current_time(state->timestamp);
}

enum promon_status promon__config_apply(struct promon *promon, struct promon_error *error)
{
    struct promon__config_state *state = promon->config;
    enum promon_status status;

    if (!state->has_pending)
        return PROMON_OK;
    status = install(promon, &state->pending, error);
    count_load(promon, status == PROMON_OK);
    take_path(state, &state->pending);
    promon__draft_free(&state->pending);
    state->has_pending = false;
    return status;
}

enum promon_status promon__config_start(struct promon *promon, struct promon_error *error)
{
    return promon__pushes_start(&promon->config->pushes, error);
}

void promon__config_end(struct promon *promon)
{
    promon__pushes_end(&promon->config->pushes);
}

void promon__config_await(struct promon *promon)
{
    promon__pushes_await(&promon->config->pushes);
}

void promon__config_close(struct promon *promon)
{
    struct promon__config_state *state = promon->config;

    promon__pushes_free(&state->pushes);
    if (state->has_pending)
        promon__draft_free(&state->pending);
    promon__settings_free(&state->base);
    free(state->path);
    free(state);
    promon->config = NULL;
}

static bool is_same_file(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* A monitor that does not run takes new settings, its probes the history of the new file. */
static enum promon_status install_at_rest(struct promon *promon, struct promon__draft *draft,
                                          struct promon_error *error)
{
    enum promon_status status;

    swap_settings(&promon->settings, &draft->settings);
    status = install(promon, draft, error);
    if (status != PROMON_OK)
        swap_settings(&promon->settings, &draft->settings);
    else if (!is_same_file(promon->settings.history_file, draft->settings.history_file) &&
             promon->settings.history_file != NULL)
        promon__engine_load_histories(promon->engine, promon->settings.history_file);
    return status;
}

static enum promon_status take(struct promon *promon, struct promon__draft *draft,
                               struct promon_error *error)
{
    const bool is_running = promon_is_running(promon);
    enum promon_status status = promon__draft_permit(draft, &promon->settings, is_running, error);

    if (status != PROMON_OK)
        return status;
    /* Settings that stay the same stay in their place: somebody may be asking for pages. */
    if (promon__draft_permit(draft, &promon->settings, true, NULL) != PROMON_OK)
        return install_at_rest(promon, draft, error);
    status = install(promon, draft, error);
    if (status != PROMON_OK || !is_running)
        return status;
    return promon__pushes_start(&promon->config->pushes, error);
}

static void tell(struct promon *promon, const struct promon_error *error)
{
    if (error->status == PROMON_OK)
        promon__log(&promon->log, PROMON_LOG_INFO, "the configuration was loaded");
    else
        promon__log(&promon->log, PROMON_LOG_ERROR, "the configuration stays as it was: %s",
                    error->message);
}

/* `status` and `own` are of reading the draft, which is freed. */
static enum promon_status load(struct promon *promon, struct promon__draft *draft,
                               enum promon_status status, struct promon_error *own,
                               struct promon_error *error)
{
    pthread_mutex_lock(&promon->life_lock);
    if (status == PROMON_OK) {
        status = take(promon, draft, own);
        if (status == PROMON_OK)
            take_path(promon->config, draft);
        promon__draft_free(draft);
    }
    count_load(promon, status == PROMON_OK);
    pthread_mutex_unlock(&promon->life_lock);
    tell(promon, own);
    return status == PROMON_OK ? status : promon__fail_copy(error, own);
}

enum promon_status promon_load_file(struct promon *promon, const char *path,
                                    struct promon_error *error)
{
    struct promon_error own = PROMON_ERROR_INIT;
    struct promon__draft draft;
    enum promon_status status;

    if (path == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_load_file: no path");
    status = promon__draft_from_file(&promon->config->base, path, &draft, &own);
    return load(promon, &draft, status, &own, error);
}

enum promon_status promon_load_json(struct promon *promon, const char *json, size_t size,
                                    struct promon_error *error)
{
    struct promon_error own = PROMON_ERROR_INIT;
    struct promon__draft draft;
    enum promon_status status;

    if (json == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_load_json: no text");
    status = promon__draft_from_json(&promon->config->base, json, size, &draft, &own);
    return load(promon, &draft, status, &own, error);
}

enum promon_status promon_reload(struct promon *promon, struct promon_error *error)
{
    enum promon_status status;
    bool has_path;
    char *path = NULL;

    pthread_mutex_lock(&promon->life_lock);
    has_path = promon->config->path != NULL;
    if (has_path)
        path = strdup(promon->config->path);
    pthread_mutex_unlock(&promon->life_lock);
    if (!has_path)
        return promon__fail(error, PROMON_ESTATE, "no file was loaded that could be read again");
    if (path == NULL)
        return promon__fail_memory(error);
    status = promon_load_file(promon, path, error);
    free(path);
    return status;
}
