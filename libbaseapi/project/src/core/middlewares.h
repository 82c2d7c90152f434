/*
 * What happens around every request of the service.
 */
#ifndef CORE_MIDDLEWARES_H
#define CORE_MIDDLEWARES_H

#include <baseapi/app.h>

enum baseapi_status middlewares_add(struct baseapi_app *app, struct baseapi_error *error);

#endif
