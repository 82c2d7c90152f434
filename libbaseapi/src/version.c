/*
 * The version of the running library. The numbers are those of the header it was built with.
 */
#include <baseapi/version.h>

const char *baseapi_version(void)
{
    return BASEAPI_VERSION;
}
