/* A module of an ABI that there is not yet. */
#include <promon/module.h>

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI + 1, .size = sizeof(promon_module_v1), .name = "wrongabi"};
