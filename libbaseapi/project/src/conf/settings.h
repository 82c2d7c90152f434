/*
 * Settings of the service. A value comes from, the last one wins: defaults.c, settings_local.c, the
 * environment, the command line.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>

struct settings {
    const char *host; /* --host, SERVICE_HOST: numeric address to listen on */
    int port; /* --port, SERVICE_PORT */
    unsigned workers; /* --workers: threads; 0: one per core */
    /* DATABASE_URL: postgresql://… or sqlite:PATH. No option: passwords do not belong there. */
    const char *database_url;
    const char *log_folder; /* --logs: where access.log and error.log are written */
    bool debug; /* --debug: a 500 tells its cause to the client; not for production */
};

extern const struct settings settings_defaults;

/* settings_local.c: what this machine does differently. */
void settings_override(struct settings *settings);

/*
 * Fills *settings. Returns 0; 1 when a help text was asked for and printed; -1 when an argument is
 * wrong, which was told on standard error.
 */
int settings_load(struct settings *settings, int argc, char **argv);

#endif
