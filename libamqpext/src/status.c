/*
 * Status codes as text, and which of them pass by themselves.
 *
 * The switch has no default label, so that the compiler names a status that is missing here.
 */
#include <amqpext/status.h>

#define NAMED(status) \
    case status: return #status

const char *amqpext_status_name(enum amqpext_status status)
{
    switch (status) {
        NAMED(AMQPEXT_OK);
        NAMED(AMQPEXT_ENOMEM);
        NAMED(AMQPEXT_EINVALID);
        NAMED(AMQPEXT_ESTATE);
        NAMED(AMQPEXT_ECLOSED);
        NAMED(AMQPEXT_ELIMIT);
        NAMED(AMQPEXT_ETOOLARGE);
        NAMED(AMQPEXT_ETIMEDOUT);
        NAMED(AMQPEXT_ECANCELLED);
        NAMED(AMQPEXT_EBLOCKED);
        NAMED(AMQPEXT_ESTALE);
        NAMED(AMQPEXT_ERESOLVE);
        NAMED(AMQPEXT_ECONNECTION);
        NAMED(AMQPEXT_EPROTOCOL);
        NAMED(AMQPEXT_ERESOURCES);
        NAMED(AMQPEXT_EAUTH);
        NAMED(AMQPEXT_EVHOST);
        NAMED(AMQPEXT_ETLS);
        NAMED(AMQPEXT_EACCESS);
        NAMED(AMQPEXT_ENOTFOUND);
        NAMED(AMQPEXT_ELOCKED);
        NAMED(AMQPEXT_EPRECONDITION);
        NAMED(AMQPEXT_EBROKER);
        NAMED(AMQPEXT_ERETURNED);
        NAMED(AMQPEXT_EREFUSED);
        NAMED(AMQPEXT_EENCODE);
        NAMED(AMQPEXT_EDECODE);
        NAMED(AMQPEXT_EREMOTE);
    }
    return "AMQPEXT_E?";
}

int amqpext_status_is_temporary(enum amqpext_status status)
{
    return status == AMQPEXT_ELIMIT || status == AMQPEXT_ETIMEDOUT || status == AMQPEXT_EBLOCKED ||
           status == AMQPEXT_ERESOLVE || status == AMQPEXT_ECONNECTION ||
           status == AMQPEXT_ERESOURCES || status == AMQPEXT_ENOMEM;
}
