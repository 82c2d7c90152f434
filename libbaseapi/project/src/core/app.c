/*
 * The app: settings, database, middlewares and routes put together.
 */
#include "core/app.h"

#include <stdio.h>

#include "core/log.h"
#include "core/middlewares.h"
#include "core/routes.h"

static enum baseapi_status fill(struct baseapi_app *app, struct miniorm_database *database,
                                struct baseapi_error *error)
{
    enum baseapi_status status = baseapi_app_set_database(app, database, error);

    if (status == BASEAPI_OK)
        status = middlewares_add(app, error);
    if (status == BASEAPI_OK)
        status = routes_add(app, error);
    return status;
}

struct baseapi_app *app_make(const struct settings *settings, struct miniorm_database *database)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct baseapi_app *app = NULL;

    options.address = settings->host;
    options.port = settings->port == 0 ? BASEAPI_PORT_ANY : settings->port;
    options.workers = settings->workers;
    options.debug = settings->debug;
    options.access_log = log_access;
    options.error_log = log_error;
    if (baseapi_app_new(&options, &app, &error) == BASEAPI_OK &&
        fill(app, database, &error) == BASEAPI_OK)
        return app;
    fprintf(stderr, "app: %s\n", error.message);
    baseapi_app_free(app);
    return NULL;
}
