/*
 * Drafts: the text of a configuration to settings and to what is read later, probes and pushes.
 *
 * Invariant: settings of a draft are wholly its own, so that they can take the place of others.
 */
#include "config_draft.h"

#include <promon/config.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "config_text.h"
#include "error.h"
#include "read_file.h"

#define KEY(key, as, to)                                                                      \
    {                                                                                         \
        .name = (key), .kind = PROMON__KEY_##as, .offset = offsetof(struct promon__draft, to) \
    }
#define COUNT(key, to)                                                                          \
    {                                                                                           \
        .name = (key), .kind = PROMON__KEY_COUNT, .offset = offsetof(struct promon__draft, to), \
        .minimum = 1                                                                            \
    }
/* What a monitor is made of and keeps. */
#define KEYS_OF_MAKING                                                                          \
    COUNT("workers", settings.workers), COUNT("max_stuck_workers", settings.max_stuck_workers), \
        KEY("process_metrics", SWITCH, settings.process_metrics),                               \
        KEY("created_samples", SWITCH, settings.created_samples)

static const struct promon__key keys_of_making[] = {KEYS_OF_MAKING, {.name = NULL}};

static const struct promon__key listen_keys[] = {
    KEY("address", TEXT, settings.address),
    KEY("port", PORT, settings.listen.port),
    COUNT("threads", settings.listen.threads),
    COUNT("max_connections", settings.listen.max_connections),
    COUNT("max_connections_per_ip", settings.listen.max_connections_per_ip),
    COUNT("idle_timeout", settings.listen.idle_timeout_s),
    {.name = NULL}};

static const struct promon__key keys[] = {
    KEY("route_ping", ROUTE, settings.routes.ping),
    KEY("route_metrics", ROUTE, settings.routes.metrics),
    KEY("route_live", ROUTE, settings.routes.live),
    KEY("route_ready", ROUTE, settings.routes.ready),
    KEY("route_startup", ROUTE, settings.routes.startup),
    KEY("route_status", ROUTE, settings.routes.status),
    KEY("metrics", LIST, metrics),
    {.name = "listen",
     .kind = PROMON__KEY_GROUP,
     .offset = offsetof(struct promon__draft, settings.has_listener),
     .keys = listen_keys},
    KEY("push", ITEMS, push),
    KEY("modules", PATH, settings.modules),
    KEY("health_details", SWITCH, settings.health_details),
    KEY("status_page", SWITCH, settings.status_page),
    KEY("title", TEXT, settings.title),
    KEY("history_file", PATH, settings.history_file),
    KEYS_OF_MAKING,
    {.name = NULL}};

_Static_assert(offsetof(struct promon__draft, settings) == 0,
               "keys compare settings, in a draft or alone");

static enum promon_status begin(const struct promon__settings *base, struct promon__draft *out,
                                struct promon_error *error)
{
    *out = (struct promon__draft){.settings = *base};
    if (!promon__keys_own(keys, out))
        return promon__fail_memory(error);
    out->settings.listen.address = out->settings.address;
    return PROMON_OK;
}

static enum promon_status check_settings(const struct promon__draft *draft,
                                         const struct promon__place *whole,
                                         struct promon_error *error)
{
    struct promon_error inner = PROMON_ERROR_INIT;

    if (promon__settings_check(&draft->settings, &inner) == PROMON_OK)
        return PROMON_OK;
    return promon__wrong_below(whole, &inner, error);
}

/* `out` has its name and folder. */
static enum promon_status read_text(const char *json, size_t size, struct promon__draft *out,
                                    struct promon_error *error)
{
    const struct promon__place whole = {NULL, out->name == NULL ? "" : out->name, 0};
    const struct promon__reading reading = {out->folder, error};
    enum promon_status status = promon__config_parse(json, size, &whole, &out->root, error);

    if (status == PROMON_OK)
        status = promon__keys_read(keys, out->root, &whole, out, &reading);
    out->settings.listen.address = out->settings.address;
    return status == PROMON_OK ? check_settings(out, &whole, error) : status;
}

enum promon_status promon__draft_from_json(const struct promon__settings *base, const char *json,
                                           size_t size, struct promon__draft *out,
                                           struct promon_error *error)
{
    enum promon_status status = begin(base, out, error);

    if (status == PROMON_OK)
        status = read_text(json, size, out, error);
    if (status != PROMON_OK)
        promon__draft_free(out);
    return status;
}

static enum promon_status place_file(const char *path, struct promon__draft *out,
                                     struct promon_error *error)
{
    const char *slash = strrchr(path, '/');

    out->path = strdup(path);
    out->name = strdup(slash == NULL ? path : slash + 1);
    if (slash != NULL)
        out->folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (out->path == NULL || out->name == NULL || (slash != NULL && out->folder == NULL))
        return promon__fail_memory(error);
    return PROMON_OK;
}

enum promon_status promon__draft_from_file(const struct promon__settings *base, const char *path,
                                           struct promon__draft *out, struct promon_error *error)
{
    struct text json = {.size = 0};
    enum promon_status status = begin(base, out, error);

    if (status == PROMON_OK)
        status = place_file(path, out, error);
    if (status == PROMON_OK)
        status = promon__read_file(path, PROMON_MAX_CONFIG_BYTES, PROMON_ENOTFOUND, &json, error);
    if (status == PROMON_OK)
        status = read_text(json.data, json.size, out, error);
    text_free(&json);
    if (status != PROMON_OK)
        promon__draft_free(out);
    return status;
}

void promon__draft_free(struct promon__draft *draft)
{
    promon__keys_free(keys, draft);
    json_decref(draft->root);
    free(draft->path);
    free(draft->name);
    free(draft->folder);
    *draft = (struct promon__draft){.root = NULL};
}

enum promon_status promon__draft_permit(const struct promon__draft *draft,
                                        const struct promon__settings *now, bool is_running,
                                        struct promon_error *error)
{
    const char *key = promon__keys_difference(keys_of_making, &draft->settings, now);

    if (key != NULL)
        return promon__fail(error, PROMON_ESTATE,
                            "%s can be chosen when the monitor is made, and not changed later",
                            key);
    key = is_running ? promon__keys_difference(keys, &draft->settings, now) : NULL;
    if (key != NULL)
        return promon__fail(error, PROMON_ESTATE, "%s cannot be changed while the monitor runs",
                            key);
    return PROMON_OK;
}
