/*
 * Routes of the app "demo". A view brings its own path; routes with handlers of their own would be
 * added here with baseapi_app_routes, as in the app "default".
 */
#include "apps/demo/routes.h"

#include <baseapi/resource.h>

#include "apps/demo/views.h"

enum baseapi_status demo_routes_add(struct baseapi_app *app, struct baseapi_error *error)
{
    enum baseapi_status status = baseapi_app_add(app, &authors_view, error);

    if (status == BASEAPI_OK)
        status = baseapi_app_add(app, &books_view, error);
    if (status == BASEAPI_OK)
        status = baseapi_app_add(app, &categories_view, error);
    return status;
}
