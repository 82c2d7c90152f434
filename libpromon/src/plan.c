/*
 * Plan: the options of a probe, checked, with defaults put in, and the check that they describe.
 *
 * Messages begin with the option that is wrong; whoever calls tells of which probe.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "error.h"
#include "monitor.h"
#include "options.h"
#include "utf8.h"
#include "wait.h"

enum {
    DEFAULT_INTERVAL_MS = 60000,
    DEFAULT_TIMEOUT_MS = 10000,
    LEAST_INTERVAL_MS = 10,
    MOST_GROUPS = 16,
    MOST_NAME_BYTES = 200 /* longer ones make pages that nobody can read */
};

/* A year, and so far from the end of the clock. */
#define MOST_INTERVAL_MS INT64_C(31536000000)

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

void promon__plan_free(struct promon__plan *plan)
{
    size_t i;

    if (plan == NULL)
        return;
    if (plan->check.close != NULL)
        plan->check.close(plan->check.data);
    for (i = 0; plan->groups != NULL && plan->groups[i] != NULL; i++)
        free(plan->groups[i]);
    free(plan->groups);
    free(plan->fingerprint);
    free(plan->module);
    free(plan->description);
    free(plan->name);
    free(plan);
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

static enum promon_status check_name(const char *name, struct promon_error *error)
{
    if (name == NULL || *name == '\0')
        return promon__fail(error, PROMON_EINVALID, "name: is missing");
    if (strlen(name) > MOST_NAME_BYTES)
        return promon__fail(error, PROMON_EINVALID, "name: is longer than %d characters",
                            MOST_NAME_BYTES);
    if (strchr(DIGITS, *name) != NULL || strspn(name, LETTERS ":" DIGITS) != strlen(name))
        return promon__fail(error, PROMON_EINVALID,
                            "name: is no name of a metric, which has letters, digits, '_' and ':', "
                            "and no digit at its start");
    if (begins_with(name, "promon_") || begins_with(name, "process_"))
        return promon__fail(error, PROMON_EINVALID,
                            "name: those that begin with promon_ and process_ are the library's");
    return PROMON_OK;
}

static enum promon_status check_kind(const struct promon_probe_options *options,
                                     struct promon_error *error)
{
    if ((options->module == NULL) == (options->check == NULL))
        return promon__fail(error, PROMON_EINVALID,
                            "either a module or a check function is to be given");
    if (options->check != NULL && (options->params != NULL || options->params_json != NULL))
        return promon__fail(error, PROMON_EINVALID, "params: only a module takes parameters");
    if (options->params != NULL && options->params_json != NULL)
        return promon__fail(error, PROMON_EINVALID, "params_json: there is a table of params too");
    return PROMON_OK;
}

static enum promon_status check_range(const char *what, int64_t value, int64_t least, int64_t most,
                                      const char *most_name, struct promon_error *error)
{
    if (value < least)
        return promon__fail(error, PROMON_EINVALID, "%s: %lld is less than %lld", what,
                            (long long)value, (long long)least);
    if (value > most)
        return promon__fail(error, PROMON_EINVALID, "%s: %lld is more than %s, %lld", what,
                            (long long)value, most_name, (long long)most);
    return PROMON_OK;
}

static void put_defaults(struct promon_probe_options *options)
{
    if (options->description == NULL)
        options->description = "";
    if (options->interval_ms == 0)
        options->interval_ms = DEFAULT_INTERVAL_MS;
    if (options->timeout_ms == 0)
        options->timeout_ms =
            options->interval_ms < DEFAULT_TIMEOUT_MS ? options->interval_ms : DEFAULT_TIMEOUT_MS;
    if (options->retry_interval_ms == 0)
        options->retry_interval_ms = options->interval_ms;
    if (options->fail_after == 0)
        options->fail_after = 1;
    if (options->ok_after == 0)
        options->ok_after = 1;
}

static enum promon_status check_times(const struct promon_probe_options *options,
                                      struct promon_error *error)
{
    enum promon_status status = check_range("interval_ms", options->interval_ms, LEAST_INTERVAL_MS,
                                            MOST_INTERVAL_MS, "a year", error);

    if (status == PROMON_OK)
        status = check_range("timeout_ms", options->timeout_ms, 1, options->interval_ms,
                             "interval_ms", error);
    if (status == PROMON_OK)
        status = check_range("retry_interval_ms", options->retry_interval_ms, LEAST_INTERVAL_MS,
                             options->interval_ms, "interval_ms", error);
    return status;
}

static enum promon_status check_group(const char *const *groups, size_t index,
                                      struct promon_error *error)
{
    const char *const name = groups[index];
    size_t i;

    if (*name == '\0' || strspn(name, LETTERS DIGITS "-") != strlen(name))
        return promon__fail(error, PROMON_EINVALID,
                            "groups: \"%.60s\" is no name, which has letters, digits, '_' and '-'",
                            name);
    if (strcmp(name, "live") == 0)
        return promon__fail(error, PROMON_EINVALID,
                            "groups: \"live\" has no probes: a process does not get better by a "
                            "restart when what it depends on is down");
    for (i = 0; i < index; i++) {
        if (strcmp(groups[i], name) == 0)
            return promon__fail(error, PROMON_EINVALID, "groups: \"%s\" is there twice", name);
    }
    return PROMON_OK;
}

static enum promon_status check_groups(const char *const *groups, struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    size_t i;

    for (i = 0; groups != NULL && groups[i] != NULL && status == PROMON_OK; i++) {
        status = i == MOST_GROUPS
                     ? promon__fail(error, PROMON_EINVALID, "groups: more than %d", MOST_GROUPS)
                     : check_group(groups, i, error);
    }
    return status;
}

static enum promon_status check_options(struct promon_probe_options *options,
                                        struct promon_error *error)
{
    enum promon_status status = check_name(options->name, error);

    put_defaults(options);
    if (status == PROMON_OK && !utf8_is_valid(options->description, strlen(options->description)))
        status = promon__fail(error, PROMON_EINVALID, "description: is not UTF-8");
    if (status == PROMON_OK)
        status = check_kind(options, error);
    if (status == PROMON_OK)
        status = check_times(options, error);
    if (status == PROMON_OK)
        status = check_groups(options->groups, error);
    return status;
}

/* False when memory ran out. */
static bool copy_groups(const char *const *groups, struct promon__plan *plan)
{
    size_t count = 0, i;

    while (groups != NULL && groups[count] != NULL)
        count++;
    plan->groups = calloc(count + 1, sizeof(char *));
    for (i = 0; plan->groups != NULL && i < count; i++) {
        plan->groups[i] = strdup(groups[i]);
        if (plan->groups[i] == NULL)
            return false;
    }
    return plan->groups != NULL;
}

static bool copy_options(const struct promon_probe_options *options, struct promon__plan *plan)
{
    plan->interval_ns = options->interval_ms * PROMON__MILLISECOND_NS;
    plan->timeout_ns = options->timeout_ms * PROMON__MILLISECOND_NS;
    plan->retry_interval_ns = options->retry_interval_ms * PROMON__MILLISECOND_NS;
    plan->fail_after = options->fail_after;
    plan->ok_after = options->ok_after;
    plan->wait_first = options->wait_first;
    plan->name = strdup(options->name);
    plan->description = strdup(options->description);
    if (options->module != NULL)
        plan->module = strdup(options->module);
    return plan->name != NULL && plan->description != NULL &&
           (options->module == NULL || plan->module != NULL) && copy_groups(options->groups, plan);
}

static enum promon_status open_check(const struct promon *promon,
                                     const struct promon_probe_options *options,
                                     struct promon__check *out, struct promon_error *error)
{
    const struct promon_module *module;
    struct promon_params *params;
    enum promon_status status;

    if (options->check != NULL) {
        out->run = options->check;
        out->data = options->data;
        return PROMON_OK;
    }
    status = promon__module_find(promon->settings.modules, options->module, &module, error);
    if (status == PROMON_OK)
        status = promon__params_new(module->params, options->params, options->params_json, &params,
                                    error);
    if (status == PROMON_OK)
        status = promon__module_open(module, params, out, error);
    return status;
}

enum promon_status promon__plan_new(struct promon *promon,
                                    const struct promon_probe_options *options,
                                    struct promon__plan **out, struct promon_error *error)
{
    struct promon_probe_options known = PROMON_PROBE_OPTIONS_INIT;
    struct promon__plan *plan;
    enum promon_status status =
        promon__options_copy(&known, sizeof(known), options, "probe options", error);

    if (status == PROMON_OK)
        status = check_options(&known, error);
    if (status != PROMON_OK)
        return status;
    plan = calloc(1, sizeof(*plan));
    if (plan == NULL || !copy_options(&known, plan))
        status = promon__fail_memory(error);
    else
        status = open_check(promon, &known, &plan->check, error);
    if (status == PROMON_OK)
        *out = plan;
    else
        promon__plan_free(plan);
    return status;
}
