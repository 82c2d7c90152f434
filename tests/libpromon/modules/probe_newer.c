/*
 * A module that was built with a later header: its table is longer, and it asks the host whether a
 * function is there that this library does not have.
 */
#include <promon/module.h>

static const struct promon_param_rule rules[] = {{.name = NULL}};

struct later_host {
    struct promon_host host;
    void (*later)(void);
};

struct later_module {
    struct promon_module module;
    void (*later)(void);
};

static enum promon_status open_newer(const struct promon_host *host,
                                     const struct promon_params *params, void **context,
                                     struct promon_error *error)
{
    (void)params;
    (void)error;
    *context = (void *)(uintptr_t)host;
    return PROMON_OK;
}

static enum promon_verdict check(void *context, int64_t deadline_ns, struct promon_result *result)
{
    const struct promon_host *host = context;

    (void)deadline_ns;
    if (host->size >= sizeof(struct later_host))
        return host->fail(result, PROMON_REASON_INTERNAL, "the host has what nobody has");
    host->note(result, "the host is older");
    return PROMON_UP;
}

static void close_newer(void *context)
{
    (void)context;
}

extern PROMON_MODULE_SYMBOL_ const struct later_module newer __asm__("promon_module_v1");
const struct later_module newer = {
    .module = {.abi = PROMON_MODULE_ABI,
               .size = sizeof(newer),
               .name = "newer",
               .params = rules,
               .open = open_newer,
               .check = check,
               .close = close_newer},
};
