/*
 * Starting and stopping the library. Order: service_start, any number of service_reset,
 * service_stop.
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <baseapi/request.h>
#include <baseapi/response.h>

#include "library.h"

enum { WORKERS = 2, DRAIN_MS = 5000, URL_SIZE = 1024 };

static bool is_good(enum miniorm_status status, const char *what, const struct miniorm_error *error)
{
    if (status != MINIORM_OK)
        fprintf(stderr, "%s: %s: %s\n", what, miniorm_status_name(status), error->message);
    return status == MINIORM_OK;
}

static bool is_served(enum baseapi_status status, const char *what,
                      const struct baseapi_error *error)
{
    if (status != BASEAPI_OK)
        fprintf(stderr, "%s: %s: %s\n", what, baseapi_status_name(status), error->message);
    return status == BASEAPI_OK;
}

static bool execute(struct service *service, const char *format, const char *name)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char sql[128];

    snprintf(sql, sizeof(sql), "%s%s%s", format, name,
             strncmp(format, "DROP", 4) == 0 ? " CASCADE" : "");
    return is_good(
        miniorm_run_take(service->session, miniorm_query_raw(sql, NULL, 0), NULL, &error), sql,
        &error);
}

static bool open_sqlite(struct service *service)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char url[URL_SIZE];

    snprintf(service->folder, sizeof(service->folder), "/tmp/baseapi-api-XXXXXX");
    if (mkdtemp(service->folder) == NULL)
        return false;
    snprintf(url, sizeof(url), "sqlite:%s/database", service->folder);
    if (!is_good(miniorm_database_open(url, NULL, &service->database, &error), url, &error))
        return false;
    service->session = miniorm_database_session(service->database);
    return true;
}

static bool open_postgres(struct service *service, const char *server)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char url[URL_SIZE];

    /* The schema carries the process, so that programs may run side by side. */
    snprintf(service->schema, sizeof(service->schema), "api_%ld", (long)getpid());
    snprintf(url, sizeof(url), "%s%coptions=-csearch_path%%3D%s", server,
             strchr(server, '?') == NULL ? '?' : '&', service->schema);
    if (!is_good(miniorm_database_open(url, NULL, &service->database, &error), server, &error))
        return false;
    service->session = miniorm_database_session(service->database);
    return execute(service, "CREATE SCHEMA ", service->schema);
}

static void on_access(const struct baseapi_access *access, void *data)
{
    struct service *service = data;

    (void)access;
    atomic_fetch_add(&service->n_access, 1);
}

static void on_error(enum baseapi_log_level level, const char *message, void *data)
{
    struct service *service = data;

    if (level != BASEAPI_LOG_ERROR)
        return;
    if (atomic_fetch_add(&service->n_errors, 1) == 0)
        snprintf(service->first_error, sizeof(service->first_error), "%s", message);
}

/* What the worker that answers has submitted to its database so far. */
static void count_statements(struct baseapi_request *request, void *data)
{
    struct miniorm_client_stats stats = {.size = sizeof(stats)};

    (void)data;
    miniorm_client_stats(baseapi_request_database(request), &stats);
    baseapi_respond_json_take(request, 200, json_integer((json_int_t)stats.submitted));
}

static enum baseapi_status add_statements(struct baseapi_app *app, struct baseapi_error *error)
{
    static const struct baseapi_route table[] = {
        {.method = "GET",
         .pattern = "/statements",
         .handler = count_statements,
         .flags = BASEAPI_UNLISTED},
        {.pattern = NULL},
    };

    return baseapi_app_routes(app, "", table, error);
}

static bool serve(struct service *service)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    options.port = BASEAPI_PORT_ANY;
    options.workers = WORKERS;
    options.handler_timeout_ms = service->handler_timeout_ms;
    options.access_log = on_access;
    options.access_log_data = service;
    options.error_log = on_error;
    options.error_log_data = service;
    if (!is_served(baseapi_app_new(&options, &service->app, &error), "new", &error) ||
        !is_served(baseapi_app_set_database(service->app, service->database, &error), "database",
                   &error) ||
        !is_served(library_add(service->app, &error), "resources", &error) ||
        !is_served(add_statements(service->app, &error), "statements", &error) ||
        !is_served(baseapi_app_start(service->app, &error), "start", &error))
        return false;
    service->port = baseapi_app_port(service->app);
    return true;
}

bool service_reset(struct service *service)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    return is_good(library_reset(service->session, &error), "rows", &error);
}

bool service_start(struct service *service, const char *server)
{
    return service_start_with(service, server, 0);
}

bool service_start_with(struct service *service, const char *server, unsigned handler_timeout_ms)
{
    memset(service, 0, sizeof(*service));
    service->handler_timeout_ms = handler_timeout_ms;
    service->is_postgres = server != NULL;
    if (server != NULL ? !open_postgres(service, server) : !open_sqlite(service))
        return false;
    return service_reset(service) && serve(service);
}

static bool remove_folder(const char *folder)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[128];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s/database%s", folder, suffixes[i]);
        unlink(path);
    }
    return rmdir(folder) == 0;
}

bool service_stop(struct service *service)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    bool is_stopped = true;

    if (service->port != 0)
        is_stopped = is_served(baseapi_app_stop(service->app, DRAIN_MS, &error), "stop", &error);
    baseapi_app_free(service->app);
    if (service->is_postgres && service->session != NULL)
        is_stopped = execute(service, "DROP SCHEMA ", service->schema) && is_stopped;
    miniorm_database_close(service->database);
    if (service->folder[0] != '\0')
        is_stopped = remove_folder(service->folder) && is_stopped;
    return is_stopped;
}
