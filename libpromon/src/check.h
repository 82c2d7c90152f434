/*
 * A check: what a probe runs, whether a module's or the application's function; and the plan of a
 * probe, its options checked and copied, which the engine takes.
 */
#ifndef PROMON_SRC_CHECK_H
#define PROMON_SRC_CHECK_H

#include <promon/module.h>
#include <promon/probe.h>
#include <stdbool.h>

struct promon;

struct promon__check {
    promon_check_fn run;
    void *data;
    void (*close)(void *data); /* NULL: nothing to close */
    /* In the child of a fork: what the parent may be using is left where it is. NULL: nothing. */
    void (*renew)(void *data);
};

/* All memory is of the plan: promon__plan_free frees it, and closes the check. */
struct promon__plan {
    char *name, *description;
    char *module; /* NULL: a function of the application */
    char **groups; /* NULL-terminated, never NULL */
    struct promon__check check;
    int64_t interval_ns, timeout_ns, retry_interval_ns;
    unsigned fail_after, ok_after;
    bool wait_first;
    bool is_configured; /* of a configuration: a reload may replace it */
    /* Configured: everything that makes it what it is, secrets as a hash; equal means unchanged. */
    char *fingerprint;
};

void promon__plan_free(struct promon__plan *plan); /* and the structure; NULL is allowed */

/* plan.c: from the public options; opens the module. */
enum promon_status promon__plan_new(struct promon *promon,
                                    const struct promon_probe_options *options,
                                    struct promon__plan **out, struct promon_error *error);

/* module.c: finds FOLDER/probe_NAME.so, loaded once per process and never unloaded. */
enum promon_status promon__module_find(const char *folder, const char *name,
                                       const struct promon_module **out,
                                       struct promon_error *error);

/* module.c: opens a context with `params`, which the check owns then, also when that fails. */
enum promon_status promon__module_open(const struct promon_module *module,
                                       struct promon_params *params, struct promon__check *out,
                                       struct promon_error *error);

/* params.c: parameters from a table, or from the text of a JSON object, by the module's rules. */
enum promon_status promon__params_new(const struct promon_param_rule *rules,
                                      const struct promon_param *table, const char *json,
                                      struct promon_params **out, struct promon_error *error);
void promon__params_free(struct promon_params *params);

/* host.c: the table that modules receive. */
const struct promon_host *promon__host(void);

#endif
