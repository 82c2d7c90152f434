/*
 * The app "demo": authors, books and their categories.
 */
#ifndef APPS_DEMO_ROUTES_H
#define APPS_DEMO_ROUTES_H

#include <baseapi/app.h>

enum baseapi_status demo_routes_add(struct baseapi_app *app, struct baseapi_error *error);

#endif
