/*
 * The app: settings, database, middlewares and routes put together.
 */
#ifndef CORE_APP_H
#define CORE_APP_H

#include <baseapi/app.h>
#include <miniorm/database.h>

#include "conf/settings.h"

/* Makes the app. Returns NULL with a message on standard error; free it with baseapi_app_free. */
struct baseapi_app *app_make(const struct settings *settings, struct miniorm_database *database);

#endif
