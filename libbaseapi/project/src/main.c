/*
 * The service: reads its settings, opens its logs and its database, and serves until SIGTERM or
 * SIGINT. What is under way then is finished first. SIGHUP opens the log files anew.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <baseapi/baseapi.h>
#include <miniorm/miniorm.h>

#include "conf/settings.h"
#include "core/app.h"
#include "core/database.h"
#include "core/log.h"
#include "core/monitoring.h"

/* Longest wait for requests under way when the service is told to stop. */
#define DRAIN_TIMEOUT_MS 30000

/* Signals are blocked in every thread and taken by main alone, so that nothing has to be
 * async-signal-safe. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

static void wait_for_stop(const sigset_t *signals)
{
    int number;

    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        log_reopen();
}

static int serve(struct baseapi_app *app, const char *host, const sigset_t *signals)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    if (baseapi_app_start(app, &error) != BASEAPI_OK) {
        fprintf(stderr, "start: %s\n", error.message);
        return EXIT_FAILURE;
    }
    printf("serving on http://%s:%u/\n", host, baseapi_app_port(app));
    fflush(stdout);
    wait_for_stop(signals);
    if (baseapi_app_stop(app, DRAIN_TIMEOUT_MS, &error) != BASEAPI_OK) {
        fprintf(stderr, "stop: %s\n", error.message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct miniorm_database *database;
    struct baseapi_app *app = NULL;
    struct monitoring *monitoring = NULL;
    struct settings settings;
    sigset_t signals;
    int result = settings_load(&settings, argc, argv);

    if (result != 0)
        return result > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    block_signals(&signals);
    if (log_open(settings.log_folder) != 0)
        return EXIT_FAILURE;
    database = database_open(&settings);
    if (database != NULL)
        app = app_make(&settings, database);
    if (app != NULL)
        monitoring = monitoring_open(app, database);
    result = monitoring == NULL ? EXIT_FAILURE : serve(app, settings.host, &signals);
    monitoring_close(monitoring);
    baseapi_app_free(app);
    miniorm_database_close(database);
    log_close();
    return result;
}
