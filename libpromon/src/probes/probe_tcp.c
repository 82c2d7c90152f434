/*
 * The module "tcp": connects, sends something if told to, and waits for an answer that holds what
 * is expected if told to.
 */
#include <promon/module.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

/* An answer that is expected must begin within so many bytes. */
enum { MAX_ANSWER_BYTES = 65536 };

struct tcp {
    const struct promon_host *host;
    struct promon_target target;
    const char *send, *expect; /* NULL: not */
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
     .help = "port; not for a Unix socket"},
    {.name = "send", .type = PROMON_PARAM_STRING, .help = "text to send once connected"},
    {.name = "expect",
     .type = PROMON_PARAM_STRING,
     .help = "text that the first 64 KiB of the answer hold"},
    {.name = NULL},
};

static enum promon_status tcp_open(const struct promon_host *host,
                                   const struct promon_params *params, void **context,
                                   struct promon_error *error)
{
    const char *name = host->param_string(params, "host", "");
    const int64_t port = host->param_integer(params, "port", 0);
    struct tcp *tcp;

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    if (name[0] != '/' && port == 0)
        return host->error_set(error, PROMON_ECONFIG, "params.port: is missing");
    tcp = calloc(1, sizeof(*tcp));
    if (tcp == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    tcp->host = host;
    tcp->target =
        (struct promon_target){.size = sizeof(tcp->target), .host = name, .port = (unsigned)port};
    tcp->send = host->param_string(params, "send", NULL);
    tcp->expect = host->param_string(params, "expect", NULL);
    *context = tcp;
    return PROMON_OK;
}

static enum promon_verdict fail_without(const struct tcp *tcp, enum promon__received how,
                                        size_t size, struct promon_result *result)
{
    const struct promon_host *host = tcp->host;

    if (size > 0)
        return host->fail(result, PROMON_REASON_BODY,
                          "the answer of %zu bytes does not hold what is expected", size);
    if (how == PROMON__RECEIVED_TIMEOUT)
        return host->fail(result, PROMON_REASON_TIMEOUT, "no answer in time");
    return host->fail(result, PROMON_REASON_PROTOCOL, "it closed the connection without an answer");
}

static enum promon_verdict read_answer(const struct tcp *tcp, int fd, char *answer,
                                       int64_t deadline_ns, struct promon_result *result)
{
    const struct promon_host *host = tcp->host;
    const int64_t begin_ns = host->now_ns();
    enum promon__received how = PROMON__RECEIVED_SOME;
    size_t size = 0;

    while (size < MAX_ANSWER_BYTES) {
        size_t more = 0;

        how = promon__stream_receive(host, fd, answer + size, MAX_ANSWER_BYTES - size, deadline_ns,
                                     &more);
        if (how != PROMON__RECEIVED_SOME)
            break;
        if (size == 0)
            host->phase(result, PROMON_PHASE_QUERY, host->now_ns() - begin_ns);
        size += more;
        if (memmem(answer, size, tcp->expect, strlen(tcp->expect)) != NULL)
            return PROMON_UP;
    }
    return fail_without(tcp, how, size, result);
}

static enum promon_verdict expect_answer(const struct tcp *tcp, int fd, int64_t deadline_ns,
                                         struct promon_result *result)
{
    char *answer = malloc(MAX_ANSWER_BYTES);
    enum promon_verdict verdict;

    if (answer == NULL)
        return tcp->host->fail(result, PROMON_REASON_INTERNAL, "out of memory");
    verdict = read_answer(tcp, fd, answer, deadline_ns, result);
    free(answer);
    return verdict;
}

static enum promon_verdict tcp_check(void *context, int64_t deadline_ns,
                                     struct promon_result *result)
{
    const struct tcp *tcp = context;
    enum promon_verdict verdict;
    int fd;

    verdict = tcp->host->connect(&tcp->target, deadline_ns, result, &fd);
    if (verdict != PROMON_UP)
        return verdict;
    if (tcp->send != NULL)
        verdict =
            promon__stream_send(tcp->host, fd, tcp->send, strlen(tcp->send), deadline_ns, result);
    if (verdict == PROMON_UP && tcp->expect != NULL)
        verdict = expect_answer(tcp, fd, deadline_ns, result);
    close(fd);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "tcp",
    .description = "a TCP port or Unix socket takes connections and answers as expected",
    .params = rules,
    .open = tcp_open,
    .check = tcp_check,
    .close = free,
};
