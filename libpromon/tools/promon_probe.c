/*
 * probe: one run of one probe, and what is known of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "promon_commands.h"

static int exit_status(enum promon_verdict verdict)
{
    switch (verdict) {
    case PROMON_UP: return EXIT_UP;
    case PROMON_DOWN: return EXIT_DOWN;
    case PROMON_ERROR: break;
    }
    return EXIT_UNKNOWN;
}

static void print_note(void *data, const char *line)
{
    (void)data;
    printf("note         %s\n", line);
}

static void print_phase(struct promon *promon, const char *probe, enum promon_phase phase)
{
    const char *const labels[] = {"probe", probe, "phase", promon_phase_name(phase), NULL};
    double seconds;

    if (promon_value(promon, "promon_probe_duration_seconds_sum", labels, &seconds, NULL) ==
        PROMON_OK)
        printf("phase        %s %.3f ms\n", promon_phase_name(phase), seconds * 1000);
}

static void print_phases(struct promon *promon, const char *probe)
{
    int phase;

    for (phase = 0; phase < PROMON_PHASES; phase++)
        print_phase(promon, probe, (enum promon_phase)phase);
}

/* The figures of a check, `key="…",probe="…"` in either order, are told by their key. */
static void print_figure(void *data, const char *name, const char *labels, const char *value)
{
    const char *key = strstr(labels, "key=\"");
    const char *end = key == NULL ? NULL : strchr(key + 5, '"');

    (void)data;
    (void)name;
    if (end != NULL)
        printf("value        %.*s %s\n", (int)(end - key - 5), key + 5, value);
}

static void print_certificate(int64_t not_after_s)
{
    const time_t at = (time_t)not_after_s;
    char text[32] = "?";
    struct tm parts;

    if (not_after_s == 0)
        return;
    if (gmtime_r(&at, &parts) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
    printf("certificate  until %s\n", text);
}

static const char *verdict_name(enum promon_verdict verdict)
{
    switch (verdict) {
    case PROMON_UP: return "up (1)";
    case PROMON_DOWN: return "down (0)";
    case PROMON_ERROR: break;
    }
    return "error (-1)";
}

static void print_result(const char *name, const struct promon_probe_status *status)
{
    printf("probe        %s\n", name);
    printf("result       %s\n", verdict_name(status->verdict));
    if (status->verdict != PROMON_UP)
        printf("reason       %s: %s\n", promon_reason_name(status->reason), status->message);
    printf("duration     %.3f ms\n", (double)status->duration_ns / 1e6);
    print_certificate(status->tls_not_after_s);
}

static int run_probe(struct promon *promon, const struct arguments *arguments)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    const char *name = arguments->words[1];
    enum promon_status ran = promon_probe_trace(
        promon, name, arguments->is_verbose ? print_note : NULL, NULL, &status, &error);

    /* That it did not end in time is its result too. */
    if (ran == PROMON_ETIMEDOUT)
        ran = promon_probe_status(promon, name, &status, &error);
    if (ran != PROMON_OK) {
        complain("%s", error.message);
        return EXIT_UNKNOWN;
    }
    print_result(name, &status);
    if (arguments->is_verbose) {
        print_phases(promon, name);
        (void)visit_samples(promon, "name[]=promon_probe_value", print_figure, NULL);
    }
    return exit_status(status.verdict);
}

int command_probe(const struct arguments *arguments)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon = open_monitor(arguments, &options);
    const int status = promon == NULL ? EXIT_UNKNOWN : run_probe(promon, arguments);

    promon_free(promon);
    return status;
}
