/*
 * Settings: options to checked values of the monitor's own.
 *
 * Order: from options, check, free; a configuration sets members in between.
 * Invariant: strings are never NULL but history_file, and all are the settings'.
 */
#include "settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "module_folder.h"
#include "options.h"
#include "utf8.h"

enum {
    DEFAULT_THREADS = 2,
    MAX_THREADS = 64,
    DEFAULT_CONNECTIONS = 64,
    MAX_CONNECTIONS = 65536,
    DEFAULT_CONNECTIONS_PER_IP = 32,
    DEFAULT_IDLE_S = 15,
    MAX_IDLE_S = 3600,
    DEFAULT_WORKERS = 16,
    MAX_WORKERS = 1024,
    DEFAULT_STUCK = 64,
    MAX_STUCK = 1024,
    MAX_PORT = 65535,
    MAX_PATH_BYTES = 256
};

/* Each route with its name and its default. */
static const struct route {
    const char *name, *otherwise;
    size_t given, kept; /* offsets */
} routes[] = {
#define ROUTE(name, otherwise)                                  \
    {                                                           \
#name, otherwise, offsetof(struct promon_routes, name), \
            offsetof(struct promon__routes, name)               \
    }
    ROUTE(ping, "/ping"),    ROUTE(metrics, "/metrics"),  ROUTE(live, "/livez"),
    ROUTE(ready, "/readyz"), ROUTE(startup, "/startupz"), ROUTE(status, "/status"),
#undef ROUTE
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

static unsigned given_or(unsigned given, unsigned otherwise)
{
    return given == 0 ? otherwise : given;
}

/* Whether it could be copied. */
static bool copy_string(char **out, const char *given, const char *otherwise)
{
    *out = strdup(given == NULL ? otherwise : given);
    return *out != NULL;
}

static char **kept_route(struct promon__settings *settings, size_t i)
{
    return (char **)(void *)((char *)&settings->routes + routes[i].kept);
}

static const char *route_of(const struct promon__settings *settings, size_t i)
{
    return *(char *const *)(const void *)((const char *)&settings->routes + routes[i].kept);
}

static bool copy_routes(struct promon__settings *settings, const struct promon_routes *given)
{
    size_t i;

    for (i = 0; i < ROUTES; i++) {
        const char *path =
            *(const char *const *)(const void *)((const char *)given + routes[i].given);

        if (!copy_string(kept_route(settings, i), path, routes[i].otherwise))
            return false;
    }
    return true;
}

static bool copy_strings(struct promon__settings *settings, const struct promon_options *options,
                         const struct promon_listen_options *listen)
{
    return copy_routes(settings, &options->routes) &&
           copy_string(&settings->address, listen->address, "127.0.0.1") &&
           copy_string(&settings->modules, options->modules, promon__module_folder()) &&
           copy_string(&settings->title, options->title, "Status") &&
           (options->history_file == NULL ||
            copy_string(&settings->history_file, options->history_file, NULL));
}

static void take_listen(struct promon__settings *settings,
                        const struct promon_listen_options *listen)
{
    settings->listen = *listen;
    settings->listen.address = settings->address;
    if (listen->port == 0)
        settings->listen.port = PROMON_DEFAULT_PORT;
    settings->listen.threads = given_or(listen->threads, DEFAULT_THREADS);
    settings->listen.max_connections = given_or(listen->max_connections, DEFAULT_CONNECTIONS);
    settings->listen.max_connections_per_ip =
        given_or(listen->max_connections_per_ip, DEFAULT_CONNECTIONS_PER_IP);
    settings->listen.idle_timeout_s = given_or(listen->idle_timeout_s, DEFAULT_IDLE_S);
}

enum promon_status promon__settings_from_options(const struct promon_options *options,
                                                 struct promon__settings *out,
                                                 struct promon_error *error)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    enum promon_status status =
        promon__options_copy(&listen, sizeof(listen), options->listen, "options.listen", error);

    if (status != PROMON_OK)
        return status;
    *out = (struct promon__settings){.has_listener = options->listen != NULL,
                                     .process_metrics = !options->no_process_metrics,
                                     .health_details = options->health_details,
                                     .status_page = !options->no_status_page,
                                     .created_samples = options->created_samples};
    out->workers = given_or(options->workers, DEFAULT_WORKERS);
    out->max_stuck_workers = given_or(options->max_stuck_workers, DEFAULT_STUCK);
    if (!copy_strings(out, options, &listen)) {
        promon__settings_free(out);
        return promon__fail_memory(error);
    }
    take_listen(out, &listen);
    return PROMON_OK;
}

/* Bytes that stand in a path as they are. */
static bool is_path(const char *text)
{
    const char *c;

    if (text[0] != '/' || strlen(text) > MAX_PATH_BYTES)
        return false;
    for (c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("?#%\"<>\\^`{|}", *c) != NULL)
            return false;
    }
    return true;
}

/* Whether a path is one of those that stand below the status page's own. */
static bool is_below_status(const struct promon__settings *settings, const char *path)
{
    const char *status = settings->routes.status;
    const size_t size = strlen(status);

    return size > 0 && strncmp(path, status, size) == 0 &&
           (path[size] == '/' || strcmp(path + size, ".json") == 0);
}

static enum promon_status check_route(const struct promon__settings *settings, size_t i,
                                      struct promon_error *error)
{
    const char *path = route_of(settings, i);
    size_t other;

    if (path[0] == '\0')
        return PROMON_OK;
    if (!is_path(path))
        return promon__fail(error, PROMON_EINVALID,
                            "route_%s: \"%s\" is no path: it begins with '/' and has at most %d "
                            "letters, digits and -._~!$&'()*+,;=:@/",
                            routes[i].name, path, MAX_PATH_BYTES);
    if (is_below_status(settings, path))
        return promon__fail(error, PROMON_EINVALID,
                            "route_%s: \"%s\" is below that of route_status", routes[i].name, path);
    for (other = 0; other < i; other++) {
        if (strcmp(path, route_of(settings, other)) == 0)
            return promon__fail(error, PROMON_EINVALID, "route_%s: \"%s\" is that of route_%s",
                                routes[i].name, path, routes[other].name);
    }
    return PROMON_OK;
}

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static enum promon_status check_listen(const struct promon__settings *settings,
                                       struct promon_error *error)
{
    const struct promon_listen_options *listen = &settings->listen;
    const struct range {
        const char *name;
        unsigned value, most;
    } ranges[] = {
        {"listen.threads", listen->threads, MAX_THREADS},
        {"listen.max_connections", listen->max_connections, MAX_CONNECTIONS},
        {"listen.max_connections_per_ip", listen->max_connections_per_ip, MAX_CONNECTIONS},
        {"listen.idle_timeout", listen->idle_timeout_s, MAX_IDLE_S},
        {"workers", settings->workers, MAX_WORKERS},
        {"max_stuck_workers", settings->max_stuck_workers, MAX_STUCK}};
    size_t i;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].value > ranges[i].most)
            return promon__fail(error, PROMON_EINVALID, "%s: %u is above %u", ranges[i].name,
                                ranges[i].value, ranges[i].most);
    }
    if (!is_address(listen->address))
        return promon__fail(error, PROMON_EINVALID,
                            "listen.address: \"%s\" is no numeric IPv4 or IPv6 address",
                            listen->address);
    if (listen->port != PROMON_PORT_ANY && (listen->port < 1 || listen->port > MAX_PORT))
        return promon__fail(error, PROMON_EINVALID, "listen.port: %d is not from 1 to %d",
                            listen->port, MAX_PORT);
    return PROMON_OK;
}

enum promon_status promon__settings_check(const struct promon__settings *settings,
                                          struct promon_error *error)
{
    enum promon_status status = check_listen(settings, error);
    size_t i;

    for (i = 0; i < ROUTES && status == PROMON_OK; i++)
        status = check_route(settings, i, error);
    if (status == PROMON_OK && !utf8_is_valid(settings->title, strlen(settings->title)))
        return promon__fail(error, PROMON_EINVALID, "title: is not UTF-8");
    if (status == PROMON_OK && settings->history_file != NULL && settings->history_file[0] == '\0')
        return promon__fail(error, PROMON_EINVALID, "history_file: must not be empty");
    return status;
}

const char *promon__settings_route(const struct promon__settings *settings, const char *kind)
{
    size_t i;

    for (i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].name, kind) == 0)
            return route_of(settings, i);
    }
    return NULL;
}

void promon__settings_free(struct promon__settings *settings)
{
    size_t i;

    for (i = 0; i < ROUTES; i++)
        free(*kept_route(settings, i));
    free(settings->address);
    free(settings->modules);
    free(settings->title);
    free(settings->history_file);
    *settings = (struct promon__settings){.workers = 0};
}
