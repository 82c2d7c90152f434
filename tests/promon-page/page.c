/*
 * Serves the status page of probes that are up, down, unknown and pending, with a history, until its
 * standard input ends: what the check beside it looks at with a browser.
 */
#include <promon/promon.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool is_over;

static enum promon_verdict up(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    promon_result_certificate(result, INT64_C(4102444800), INT64_C(4102444800), 1);
    return PROMON_UP;
}

static enum promon_verdict down(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    return promon_result_fail(result, PROMON_REASON_CONNECT_TIMEOUT,
                              "no answer to <b>hello</b> & \"more\"");
}

static enum promon_verdict unknown(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    return promon_result_fail(result, PROMON_REASON_INTERNAL, "out of descriptors");
}

/* Has no result until the program ends. */
static enum promon_verdict endless(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    (void)result;
    while (!atomic_load(&is_over))
        usleep(10000);
    return PROMON_UP;
}

static const struct kind {
    const char *name, *description, *group;
    promon_check_fn check;
    bool is_run;
} kinds[] = {
    {"shop_database", "The shop's <database>", "ready", up, true},
    {"shop_queue", "Orders", "ready", down, true},
    {"shop_search", "", NULL, unknown, true},
    {"shop_backup", "Backups", NULL, endless, false},
};

static enum promon_status add(struct promon *promon, const struct kind *kind,
                              struct promon_error *error)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    const char *const groups[] = {kind->group, NULL};
    enum promon_status result;

    options.name = kind->name;
    options.description = kind->description;
    options.check = kind->check;
    options.interval_ms = options.timeout_ms = 3600000;
    options.groups = groups;
    result = promon_probe_add(promon, &options, error);
    if (result == PROMON_OK && kind->is_run)
        result = promon_probe_run(promon, kind->name, &status, error);
    return result;
}

/* Without probes for "empty", with those that are up for "up", else with all. */
static bool is_wanted(const struct kind *kind, const char *which)
{
    if (strcmp(which, "up") == 0)
        return kind->check == up;
    return strcmp(which, "all") == 0;
}

/* The listener runs; the probes only as far as they did before. */
static enum promon_status serve(struct promon *promon, const char *which,
                                struct promon_error *error)
{
    enum promon_status status = promon_start(promon, error);
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && status == PROMON_OK; i++) {
        if (is_wanted(&kinds[i], which))
            status = add(promon, &kinds[i], error);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;
    char line[8];

    listen.port = PROMON_PORT_ANY;
    options.listen = &listen;
    options.title = "Shop & <status>";
    if (promon_new(&options, &promon, &error) == PROMON_OK &&
        serve(promon, argc > 1 ? argv[1] : "all", &error) == PROMON_OK) {
        printf("%u\n", promon_port(promon));
        fflush(stdout);
        while (fgets(line, sizeof(line), stdin) != NULL)
            ;
    }
    atomic_store(&is_over, true);
    if (error.status != PROMON_OK)
        fprintf(stderr, "%s\n", error.message);
    promon_free(promon);
    return error.status != PROMON_OK;
}
