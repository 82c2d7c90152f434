/*
 * The app inside the library: how the parts that stand on the HTTP layer join its life.
 */
#ifndef BASEAPI_SRC_APP_H
#define BASEAPI_SRC_APP_H

#include <baseapi/app.h>

#include "arena.h"

/*
 * A part of the app. `prepare` runs in baseapi_app_start, before the routes are compiled, and may
 * add routes; it must do nothing the second time an app is started. `release` runs in
 * baseapi_app_free. Either may be NULL.
 */
struct app_part {
    enum baseapi_status (*prepare)(struct baseapi_app *app, void *data,
                                   struct baseapi_error *error);
    void (*release)(void *data);
    void *data;
};

/* Adds a part; parts prepare in the order added and are released in reverse. */
enum baseapi_status baseapi__app_add_part(struct baseapi_app *app, const struct app_part *part,
                                          struct baseapi_error *error);

/* Memory that lives as long as the app; for declarations, before it runs. */
struct arena *baseapi__app_arena(struct baseapi_app *app);

/* BASEAPI_OK while declarations may still be added, else BASEAPI_ESTATE with its message. */
enum baseapi_status baseapi__app_is_open(const struct baseapi_app *app,
                                         struct baseapi_error *error);

struct miniorm_database *baseapi__app_database(const struct baseapi_app *app);

bool baseapi__app_is_debug(const struct baseapi_app *app);

void baseapi__app_log(const struct baseapi_app *app, enum baseapi_log_level level,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
