/*
 * What happens around every request of the service. A middleware is a constant with a function
 * before and one after; add yours to the list, outermost first.
 */
#include "core/middlewares.h"

#include <stddef.h>

#include <baseapi/middleware.h>
#include <baseapi/response.h>

/* Browsers are not to guess what an answer is. */
static void no_sniffing(struct baseapi_request *request, struct baseapi_response *response,
                        void *data)
{
    (void)request;
    (void)data;
    baseapi_response_set_header(response, "X-Content-Type-Options", "nosniff");
}

static const struct baseapi_middleware middlewares[] = {
    {.name = "no sniffing", .after = no_sniffing},
};

enum baseapi_status middlewares_add(struct baseapi_app *app, struct baseapi_error *error)
{
    enum baseapi_status status = BASEAPI_OK;

    for (size_t i = 0; i < sizeof(middlewares) / sizeof(middlewares[0]) && status == BASEAPI_OK;
         i++)
        status = baseapi_app_use(app, &middlewares[i], error);
    return status;
}
