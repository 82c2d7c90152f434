/*
 * Status codes as text.
 *
 * The switch has no default label, so that the compiler names a status that is missing here.
 */
#include <promon/status.h>

#define NAMED(status) \
    case status: return #status

const char *promon_status_name(enum promon_status status)
{
    switch (status) {
        NAMED(PROMON_OK);
        NAMED(PROMON_ENOMEM);
        NAMED(PROMON_EINVALID);
        NAMED(PROMON_ESTATE);
        NAMED(PROMON_EEXISTS);
        NAMED(PROMON_ENOTFOUND);
        NAMED(PROMON_ELIMIT);
        NAMED(PROMON_ETIMEDOUT);
        NAMED(PROMON_ERESOURCES);
        NAMED(PROMON_ECONFIG);
        NAMED(PROMON_ESECRET);
        NAMED(PROMON_EMODULE);
        NAMED(PROMON_ELISTEN);
        NAMED(PROMON_ECONNECTION);
        NAMED(PROMON_EREJECTED);
        NAMED(PROMON_EPROTOCOL);
    }
    return "PROMON_E?";
}
