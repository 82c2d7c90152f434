/*
 * Defaults, the same on every machine. What one machine does differently belongs into
 * settings_local.c.
 */
#include "conf/settings.h"

const struct settings settings_defaults = {
    .host = "127.0.0.1",
    .port = 9000,
    .database_url = "sqlite:service.sqlite",
    .log_folder = "logs",
};
