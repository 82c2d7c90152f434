/*
 * Puts the settings together: defaults, this machine, the environment, the command line.
 */
#include "conf/settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: service [--host ADDRESS] [--port PORT] [--workers N] [--logs FOLDER] [--debug]\n"
    "environment: SERVICE_HOST, SERVICE_PORT, DATABASE_URL\n";

static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                        {"port", required_argument, NULL, 'p'},
                                        {"workers", required_argument, NULL, 'w'},
                                        {"logs", required_argument, NULL, 'l'},
                                        {"debug", no_argument, NULL, 'd'},
                                        {"help", no_argument, NULL, 'u'},
                                        {NULL, 0, NULL, 0}};

/* A decimal number from 0 to `largest`, or -1 with a message. */
static long number(const char *name, const char *text, long largest)
{
    char *end;
    const long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 0 || value > largest) {
        fprintf(stderr, "%s: \"%s\" is not a number from 0 to %ld\n", name, text, largest);
        return -1;
    }
    return value;
}

static int from_environment(struct settings *settings)
{
    const char *value;

    if ((value = getenv("SERVICE_HOST")) != NULL)
        settings->host = value;
    if ((value = getenv("DATABASE_URL")) != NULL)
        settings->database_url = value;
    if ((value = getenv("SERVICE_PORT")) != NULL)
        settings->port = (int)number("SERVICE_PORT", value, 65535);
    return settings->port < 0 ? -1 : 0;
}

static int from_option(struct settings *settings, int option)
{
    long value = 0;

    switch (option) {
    case 'h': settings->host = optarg; break;
    case 'l': settings->log_folder = optarg; break;
    case 'd': settings->debug = true; break;
    case 'p': settings->port = (int)(value = number("--port", optarg, 65535)); break;
    case 'w': settings->workers = (unsigned)(value = number("--workers", optarg, 1024)); break;
    default: return -1;
    }
    return value < 0 ? -1 : 0;
}

int settings_load(struct settings *settings, int argc, char **argv)
{
    int option;

    *settings = settings_defaults;
    settings_override(settings);
    if (from_environment(settings) != 0)
        return -1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'u') {
            fputs(usage, stdout);
            return 1;
        }
        if (from_option(settings, option) != 0)
            return -1;
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return -1;
    }
    return 0;
}
