/*
 * All routes of the service: each app of src/apps adds its own, in this order, which is also the
 * order of the listing under "/".
 */
#include "core/routes.h"

#include "apps/default/routes.h"
#include "apps/demo/routes.h"

enum baseapi_status routes_add(struct baseapi_app *app, struct baseapi_error *error)
{
    enum baseapi_status status = default_routes_add(app, error);

    if (status == BASEAPI_OK)
        status = demo_routes_add(app, error);
    return status;
}
