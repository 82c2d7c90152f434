/*
 * run: a configuration as an exporter.
 *
 * Signals are waited for by the main thread and blocked in all others, which inherit its mask.
 */
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "promon_commands.h"

enum { ADDRESS_BYTES = 64 };

static const char *level_name(enum promon_log_level level)
{
    switch (level) {
    case PROMON_LOG_ERROR: return "error";
    case PROMON_LOG_WARNING: return "warning";
    case PROMON_LOG_INFO: return "info";
    case PROMON_LOG_DEBUG: break;
    }
    return "debug";
}

/* Time in UTC, level, message: one write for one line, whatever thread it is. */
static void write_log(void *data, enum promon_log_level level, const char *message)
{
    const time_t now = time(NULL);
    char at[32] = "";
    struct tm parts;

    (void)data;
    if (gmtime_r(&now, &parts) != NULL)
        strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(stderr, "%s %s %s\n", at, level_name(level), message);
}

/* "127.0.0.1:9464", "[::1]:9464", ":9464"; whether it is one of them. */
static bool take_address(const char *text, char address[ADDRESS_BYTES],
                         struct promon_listen_options *out)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    char *end;
    long port;

    if (colon == NULL || size >= ADDRESS_BYTES || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtol(colon + 1, &end, 10);
    if (*end != '\0' || port > 65535)
        return false;
    if (size >= 2 && text[0] == '[' && colon[-1] == ']') {
        text++;
        size -= 2;
    }
    memcpy(address, text, size);
    address[size] = '\0';
    out->address = size == 0 ? NULL : address;
    out->port = port == 0 ? PROMON_PORT_ANY : (int)port;
    return true;
}

/* The configuration's words win, and --listen must not be passed over in silence. */
static bool says_where_to_listen(const char *path)
{
    json_t *root = json_load_file(path, 0, NULL);
    const bool says = json_object_get(root, "listen") != NULL;

    json_decref(root);
    return says;
}

/* Until the program is to end. */
static void obey_signals(struct promon *promon, const sigset_t *signals)
{
    int number = 0;

    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        (void)promon_reload(promon, NULL); /* how it went is in the log */
}

static int serve(struct promon *promon, const sigset_t *signals)
{
    struct promon_error error = PROMON_ERROR_INIT;
    char line[64] = "running without a listener";

    if (promon_start(promon, &error) != PROMON_OK) {
        complain("%s", error.message);
        return EXIT_DOWN;
    }
    if (promon_port(promon) != 0)
        snprintf(line, sizeof(line), "answering on port %u", promon_port(promon));
    write_log(NULL, PROMON_LOG_INFO, line);
    obey_signals(promon, signals);
    write_log(NULL, PROMON_LOG_INFO, "stopping");
    (void)promon_stop(promon, NULL);
    return EXIT_UP;
}

static void block_signals(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGHUP);
    sigaddset(out, SIGTERM);
    sigaddset(out, SIGINT);
    pthread_sigmask(SIG_BLOCK, out, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int command_run(const struct arguments *arguments)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    char address[ADDRESS_BYTES];
    struct promon *promon;
    sigset_t signals;
    int status;

    if (arguments->listen != NULL && !take_address(arguments->listen, address, &listen)) {
        complain("run: --listen takes ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464");
        return EXIT_USAGE;
    }
    if (arguments->listen != NULL && says_where_to_listen(arguments->words[0])) {
        complain("run: %s has \"listen\" itself, --listen is too much", arguments->words[0]);
        return EXIT_USAGE;
    }
    block_signals(&signals);
    options.listen = &listen;
    options.log = write_log;
    options.log_level = arguments->is_verbose ? PROMON_LOG_DEBUG : PROMON_LOG_INFO;
    promon = open_monitor(arguments, &options);
    status = promon == NULL ? EXIT_DOWN : serve(promon, &signals);
    promon_free(promon);
    return status;
}
