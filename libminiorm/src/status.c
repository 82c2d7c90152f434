/*
 * Status codes as text, and which of them pass by themselves.
 *
 * The switches have no default label, so that the compiler names a status that is missing here.
 */
#include <miniorm/status.h>

#define NAMED(status) \
    case status: return #status

const char *miniorm_status_name(enum miniorm_status status)
{
    switch (status) {
        NAMED(MINIORM_OK);
        NAMED(MINIORM_ENOMEM);
        NAMED(MINIORM_EINVALID);
        NAMED(MINIORM_ESTATE);
        NAMED(MINIORM_EUNSUPPORTED);
        NAMED(MINIORM_ELIMIT);
        NAMED(MINIORM_ETIMEDOUT);
        NAMED(MINIORM_ECANCELLED);
        NAMED(MINIORM_EUNAVAILABLE);
        NAMED(MINIORM_ECONNECTION);
        NAMED(MINIORM_ECOMMIT_UNKNOWN);
        NAMED(MINIORM_EAUTH);
        NAMED(MINIORM_EPERMISSION);
        NAMED(MINIORM_ENOTFOUND);
        NAMED(MINIORM_EUNIQUE);
        NAMED(MINIORM_EFOREIGNKEY);
        NAMED(MINIORM_ENOTNULL);
        NAMED(MINIORM_ECHECK);
        NAMED(MINIORM_EVALUE);
        NAMED(MINIORM_ECONFLICT);
        NAMED(MINIORM_EBUSY);
        NAMED(MINIORM_ESTATEMENT);
        NAMED(MINIORM_EABORTED);
        NAMED(MINIORM_ERESOURCES);
        NAMED(MINIORM_EPROTOCOL);
        NAMED(MINIORM_EDATABASE);
    }
    return "MINIORM_E?";
}

int miniorm_status_is_temporary(enum miniorm_status status)
{
    return status == MINIORM_EUNAVAILABLE || status == MINIORM_ECONFLICT ||
           status == MINIORM_EBUSY || status == MINIORM_ERESOURCES || status == MINIORM_ETIMEDOUT;
}
