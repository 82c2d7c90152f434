/*
 * libpromon and libbaseapi: the pages of a monitor on an application, and the application's figures
 * as metrics. For programs that use both libraries.
 *
 *     promon_baseapi_mount(app, promon, &error);
 *     promon_baseapi_export(promon, app, &collector, &error);
 *     …
 *     promon_collector_remove(promon, collector);
 *
 * Order: the app is stopped, then the monitor freed (or the collector removed), then the app freed.
 *
 * Metrics:
 *     baseapi_requests_total, baseapi_responses_total{class}, baseapi_requests_cancelled_total
 *     baseapi_connections_total, baseapi_connections_active, baseapi_requests_active
 *     baseapi_refused_total{reason}   malformed, limit, connection, busy
 *     baseapi_timeouts_total{stage}   header, body, handler, send
 */
#ifndef PROMON_BASEAPI_H
#define PROMON_BASEAPI_H

#include <stdio.h>
#include <string.h>

#include <baseapi/app.h>
#include <baseapi/request.h>
#include <baseapi/response.h>
#include <baseapi/route.h>
#include <promon/baseapi_figures.h>
#include <promon/collect.h>
#include <promon/export.h>
#include <promon/page.h>

PROMON_BEGIN_DECLS

/* Room for the path of a page and what may stand below it. */
#define PROMON_BASEAPI_PATTERN_SIZE 320

/* A page as an answer; NULL when memory ran out. */
PROMON_INLINE struct baseapi_response *promon_baseapi_response_(struct baseapi_request *request,
                                                                const struct promon_page *page)
{
    const char *const fields[][2] = {{"Content-Type", page->content_type},
                                     {"Content-Encoding", page->content_encoding},
                                     {"Allow", page->allow},
                                     {"Cache-Control", page->cache_control},
                                     {"Vary", page->vary},
                                     {"Content-Security-Policy", page->security_policy},
                                     {"X-Content-Type-Options", "nosniff"}};
    struct baseapi_response *response = baseapi_response_new(request, (unsigned)page->status);
    enum baseapi_status status = response == NULL ? BASEAPI_ENOMEM : BASEAPI_OK;
    size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && status == BASEAPI_OK; i++) {
        if (fields[i][1][0] != '\0')
            status = baseapi_response_set_header(response, fields[i][0], fields[i][1]);
    }
    if (status == BASEAPI_OK)
        status = baseapi_response_set_body(response, page->body, page->body_size);
    return status == BASEAPI_OK ? response : NULL;
}

/*
 * The handler of all pages; `data` is the monitor. libbaseapi leaves the body of a HEAD out itself.
 * It does not block: pages are made of what is known.
 *
 * Since: 0.1
 */
PROMON_INLINE void promon_baseapi_answer(struct baseapi_request *request, void *data)
{
    struct promon_request asked = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    char path[PROMON_BASEAPI_PATTERN_SIZE];
    const size_t size = strcspn(baseapi_request_path(request), "?");

    if (size >= sizeof(path)) {
        baseapi_respond_status(request, 404);
        return;
    }
    memcpy(path, baseapi_request_path(request), size);
    path[size] = '\0';
    asked.method = baseapi_request_method(request);
    asked.path = path;
    asked.query = baseapi_request_query(request);
    asked.accept = baseapi_request_header(request, "Accept");
    asked.accept_encoding = baseapi_request_header(request, "Accept-Encoding");
    if (promon_respond((struct promon *)data, &asked, &page, NULL) != PROMON_OK)
        baseapi_respond_status(request, 500);
    else
        baseapi_request_respond(request, promon_baseapi_response_(request, &page));
    promon_page_clear(&page);
}

/* Adds the route of a page and of what is below it; none when the page has no path. */
PROMON_INLINE enum baseapi_status promon_baseapi_route_(struct baseapi_app *app,
                                                        struct promon *promon, const char *kind,
                                                        const char *below,
                                                        struct baseapi_error *error)
{
    const char *path = promon_route(promon, kind);
    char pattern[PROMON_BASEAPI_PATTERN_SIZE];
    struct baseapi_route table[2];
    const size_t size = strlen(path);

    if (size == 0)
        return BASEAPI_OK;
    /* Below a path that ends in '/' things are named in full (promon/monitor.h). */
    if (path[size - 1] == '/' && below[0] != '\0')
        snprintf(pattern, sizeof(pattern), "%s%s", path,
                 below[0] == '.' ? "status.json" : below + 1);
    else
        snprintf(pattern, sizeof(pattern), "%s%s", path, below);
    memset(table, 0, sizeof(table));
    table[0].method = "GET";
    table[0].pattern = pattern;
    table[0].handler = promon_baseapi_answer;
    table[0].data = promon;
    table[0].flags = BASEAPI_UNLISTED;
    return baseapi_app_routes(app, "", table, error);
}

/*
 * Adds a route for each page that the monitor has: GET, and HEAD, which the app answers by it. They
 * are not in the listing of routes. The monitor is borrowed while the app runs.
 *
 * Thread:  one thread at a time; before the app starts.
 * Errors:  PROMON_EINVALID  a path is taken by another route of the app; see the message.
 *          PROMON_ESTATE    the app runs.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_INLINE enum promon_status promon_baseapi_mount(struct baseapi_app *app,
                                                      struct promon *promon,
                                                      struct promon_error *error)
{
    static const char *const places[][2] = {
        {"ping", ""},   {"metrics", ""},       {"live", ""},
        {"ready", ""},  {"ready", "/{group}"}, {"startup", ""},
        {"status", ""}, {"status", ".json"},   {"status", "/{probe}/{badge}"}};
    struct baseapi_error failure = BASEAPI_ERROR_INIT;
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        enum baseapi_status status =
            promon_baseapi_route_(app, promon, places[i][0], places[i][1], &failure);

        if (status != BASEAPI_OK)
            return promon_error_set(error,
                                    status == BASEAPI_ENOMEM   ? PROMON_ENOMEM
                                    : status == BASEAPI_ESTATE ? PROMON_ESTATE
                                                               : PROMON_EINVALID,
                                    "%s", failure.message);
    }
    return PROMON_OK;
}

/*
 * Adds the figures of an app to the metrics. The app is borrowed until the collector is removed.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_INLINE enum promon_status promon_baseapi_export(struct promon *promon,
                                                       struct baseapi_app *app,
                                                       struct promon_collector **out,
                                                       struct promon_error *error)
{
    return promon_collector_add(promon, promon_baseapi_collect, app, out, error);
}

PROMON_END_DECLS

#endif
