/* A module whose table is shorter than the library's. */
#include <promon/module.h>

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI, .size = sizeof(promon_module_v1) - 8, .name = "small"};
