/*
 * check: whether a configuration is right. Modules are loaded, secrets are read, nothing is
 * connected to.
 */
#include <stdio.h>
#include <string.h>

#include "promon_commands.h"

struct listing {
    unsigned probes;
    bool is_verbose;
};

static void count_probe(void *data, const char *name, const char *labels, const char *interval)
{
    static const char start[] = "probe=\"";
    struct listing *listing = data;

    (void)name;
    listing->probes++;
    /* The only label is the name, which has no '"'. */
    if (listing->is_verbose && strncmp(labels, start, strlen(start)) == 0)
        printf("%.*s every %s s\n", (int)(strlen(labels) - strlen(start) - 1),
               labels + strlen(start), interval);
}

int command_check(const struct arguments *arguments)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct listing listing = {.is_verbose = arguments->is_verbose};
    struct promon *promon = open_monitor(arguments, &options);
    bool is_well;

    if (promon == NULL)
        return EXIT_DOWN;
    is_well = visit_samples(promon, "name[]=promon_probe_interval_seconds", count_probe, &listing);
    promon_free(promon);
    if (!is_well) {
        complain("out of memory");
        return EXIT_DOWN;
    }
    printf("%s: right, %u %s\n", arguments->words[0], listing.probes,
           listing.probes == 1 ? "probe" : "probes");
    return EXIT_UP;
}
