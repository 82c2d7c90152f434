/*
 * The monitor: puts the parts together and keeps their order of life.
 *
 * Order: registry first and last, because everything counts in it; the engine before a
 * configuration is applied; the listener only while it runs, after the engine and before pushes.
 * Invariant: what does not run has no thread.
 */
#include "monitor.h"

#include <stdlib.h>

#include "config_state.h"
#include "error.h"
#include "keeper.h"
#include "listener.h"
#include "options.h"
#include "respond.h"

static enum promon_status make_parts(struct promon *promon, struct promon_error *error)
{
    const struct promon__settings *settings = &promon->settings;
    const struct promon__engine_options engine = {promon->registry, &promon->log, settings->workers,
                                                  settings->max_stuck_workers};
    enum promon_status status;

    status = promon__expositor_new(promon->registry, settings->created_samples, &promon->expositor,
                                   error);
    if (status == PROMON_OK && settings->process_metrics)
        status = promon__process_metrics_add(promon->registry, error);
    if (status == PROMON_OK)
        status = promon__engine_new(&engine, &promon->engine, error);
    return status;
}

static enum promon_status make(struct promon *promon, const struct promon_options *options,
                               struct promon_error *error)
{
    enum promon_status status = promon__settings_from_options(options, &promon->settings, error);

    if (status == PROMON_OK)
        status = promon__config_open(promon, options, &promon->settings, error);
    if (status == PROMON_OK)
        status = promon__settings_check(&promon->settings, error);
    if (status == PROMON_OK)
        status = promon__registry_new(&promon->registry, error);
    if (status == PROMON_OK)
        status = make_parts(promon, error);
    if (status == PROMON_OK)
        status = promon__config_apply(promon, error);
    if (status == PROMON_OK && promon->settings.history_file != NULL)
        promon__engine_load_histories(promon->engine, promon->settings.history_file);
    return status;
}

static void take_log(struct promon__log *log, const struct promon_options *options)
{
    log->log = options->log;
    log->data = options->log_data;
    log->level = options->log_level == 0 ? PROMON_LOG_INFO : options->log_level;
}

enum promon_status promon_new(const struct promon_options *options, struct promon **out,
                              struct promon_error *error)
{
    struct promon_options known = PROMON_OPTIONS_INIT;
    struct promon *promon;
    enum promon_status status;

    status = promon__options_copy(&known, sizeof(known), options, "options", error);
    if (status != PROMON_OK)
        return status;
    promon = calloc(1, sizeof(*promon));
    if (promon == NULL)
        return promon__fail_memory(error);
    pthread_mutex_init(&promon->life_lock, NULL);
    pthread_mutex_init(&promon->push_metrics.lock, NULL);
    pthread_mutex_init(&promon->pushers.lock, NULL);
    take_log(&promon->log, &known);
    status = make(promon, &known, error);
    if (status == PROMON_OK)
        *out = promon;
    else
        promon_free(promon);
    return status;
}

void promon_free(struct promon *promon)
{
    if (promon == NULL)
        return;
    if (promon_is_running(promon))
        (void)promon_stop(promon, NULL);
    if (promon->config != NULL)
        promon__config_close(promon);
    if (promon->engine != NULL)
        promon__engine_free(promon->engine);
    if (promon->expositor != NULL)
        promon__expositor_free(promon->expositor);
    if (promon->registry != NULL)
        promon__registry_free(promon->registry);
    promon__settings_free(&promon->settings);
    pthread_mutex_destroy(&promon->pushers.lock);
    pthread_mutex_destroy(&promon->push_metrics.lock);
    pthread_mutex_destroy(&promon->life_lock);
    free(promon);
}

static void save_histories(void *data)
{
    struct promon *promon = data;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__engine_save_histories(promon->engine, promon->settings.history_file, &error) !=
        PROMON_OK)
        promon__log(&promon->log, PROMON_LOG_ERROR, "%s", error.message);
}

static enum promon_status start_listener(struct promon *promon, struct promon_error *error)
{
    enum promon_status status;

    if (!promon->settings.has_listener)
        return PROMON_OK;
    status = promon__listener_start(&promon->settings.listen, promon__respond, promon,
                                    &promon->listener, error);
    if (status == PROMON_OK)
        atomic_store(&promon->port, promon__listener_port(promon->listener));
    return status;
}

static enum promon_status start_keeper(struct promon *promon, struct promon_error *error)
{
    if (promon->settings.history_file == NULL)
        return PROMON_OK;
    return promon__keeper_start(save_histories, promon, &promon->keeper, error);
}

/* Nobody is answered by what does not run any more; last pushes take as long as last checks. */
static void stop_parts(struct promon *promon)
{
    promon__config_end(promon);
    promon__listener_stop(promon->listener);
    promon->listener = NULL;
    promon__engine_stop(promon->engine);
    promon__config_await(promon);
    promon__keeper_stop(promon->keeper);
    promon->keeper = NULL;
}

/* The listener first: a port that is taken is known before a probe has run. */
static enum promon_status start_parts(struct promon *promon, struct promon_error *error)
{
    enum promon_status status = start_listener(promon, error);

    if (status == PROMON_OK)
        status = promon__engine_start(promon->engine, error);
    if (status == PROMON_OK)
        status = start_keeper(promon, error);
    if (status == PROMON_OK)
        status = promon__config_start(promon, error);
    if (status != PROMON_OK)
        stop_parts(promon);
    return status;
}

enum promon_status promon_start(struct promon *promon, struct promon_error *error)
{
    enum promon_status status;

    pthread_mutex_lock(&promon->life_lock);
    if (promon_is_running(promon))
        status = promon__fail(error, PROMON_ESTATE, "the monitor runs already");
    else
        status = start_parts(promon, error);
    if (status == PROMON_OK)
        atomic_store(&promon->is_running, true);
    pthread_mutex_unlock(&promon->life_lock);
    return status;
}

enum promon_status promon_stop(struct promon *promon, struct promon_error *error)
{
    enum promon_status status = PROMON_OK;

    pthread_mutex_lock(&promon->life_lock);
    if (promon_is_running(promon)) {
        stop_parts(promon);
        atomic_store(&promon->is_running, false);
    } else {
        status = promon__fail(error, PROMON_ESTATE, "the monitor does not run");
    }
    pthread_mutex_unlock(&promon->life_lock);
    return status;
}

bool promon_is_running(const struct promon *promon)
{
    return atomic_load(&promon->is_running);
}

unsigned promon_port(const struct promon *promon)
{
    return atomic_load(&promon->port);
}

void promon_after_fork(struct promon *promon)
{
    /* Threads are not copied by fork: what belonged to them is left where it is. */
    promon__listener_after_fork(promon->listener);
    promon->listener = NULL;
    promon->keeper = NULL;
    atomic_store(&promon->port, 0);
    pthread_mutex_init(&promon->life_lock, NULL);
    pthread_mutex_init(&promon->push_metrics.lock, NULL);
    atomic_store(&promon->is_running, false);
    promon__registry_after_fork(promon->registry);
    promon__expositor_after_fork(promon->expositor);
    promon__engine_after_fork(promon->engine);
    promon__pushers_after_fork(&promon->pushers);
}
