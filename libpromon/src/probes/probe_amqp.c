/*
 * The module "amqp": logs in to a virtual host of an AMQP 0-9-1 broker, opens a channel, looks at a
 * queue if told to, and closes all of it in good order.
 */
#include "probe_amqp.h"

#include <stdlib.h>
#include <string.h>

/* A broker that has answered everything else may be slow to say goodbye. */
#define GOODBYE_NS (INT64_C(500) * 1000000)

static const struct promon_param_rule rules[] = {
    {.name = "host",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name or address"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "port",
     .otherwise = "5672, with TLS 5671"},
    {.name = "user",
     .type = PROMON_PARAM_STRING,
     .help = "to log in as; without one a client_cert is the login",
     .otherwise = "guest"},
    {.name = "password",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "to log in with",
     .otherwise = "guest"},
    {.name = "vhost", .type = PROMON_PARAM_STRING, .help = "virtual host", .otherwise = "/"},
    {.name = "queue",
     .type = PROMON_PARAM_STRING,
     .help = "that must be there; gives its messages and consumers"},
    {.name = "tls", .type = PROMON_PARAM_BOOLEAN, .help = "use TLS", .otherwise = "false"},
    PROMON__SECURE_RULES,
    {.name = "connect",
     .type = PROMON_PARAM_STRING,
     .help = "\"fresh\": a connection for each check; \"keep\": one for many",
     .otherwise = "fresh"},
    {.name = NULL},
};

/* Says goodbye to a broker that is there, until the deadline of the channel. */
static void hang_up(struct promon__amqp *amqp)
{
    amqp_connection_close_t goodbye = {.reply_code = AMQP_REPLY_SUCCESS};

    amqp->channel.reason = PROMON_REASON_NONE;
    if (amqp->is_in && amqp->channel.fd >= 0 &&
        promon__amqp_send(amqp, 0, AMQP_CONNECTION_CLOSE_METHOD, &goodbye))
        (void)promon__amqp_expect(amqp, AMQP_CONNECTION_CLOSE_OK_METHOD);
    amqp->is_in = false;
    promon__channel_close(&amqp->channel);
}

static void amqp_close(void *context)
{
    struct promon__amqp *amqp = context;

    /* It is sent or not: nobody waits here. */
    amqp->channel.deadline_ns = 0;
    hang_up(amqp);
    empty_amqp_pool(&amqp->pool);
    promon__secure_free(&amqp->secure);
    free(amqp);
}

static enum promon_status too_long(const struct promon_host *host, const char *name,
                                   struct promon_error *error)
{
    return host->error_set(error, PROMON_ECONFIG, "params.%s: expected at most 255 bytes", name);
}

static void read_login(struct promon__amqp *amqp, const struct promon_params *params)
{
    const struct promon_host *host = amqp->host;
    const char *user = host->param_string(params, "user", NULL);

    amqp->is_external =
        amqp->uses_tls && user == NULL && host->param_string(params, "client_cert", NULL) != NULL;
    amqp->user = user != NULL ? user : "guest";
    amqp->password = host->param_string(params, "password", "guest");
}

static enum promon_status read_params(struct promon__amqp *amqp, const struct promon_params *params,
                                      struct promon_error *error)
{
    const struct promon_host *host = amqp->host;
    const char *name = host->param_string(params, "host", "");

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    amqp->uses_tls = host->param_boolean(params, "tls", false);
    amqp->target = (struct promon_target){
        .size = sizeof(amqp->target),
        .host = name,
        .port = (unsigned)host->param_integer(params, "port", amqp->uses_tls ? 5671 : 5672),
    };
    amqp->vhost = host->param_string(params, "vhost", "/");
    amqp->queue = host->param_string(params, "queue", NULL);
    read_login(amqp, params);
    if (strlen(amqp->vhost) > 255)
        return too_long(host, "vhost", error);
    if (amqp->queue != NULL && strlen(amqp->queue) > 255)
        return too_long(host, "queue", error);
    if (!promon__channel_keeps(host, params, &amqp->keeps))
        return host->error_set(error, PROMON_ECONFIG, PROMON__CONNECT_WRONG);
    return amqp->uses_tls ? promon__secure_make(&amqp->secure, host, params, name, error)
                          : PROMON_OK;
}

static enum promon_status amqp_open(const struct promon_host *host,
                                    const struct promon_params *params, void **context,
                                    struct promon_error *error)
{
    struct promon__amqp *amqp = calloc(1, sizeof(*amqp));
    enum promon_status status;

    if (amqp == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    amqp->host = host;
    init_amqp_pool(&amqp->pool, 4096);
    promon__channel_init(&amqp->channel, host);
    status = read_params(amqp, params, error);
    if (status != PROMON_OK)
        amqp_close(amqp);
    else
        *context = amqp;
    return status;
}

static bool look_at_queue(struct promon__amqp *amqp)
{
    amqp_queue_declare_t question = {
        .queue = {.len = strlen(amqp->queue), .bytes = (void *)(uintptr_t)amqp->queue},
        .passive = 1,
    };
    const amqp_queue_declare_ok_t *answer;

    if (!promon__amqp_send(amqp, 1, AMQP_QUEUE_DECLARE_METHOD, &question))
        return false;
    answer = promon__amqp_expect(amqp, AMQP_QUEUE_DECLARE_OK_METHOD);
    if (answer == NULL)
        return false;
    amqp->host->value(amqp->channel.result, "messages", answer->message_count);
    amqp->host->value(amqp->channel.result, "consumers", answer->consumer_count);
    return true;
}

static bool use_channel(struct promon__amqp *amqp)
{
    amqp_channel_open_t open = {.out_of_band = {.len = 0}};
    amqp_channel_close_t close = {.reply_code = AMQP_REPLY_SUCCESS};

    return promon__amqp_send(amqp, 1, AMQP_CHANNEL_OPEN_METHOD, &open) &&
           promon__amqp_expect(amqp, AMQP_CHANNEL_OPEN_OK_METHOD) != NULL &&
           (amqp->queue == NULL || look_at_queue(amqp)) &&
           promon__amqp_send(amqp, 1, AMQP_CHANNEL_CLOSE_METHOD, &close) &&
           promon__amqp_expect(amqp, AMQP_CHANNEL_CLOSE_OK_METHOD) != NULL;
}

static bool converse(struct promon__amqp *amqp)
{
    const int64_t begin_ns = amqp->host->now_ns();
    const bool is_well = use_channel(amqp);

    amqp->host->phase(amqp->channel.result, PROMON_PHASE_QUERY, amqp->host->now_ns() - begin_ns);
    return is_well;
}

static bool greet(struct promon__amqp *amqp)
{
    const int64_t begin_ns = amqp->host->now_ns();
    const bool is_in = promon__amqp_log_in(amqp);

    amqp->host->phase(amqp->channel.result, PROMON_PHASE_LOGIN, amqp->host->now_ns() - begin_ns);
    return is_in;
}

/* True: the outcome stands; false: the connection is to be replaced. */
static bool try_kept(struct promon__amqp *amqp, int64_t deadline_ns, struct promon_result *result)
{
    if (!amqp->is_in || !promon__channel_is_idle(&amqp->channel))
        return false;
    promon__channel_resume(&amqp->channel, deadline_ns, result);
    promon__certificate_tell(&amqp->secure.certificate, amqp->host, result);
    return converse(amqp) || !amqp->channel.is_broken;
}

static enum promon_verdict try_fresh(struct promon__amqp *amqp, int64_t deadline_ns,
                                     struct promon_result *result)
{
    enum promon_verdict verdict;

    amqp->is_in = false;
    verdict = promon__channel_open(&amqp->channel, &amqp->target, deadline_ns, result);
    if (verdict == PROMON_UP &&
        (!amqp->uses_tls || promon__channel_secure(&amqp->channel, &amqp->secure)) && greet(amqp))
        (void)converse(amqp);
    return verdict;
}

static enum promon_verdict amqp_check(void *context, int64_t deadline_ns,
                                      struct promon_result *result)
{
    struct promon__amqp *amqp = context;
    enum promon_verdict verdict = PROMON_UP;
    int64_t goodbye_ns;

    if (!try_kept(amqp, deadline_ns, result))
        verdict = try_fresh(amqp, deadline_ns, result);
    if (verdict == PROMON_UP && amqp->channel.reason != PROMON_REASON_NONE)
        verdict = promon__channel_fail(&amqp->channel);
    if (verdict != PROMON_UP || !amqp->keeps) {
        goodbye_ns = amqp->host->now_ns() + GOODBYE_NS;
        amqp->channel.deadline_ns = goodbye_ns < deadline_ns ? goodbye_ns : deadline_ns;
        hang_up(amqp);
    }
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "amqp",
    .description = "an AMQP 0-9-1 broker lets us into a virtual host and opens a channel",
    .params = rules,
    .open = amqp_open,
    .check = amqp_check,
    .close = amqp_close,
};
