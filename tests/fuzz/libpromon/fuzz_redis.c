/*
 * Whatever a peer sends, the probe "redis" ends, and says why it is not up.
 */
#include "peer.h"
#include "probes/probe_redis.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char params[] = "{\"host\": \"/a\", \"password\": \"b\", \"database\": 1, "
                                 "\"info\": true, \"connect\": \"keep\"}";

    peer_is_slow = true;
    return peer_run(&promon_module_v1, params, data, size);
}
