/*
 * A program outside of the tree: it knows libpromon by its installed headers and pkg-config only. It counts, shows its
 * page, and runs a probe of an installed module, which it finds in the folder of the installation. With arguments it
 * runs a probe of the module that the first names instead, with the parameters, in JSON, that the second gives.
 */
#include <promon/promon.h>
#include <stdio.h>
#include <string.h>

static int fail(const struct promon_error *error)
{
    printf("%s: %s\n", promon_status_name(error->status), error->message);
    return 0;
}

static int count(struct promon *promon, struct promon_error *error)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family;
    struct promon_cell *cell;
    double value = 0;

    options.kind = PROMON_COUNTER;
    options.name = "outside_total";
    if (promon_family_add(promon, &options, &family, error) != PROMON_OK ||
        promon_family_cell(family, NULL, &cell, error) != PROMON_OK)
        return fail(error);
    promon_cell_inc(cell);
    promon_cell_add(cell, 41);
    if (promon_value(promon, "outside_total", NULL, &value, error) != PROMON_OK)
        return fail(error);
    return value == 42;
}

static int probe(struct promon *promon, const char *module, const char *json,
                 struct promon_error *error)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    /* Port 1 of the machine itself: nobody listens there. */
    const struct promon_param params[] = {{"host", "127.0.0.1"}, {"port", "1"}, {NULL, NULL}};

    options.name = "outside_probe";
    options.module = module != NULL ? module : "tcp";
    options.params = module != NULL ? NULL : params;
    options.params_json = json;
    if (promon_probe_add(promon, &options, error) != PROMON_OK ||
        promon_probe_run(promon, "outside_probe", &status, error) != PROMON_OK)
        return fail(error);
    if (module != NULL ? status.verdict == PROMON_UP : status.reason == PROMON_REASON_REFUSED)
        return 1;
    printf("the probe says: %s\n", status.message);
    return 0;
}

int main(int argc, char **argv)
{
    struct promon *promon;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon_new(NULL, &promon, &error) != PROMON_OK)
        return !fail(&error);
    if (!count(promon, &error) ||
        !probe(promon, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL, &error))
        return 1;
    promon_free(promon);
    puts(promon_version());
    return strcmp(promon_version(), PROMON_VERSION) != 0;
}
