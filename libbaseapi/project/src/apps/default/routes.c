/*
 * Routes of the app "default".
 */
#include "apps/default/routes.h"

#include <baseapi/route.h>

static const struct baseapi_route routes[] = {
    {.method = "GET", .pattern = "/", .handler = baseapi_list_routes, .name = "routes"},
    {0},
};

enum baseapi_status default_routes_add(struct baseapi_app *app, struct baseapi_error *error)
{
    return baseapi_app_routes(app, "", routes, error);
}
