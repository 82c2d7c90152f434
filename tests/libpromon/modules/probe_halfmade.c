/* A module without functions. */
#include <promon/module.h>

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI, .size = sizeof(promon_module_v1), .name = "halfmade"};
