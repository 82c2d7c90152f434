/* A shared object that is no module. */
#include <promon/export.h>

PROMON_MODULE_SYMBOL_ extern const int something_else;
const int something_else = 1;
