/*
 * Monitoring: /metrics, /ping, health and the status page by libpromon. Without that library, which
 * the Makefile looks for, the service runs as well and has none of them.
 */
#ifndef CORE_MONITORING_H
#define CORE_MONITORING_H

#include <baseapi/app.h>
#include <miniorm/database.h>

struct monitoring;

/* Returns NULL with a message on standard error. Everything given is borrowed until the close. */
struct monitoring *monitoring_open(struct baseapi_app *app, struct miniorm_database *database);

/* Before the app is freed. NULL is allowed. */
void monitoring_close(struct monitoring *monitoring);

#endif
