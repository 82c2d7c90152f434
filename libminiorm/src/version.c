/*
 * The version of the running library. The numbers are those of the header it was built with.
 */
#include <miniorm/version.h>

const char *miniorm_version(void)
{
    return MINIORM_VERSION;
}
