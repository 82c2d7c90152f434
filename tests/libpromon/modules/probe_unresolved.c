/* A module that needs a function that nobody has. */
#include <promon/module.h>

int function_of_a_library_that_is_not_there(void);

static enum promon_verdict unresolved_check(void *context, int64_t deadline_ns,
                                            struct promon_result *result)
{
    (void)context;
    (void)deadline_ns;
    (void)result;
    return function_of_a_library_that_is_not_there() == 0 ? PROMON_UP : PROMON_DOWN;
}

const struct promon_module promon_module_v1 = {.abi = PROMON_MODULE_ABI,
                                               .size = sizeof(promon_module_v1),
                                               .name = "unresolved",
                                               .check = unresolved_check};
