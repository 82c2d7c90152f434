/*
 * All routes of the service.
 */
#ifndef CORE_ROUTES_H
#define CORE_ROUTES_H

#include <baseapi/app.h>

enum baseapi_status routes_add(struct baseapi_app *app, struct baseapi_error *error);

#endif
