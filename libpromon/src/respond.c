/*
 * Respond: from a path to a page.
 *
 * A path is one of the configured ones, or one below that of health groups or of the status page;
 * paths are compared as they were sent. HEAD is a GET whose body is not sent.
 * Invariant: each request gets an answer; only memory can be short, which is a 500.
 */
#include "respond.h"

#include <string.h>

#include "badge.h"
#include "error.h"
#include "health.h"
#include "monitor.h"
#include "options.h"
#include "page_buffers.h"
#include "status_json.h"
#include "status_page.h"

static enum promon_status ping(const struct promon__asked *asked, struct promon_page *page,
                               struct promon_error *error)
{
    (void)asked;
    return promon__page_text(page, 200, "pong", error);
}

static enum promon_status metrics(const struct promon__asked *asked, struct promon_page *page,
                                  struct promon_error *error)
{
    return promon__expositor_page(asked->promon->expositor, asked->request, page, error);
}

/* Routes with the pages at them, and those below: of all that begins so, or of one ending. */
static const struct place {
    const char *kind;
    const char *below; /* NULL: the path itself */
    bool is_whole; /* nothing may follow `below` */
    promon__page_fn page;
} places[] = {
    {"ping", NULL, true, ping},
    {"metrics", NULL, true, metrics},
    {"live", NULL, true, promon__health_live},
    {"ready", NULL, true, promon__health_ready},
    {"startup", NULL, true, promon__health_startup},
    {"status", NULL, true, promon__status_page},
    {"status", ".json", true, promon__status_json_page},
    {"ready", "/", false, promon__health_ready},
    {"status", "/", false, promon__badge_page},
};

/* A route that ends in '/' has the places below it behind that, as if it was named. */
static const char *below_route(const struct place *place, const char *route)
{
    const bool is_folder = route[strlen(route) - 1] == '/';

    if (!is_folder)
        return place->below;
    return place->is_whole ? "status.json" : "";
}

/* What of the path is behind the place; NULL when it is another one. */
static const char *rest_of(const struct place *place, const char *route, const char *path)
{
    const size_t size = strlen(route);
    const char *below;

    if (size == 0 || strncmp(path, route, size) != 0)
        return NULL;
    path += size;
    if (place->below == NULL)
        return *path == '\0' ? path : NULL;
    below = below_route(place, route);
    if (strncmp(path, below, strlen(below)) != 0)
        return NULL;
    path += strlen(below);
    return (*path == '\0') == place->is_whole ? path : NULL;
}

static promon__page_fn find(struct promon__asked *asked, const char *path)
{
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *rest = rest_of(&places[i], promon_route(asked->promon, places[i].kind), path);

        if (rest != NULL) {
            asked->rest = rest;
            return places[i].page;
        }
    }
    return NULL;
}

static enum promon_status not_found(struct promon_page *page, struct promon_error *error)
{
    return promon__page_text(page, 404, "404: Not Found", error);
}

static enum promon_status not_allowed(struct promon_page *page, struct promon_error *error)
{
    const enum promon_status status =
        promon__page_text(page, 405, "405: Method Not Allowed", error);

    page->allow = "GET, HEAD";
    return status;
}

static enum promon_status answer(struct promon__asked *asked, struct promon_page *page,
                                 struct promon_error *error)
{
    const char *method = asked->request->method != NULL ? asked->request->method : "GET";
    const bool is_head = strcmp(method, "HEAD") == 0;
    const promon__page_fn fill =
        asked->request->path == NULL ? metrics : find(asked, asked->request->path);
    enum promon_status status = PROMON_ENOTFOUND;

    if (fill != NULL && !is_head && strcmp(method, "GET") != 0)
        return not_allowed(page, error);
    if (fill != NULL)
        status = fill(asked, page, error);
    if (status == PROMON_ENOTFOUND)
        status = not_found(page, error);
    page->is_head = is_head;
    return status;
}

/* What is too long to be looked at is as if it was not there. */
static const char *bounded(const char *text)
{
    return text != NULL && strnlen(text, PROMON_MAX_HEADER_BYTES + 1) > PROMON_MAX_HEADER_BYTES
               ? NULL
               : text;
}

enum promon_status promon_respond(struct promon *promon, const struct promon_request *request,
                                  struct promon_page *page, struct promon_error *error)
{
    struct promon_request known = PROMON_REQUEST_INIT;
    struct promon__asked asked = {.promon = promon, .request = &known, .rest = ""};
    enum promon_status status;

    if (page->size < sizeof(*page))
        return promon__fail(error, PROMON_EINVALID, "page: size is not set");
    (void)promon__page_begin(page);
    status = promon__options_copy(&known, sizeof(known), request, "request", error);
    if (status != PROMON_OK)
        return status;
    known.query = bounded(known.query);
    known.accept = bounded(known.accept);
    known.accept_encoding = bounded(known.accept_encoding);
    return answer(&asked, page, error);
}

enum promon_status promon__respond(void *data, const struct promon_request *request,
                                   struct promon_page *page)
{
    return promon_respond(data, request, page, NULL);
}

const char *promon_route(const struct promon *promon, const char *kind)
{
    if (strcmp(kind, "status") == 0 && !promon->settings.status_page)
        return "";
    return promon__settings_route(&promon->settings, kind);
}
