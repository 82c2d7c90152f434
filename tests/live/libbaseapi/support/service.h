/*
 * The library served over HTTP in this process: an app on a port of the kernel's choice over a
 * fresh database of its own, SQLite in a temporary file or a schema of PostgreSQL. GET /statements,
 * which no listing shows, tells how many statements the worker that answers it has submitted.
 */
#ifndef SUPPORT_SERVICE_H
#define SUPPORT_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <baseapi/app.h>
#include <miniorm/miniorm.h>

struct service {
    bool is_postgres;
    unsigned handler_timeout_ms; /* 0: the default */
    struct miniorm_database *database;
    struct miniorm_session *session;
    struct baseapi_app *app;
    unsigned port;
    char folder[64]; /* of the SQLite file */
    char schema[64]; /* of PostgreSQL */
    atomic_ulong n_access; /* lines of the access log */
    atomic_ulong n_errors; /* lines of the error log that somebody has to look at */
    char first_error[512]; /* set with the first of them */
};

/* Opens, fills and serves. `server` is the URL of PostgreSQL, NULL for SQLite. False and a line of
 * output when something fails. */
bool service_start(struct service *service, const char *server);
bool service_start_with(struct service *service, const char *server, unsigned handler_timeout_ms);

/* Stops serving and removes what was made. */
bool service_stop(struct service *service);

/* The rows as they were at first. */
bool service_reset(struct service *service);

#endif
