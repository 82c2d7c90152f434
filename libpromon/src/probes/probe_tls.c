/*
 * The module "tls": a TLS handshake, and what the server's certificate says. When it ends is told
 * whether it is trusted or not.
 */
#include <promon/module.h>
#include <stdlib.h>

#include "channel.h"
#include "secure.h"

struct tls {
    struct promon_target target;
    struct promon__secure secure;
    struct promon__channel channel; /* closed between checks */
};

static const struct promon_param_rule rules[] = {
    {.name = "host",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name or address; a path with '/' at its start is a Unix socket"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "port",
     .otherwise = "443"},
    {.name = "server_name",
     .type = PROMON_PARAM_STRING,
     .help = "name that the certificate must be of, and that is asked for",
     .otherwise = "host"},
    {.name = "verify_ssl",
     .type = PROMON_PARAM_BOOLEAN,
     .help = "whether a certificate that is not trusted is a failure",
     .otherwise = "true"},
    {.name = "ca_file",
     .type = PROMON_PARAM_STRING,
     .help = "file of the authorities to trust, in PEM",
     .otherwise = "the system's"},
    {.name = NULL},
};

static void tls_close(void *context)
{
    struct tls *tls = context;

    promon__secure_free(&tls->secure);
    free(tls);
}

static enum promon_status tls_open(const struct promon_host *host,
                                   const struct promon_params *params, void **context,
                                   struct promon_error *error)
{
    const char *name = host->param_string(params, "host", "");
    enum promon_status status;
    struct tls *tls;

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    tls->target =
        (struct promon_target){.size = sizeof(tls->target),
                               .host = name,
                               .port = (unsigned)host->param_integer(params, "port", 443)};
    promon__channel_init(&tls->channel, host);
    status = promon__secure_make(&tls->secure, host, params, name, error);
    if (status != PROMON_OK)
        tls_close(tls);
    else
        *context = tls;
    return status;
}

static enum promon_verdict tls_check(void *context, int64_t deadline_ns,
                                     struct promon_result *result)
{
    struct tls *tls = context;
    enum promon_verdict verdict =
        promon__channel_open(&tls->channel, &tls->target, deadline_ns, result);

    if (verdict == PROMON_UP && !promon__channel_secure(&tls->channel, &tls->secure))
        verdict = promon__channel_fail(&tls->channel);
    promon__channel_close(&tls->channel);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "tls",
    .description = "a TLS server completes a handshake with a certificate that is trusted",
    .params = rules,
    .open = tls_open,
    .check = tls_check,
    .close = tls_close,
};
