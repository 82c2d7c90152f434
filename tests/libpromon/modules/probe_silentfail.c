/* A module that cannot be opened and does not say why. */
#include <promon/module.h>

static enum promon_status silentfail_open(const struct promon_host *host,
                                          const struct promon_params *params, void **context,
                                          struct promon_error *error)
{
    (void)host;
    (void)params;
    (void)context;
    (void)error;
    return PROMON_ERESOURCES;
}

static enum promon_verdict silentfail_check(void *context, int64_t deadline_ns,
                                            struct promon_result *result)
{
    (void)context;
    (void)deadline_ns;
    (void)result;
    return PROMON_ERROR;
}

static void silentfail_close(void *context)
{
    (void)context;
}

const struct promon_module promon_module_v1 = {.abi = PROMON_MODULE_ABI,
                                               .size = sizeof(promon_module_v1),
                                               .name = "silentfail",
                                               .open = silentfail_open,
                                               .check = silentfail_check,
                                               .close = silentfail_close};
