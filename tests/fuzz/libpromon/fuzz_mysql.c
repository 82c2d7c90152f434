/*
 * Whatever a peer sends, the probe "mysql" ends, and says why it is not up.
 */
#include "peer.h"
#include "probes/probe_mysql.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char params[] =
        "{\"host\": \"/a\", \"user\": \"b\", \"password\": \"c\", \"database\": \"d\", "
        "\"query\": \"e\", \"expected\": \"1\", \"connect\": \"keep\"}";

    return peer_run(&promon_module_v1, params, data, size);
}
