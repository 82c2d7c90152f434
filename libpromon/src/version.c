/*
 * The version of the running library. The numbers are those of the header it was built with.
 */
#include <promon/version.h>

const char *promon_version(void)
{
    return PROMON_VERSION;
}
