/*
 * The app "default": the list of everything that can be asked, under "/".
 */
#ifndef APPS_DEFAULT_ROUTES_H
#define APPS_DEFAULT_ROUTES_H

#include <baseapi/app.h>

enum baseapi_status default_routes_add(struct baseapi_app *app, struct baseapi_error *error);

#endif
