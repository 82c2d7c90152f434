/*
 * The version of the running library. The numbers are those of the header it was built with.
 */
#include <amqpext/version.h>

const char *amqpext_version(void)
{
    return AMQPEXT_VERSION;
}
