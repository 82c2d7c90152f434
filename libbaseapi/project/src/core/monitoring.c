/*
 * Monitoring: one monitor whose pages the app serves. It probes the database; further probes, such
 * as of a broker or of another service, are added where that is.
 */
#include "core/monitoring.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAS_PROMON

#include <miniorm/miniorm.h>
#include <promon/baseapi.h>
#include <promon/miniorm.h>
#include <promon/promon.h>

#include "core/log.h"

struct monitoring {
    struct promon *promon;
    struct promon_miniorm_source sources[2];
};

static void log_line(void *data, enum promon_log_level level, const char *message)
{
    (void)data;
    log_event((int)level, "monitoring", message);
}

static enum promon_reason reason_of(enum miniorm_status status)
{
    switch (status) {
    case MINIORM_EUNAVAILABLE:
    case MINIORM_ECONNECTION: return PROMON_REASON_REFUSED;
    case MINIORM_ETIMEDOUT: return PROMON_REASON_TIMEOUT;
    case MINIORM_EAUTH: return PROMON_REASON_AUTH;
    case MINIORM_ENOMEM:
    case MINIORM_ELIMIT: return PROMON_REASON_INTERNAL;
    default: return PROMON_REASON_STATUS;
    }
}

/* Whoever may open /status reads why; the words of the database, which name hosts, are logged. */
static enum promon_verdict check_database(void *data, int64_t deadline_ns,
                                          struct promon_result *result)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *rows = NULL;

    (void)deadline_ns;
    if (miniorm_run_take(miniorm_database_session(data), miniorm_query_raw("SELECT 1", NULL, 0),
                         &rows, &error) != MINIORM_OK) {
        log_event(2, "monitoring", error.message);
        return promon_result_fail(result, reason_of(error.status), "%s",
                                  miniorm_status_name(error.status));
    }
    miniorm_result_free(rows);
    return PROMON_UP;
}

static enum promon_status probe_database(struct promon *promon, struct miniorm_database *database,
                                         struct promon_error *error)
{
    static const char *const groups[] = {"ready", NULL};
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;

    options.name = "service_database";
    options.description = "The database";
    options.check = check_database;
    options.data = database;
    options.interval_ms = 10000;
    options.timeout_ms = 5000;
    options.groups = groups;
    options.wait_first = true;
    return promon_probe_add(promon, &options, error);
}

static enum promon_status fill(struct monitoring *monitoring, struct baseapi_app *app,
                               struct miniorm_database *database, struct promon_error *error)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_collector *collector;
    enum promon_status status;

    options.log = log_line;
    status = promon_new(&options, &monitoring->promon, error);
    if (status == PROMON_OK)
        status = probe_database(monitoring->promon, database, error);
    monitoring->sources[0].name = "database";
    monitoring->sources[0].database = database;
    if (status == PROMON_OK)
        status = promon_miniorm_export(monitoring->promon, monitoring->sources, &collector, error);
    if (status == PROMON_OK)
        status = promon_baseapi_export(monitoring->promon, app, &collector, error);
    if (status == PROMON_OK)
        status = promon_baseapi_mount(app, monitoring->promon, error);
    if (status == PROMON_OK)
        status = promon_start(monitoring->promon, error);
    return status;
}

struct monitoring *monitoring_open(struct baseapi_app *app, struct miniorm_database *database)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct monitoring *monitoring = calloc(1, sizeof(*monitoring));

    if (monitoring != NULL && fill(monitoring, app, database, &error) == PROMON_OK)
        return monitoring;
    fprintf(stderr, "monitoring: %s\n", error.message);
    monitoring_close(monitoring);
    return NULL;
}

void monitoring_close(struct monitoring *monitoring)
{
    if (monitoring == NULL)
        return;
    promon_free(monitoring->promon);
    free(monitoring);
}

#else

struct monitoring {
    int nothing;
};

struct monitoring *monitoring_open(struct baseapi_app *app, struct miniorm_database *database)
{
    (void)app;
    (void)database;
    return calloc(1, sizeof(struct monitoring));
}

void monitoring_close(struct monitoring *monitoring)
{
    free(monitoring);
}

#endif
