/*
 * Routes of an app: adding them, addresses made from their names, and the handler that lists them.
 */
#include <baseapi/route.h>

#include <string.h>

#include "app_state.h"
#include "error.h"
#include "json_text.h"
#include "request.h"
#include "router.h"

enum baseapi_status baseapi_app_route(struct baseapi_app *app, const char *method,
                                      const char *pattern, baseapi_handler_fn handler, void *data,
                                      struct baseapi_error *error)
{
    const struct baseapi_route table[] = {
        {.method = method, .pattern = pattern, .handler = handler, .data = data},
        {.pattern = NULL},
    };

    if (pattern == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "a route needs a pattern");
    return baseapi_app_routes(app, "", table, error);
}

enum baseapi_status baseapi_app_routes_sized(struct baseapi_app *app, const char *prefix,
                                             const struct baseapi_route *table, size_t row_size,
                                             struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi__app_is_open(app, error);

    if (status != BASEAPI_OK)
        return status;
    return baseapi__router_add(app->router, prefix, table, row_size, error);
}

struct url {
    char *data;
    size_t size;
    size_t limit;
    bool is_full;
};

static void add_char(struct url *url, char c)
{
    if (url->size == url->limit)
        url->is_full = true;
    else
        url->data[url->size++] = c;
}

static void add_text(struct url *url, const char *text)
{
    while (*text != '\0')
        add_char(url, *text++);
}

/* Encodes what is not unreserved (RFC 3986, section 2.3). */
static void add_value(struct url *url, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *value != '\0'; value++) {
        const unsigned char byte = (unsigned char)*value;

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || strchr("-._~", byte) != NULL) {
            add_char(url, *value);
            continue;
        }
        add_char(url, '%');
        add_char(url, digits[byte >> 4]);
        add_char(url, digits[byte & 15]);
    }
}

static const struct route *find_named(const struct baseapi_app *app, const char *name)
{
    const struct route *route = baseapi__router_first(app->router);

    while (route != NULL &&
           (route->declared.name == NULL || strcmp(route->declared.name, name) != 0))
        route = route->next;
    return route;
}

static size_t count_values(const char *const *values)
{
    size_t count = 0;

    while (values != NULL && values[count] != NULL)
        count++;
    return count;
}

enum baseapi_status baseapi_app_route_url(const struct baseapi_app *app, const char *name,
                                          const char *const *values, char *url, size_t size,
                                          struct baseapi_error *error)
{
    const struct route *route = find_named(app, name);
    struct url result = {.data = url, .limit = size == 0 ? 0 : size - 1};
    size_t count;
    size_t i;

    if (route == NULL)
        return baseapi__fail(error, BASEAPI_ENOTFOUND, "no route has the name \"%s\"", name);
    count = baseapi__pattern_parameter_count(route->pattern);
    if (count_values(values) != count)
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s\" has %zu parameters", name,
                             count);
    for (i = 0; i < count; i++) {
        add_text(&result, baseapi__pattern_literal(route->pattern, i));
        add_value(&result, values[i]);
    }
    add_text(&result, baseapi__pattern_literal(route->pattern, count));
    if (result.is_full || size == 0)
        return baseapi__fail(error, BASEAPI_ELIMIT,
                             "the address of route \"%s\" is longer than %zu bytes", name, size);
    url[result.size] = '\0';
    return BASEAPI_OK;
}

static bool is_shown(const struct route *route)
{
    return !(route->declared.flags & BASEAPI_UNLISTED) &&
           strcmp(route->declared.method, "OPTIONS") != 0;
}

void baseapi_list_routes(struct baseapi_request *request, void *data)
{
    const struct baseapi_app *app = baseapi_request_app(request);
    const struct route *route;
    struct text body = {.data = NULL};
    bool is_first = true;

    (void)data;
    text_string(&body, "{\"available_resources\":[");
    for (route = baseapi__router_first(app->router); route != NULL; route = route->next) {
        if (!is_shown(route))
            continue;
        text_string(&body, is_first ? "{\"method\":" : ",{\"method\":");
        baseapi__json_cstring(&body, route->declared.method);
        text_string(&body, ",\"url\":");
        baseapi__json_cstring(&body, baseapi__pattern_plain(route->pattern));
        text_char(&body, '}');
        is_first = false;
    }
    text_string(&body, "]}");
    baseapi__respond_text_take(request, 200, &body);
}
