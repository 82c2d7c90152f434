/*
 * The module "dns": asks one name server one question, over UDP and, when the answer is cut off,
 * over TCP, and compares the answer with what is expected.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <promon/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe_dns_message.h"
#include "stream.h"

/* So long is an answer waited for before the question is repeated; each time twice as long. */
#define FIRST_PATIENCE_NS INT64_C(1000000000)

enum { MAX_MESSAGE_BYTES = 65535, SERVER_BYTES = 128 };

struct dns {
    const struct promon_host *host;
    const struct promon_params *params;
    const char *server; /* NULL: the system's first */
    const char *name;
    unsigned port;
    uint16_t type;
    bool is_tcp;
};

/* One check. */
struct question {
    const struct dns *dns;
    struct promon_result *result;
    int64_t deadline_ns;
    struct promon_target target;
    uint8_t query[PROMON__DNS_QUERY_BYTES];
    size_t query_size;
    struct promon__dns_answer answer;
    uint8_t message[2 + MAX_MESSAGE_BYTES];
};

static const struct promon_param_rule rules[] = {
    {.name = "name",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name to ask for"},
    {.name = "type",
     .type = PROMON_PARAM_STRING,
     .help = "of the records: A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT",
     .otherwise = "A"},
    {.name = "server",
     .type = PROMON_PARAM_STRING,
     .help = "name server to ask, an address or a name",
     .otherwise = "the first of /etc/resolv.conf"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "of the name server",
     .otherwise = "53"},
    {.name = "expected",
     .type = PROMON_PARAM_STRINGS,
     .help = "records that must be among the answers, such as \"10 mail.example\"",
     .otherwise = "any"},
    {.name = "transport",
     .type = PROMON_PARAM_STRING,
     .help = "\"udp\", with TCP for long answers, or \"tcp\"",
     .otherwise = "udp"},
    {.name = NULL},
};

static enum promon_status read_params(struct dns *dns, struct promon_error *error)
{
    const struct promon_host *host = dns->host;
    const char *transport = host->param_string(dns->params, "transport", "udp");
    uint8_t query[PROMON__DNS_QUERY_BYTES];

    dns->server = host->param_string(dns->params, "server", NULL);
    dns->name = host->param_string(dns->params, "name", "");
    dns->port = (unsigned)host->param_integer(dns->params, "port", 53);
    dns->type = promon__dns_type(host->param_string(dns->params, "type", "A"));
    dns->is_tcp = strcmp(transport, "tcp") == 0;
    if (dns->type == 0)
        return host->error_set(
            error, PROMON_ECONFIG,
            "params.type: expected A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT");
    if (dns->name[0] == '\0' || promon__dns_query(0, dns->name, dns->type, query) == 0)
        return host->error_set(error, PROMON_ECONFIG, "params.name: no name of DNS");
    if (dns->server != NULL && (dns->server[0] == '\0' || dns->server[0] == '/'))
        return host->error_set(error, PROMON_ECONFIG,
                               "params.server: expected an address or a name");
    if (!dns->is_tcp && strcmp(transport, "udp") != 0)
        return host->error_set(error, PROMON_ECONFIG,
                               "params.transport: expected \"udp\" or \"tcp\"");
    return PROMON_OK;
}

static enum promon_status dns_open(const struct promon_host *host,
                                   const struct promon_params *params, void **context,
                                   struct promon_error *error)
{
    struct dns *dns = calloc(1, sizeof(*dns));
    enum promon_status status;

    if (dns == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    dns->host = host;
    dns->params = params;
    status = read_params(dns, error);
    if (status != PROMON_OK)
        free(dns);
    else
        *context = dns;
    return status;
}

/* The system's first name server, as it is now. */
static bool read_server(char out[SERVER_BYTES])
{
    FILE *file = fopen("/etc/resolv.conf", "re");
    char line[256];
    bool is_found = false;

    while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL) {
        const char *from = line + strlen("nameserver");
        size_t size;

        if (strncmp(line, "nameserver", strlen("nameserver")) != 0)
            continue;
        from += strspn(from, " \t");
        size = strcspn(from, " \t\r\n#;");
        is_found = size > 0 && size < SERVER_BYTES;
        if (is_found)
            snprintf(out, SERVER_BYTES, "%.*s", (int)size, from);
    }
    if (file != NULL)
        fclose(file);
    return is_found;
}

static enum promon_verdict fail(const struct question *question, enum promon_reason reason,
                                const char *text)
{
    return question->dns->host->fail(question->result, reason, "%s", text);
}

/* A new id for each time it is sent, so that nobody can guess it. */
static bool make_query(struct question *question)
{
    uint16_t id;

    if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
        return false;
    question->query_size =
        promon__dns_query(id, question->dns->name, question->dns->type, question->query);
    return question->query_size > 0;
}

/* Reads from the whole stream; the count in `size` bytes. */
static enum promon_verdict receive_all(struct question *question, int fd, uint8_t *out, size_t size)
{
    while (size > 0) {
        size_t more = 0;

        switch (promon__stream_receive(question->dns->host, fd, out, size, question->deadline_ns,
                                       &more)) {
        case PROMON__RECEIVED_SOME: break;
        case PROMON__RECEIVED_TIMEOUT:
            return fail(question, PROMON_REASON_TIMEOUT, "no whole answer over TCP in time");
        default:
            return fail(question, PROMON_REASON_PROTOCOL,
                        "it closed the TCP connection without a whole answer");
        }
        out += more;
        size -= more;
    }
    return PROMON_UP;
}

static enum promon_verdict read_stream(struct question *question, int fd)
{
    uint8_t *message = question->message;
    enum promon_verdict verdict;
    size_t size;

    message[0] = (uint8_t)(question->query_size >> 8);
    message[1] = (uint8_t)question->query_size;
    memcpy(message + 2, question->query, question->query_size);
    verdict = promon__stream_send(question->dns->host, fd, message, question->query_size + 2,
                                  question->deadline_ns, question->result);
    if (verdict == PROMON_UP)
        verdict = receive_all(question, fd, message, 2);
    if (verdict != PROMON_UP)
        return verdict;
    size = (size_t)message[0] << 8 | message[1];
    verdict = receive_all(question, fd, message, size);
    if (verdict != PROMON_UP)
        return verdict;
    if (promon__dns_read(message, size, question->query, question->query_size, &question->answer) !=
        PROMON__DNS_ANSWER)
        return fail(question, PROMON_REASON_PROTOCOL,
                    "the answer over TCP is no answer to the question");
    if (question->answer.is_truncated)
        return fail(question, PROMON_REASON_PROTOCOL, "the answer is cut off over TCP, too");
    return PROMON_UP;
}

static enum promon_verdict ask_tcp(struct question *question)
{
    const struct promon_host *host = question->dns->host;
    enum promon_verdict verdict;
    int64_t begin_ns;
    int fd;

    if (!make_query(question))
        return fail(question, PROMON_REASON_INTERNAL, "no random number to be had");
    verdict = host->connect(&question->target, question->deadline_ns, question->result, &fd);
    if (verdict != PROMON_UP)
        return verdict;
    begin_ns = host->now_ns();
    verdict = read_stream(question, fd);
    host->phase(question->result, PROMON_PHASE_QUERY, host->now_ns() - begin_ns);
    close(fd);
    return verdict;
}

enum asked { ASKED_ANSWER, ASKED_NOTHING, ASKED_REFUSED, ASKED_BROKEN, ASKED_INTERNAL };

/* What comes until `until_ns`; packets that are no answer to this question are passed over. */
static enum asked listen_for(struct question *question, int fd, int64_t until_ns)
{
    const struct promon_host *host = question->dns->host;

    while (host->now_ns() < until_ns) {
        const ssize_t size = recv(fd, question->message, MAX_MESSAGE_BYTES, 0);

        if (size >= 0) {
            switch (promon__dns_read(question->message, (size_t)size, question->query,
                                     question->query_size, &question->answer)) {
            case PROMON__DNS_ANSWER: return ASKED_ANSWER;
            case PROMON__DNS_BROKEN: return ASKED_BROKEN;
            case PROMON__DNS_FOREIGN: break;
            }
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (host->wait(fd, POLLIN, until_ns) == 0)
                return ASKED_NOTHING;
        } else if (errno != EINTR) {
            return ASKED_REFUSED;
        }
    }
    return ASKED_NOTHING;
}

/* A socket of its own each time: another port that nobody can guess. */
static enum asked ask_address(struct question *question, const struct addrinfo *address,
                              int64_t until_ns)
{
    const int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum asked asked;

    if (fd < 0 || !make_query(question)) {
        if (fd >= 0)
            close(fd);
        return ASKED_INTERNAL;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0 ||
        send(fd, question->query, question->query_size, MSG_NOSIGNAL) < 0)
        asked = ASKED_REFUSED;
    else
        asked = listen_for(question, fd, until_ns);
    close(fd);
    return asked;
}

static enum promon_verdict fail_asked(const struct question *question, enum asked asked)
{
    switch (asked) {
    case ASKED_REFUSED:
        return fail(question, PROMON_REASON_REFUSED, "nobody listens on the port of the server");
    case ASKED_BROKEN: return fail(question, PROMON_REASON_PROTOCOL, "the answer is broken");
    case ASKED_INTERNAL:
        return fail(question, PROMON_REASON_INTERNAL, "no socket or no random number to be had");
    default: return fail(question, PROMON_REASON_TIMEOUT, "no answer in time");
    }
}

/* The addresses of the server in turn, until there is an answer or no time is left. */
static enum promon_verdict ask_each(struct question *question, const struct addrinfo *list)
{
    const struct promon_host *host = question->dns->host;
    const struct addrinfo *address = list;
    int64_t patience_ns = FIRST_PATIENCE_NS;
    bool has_waited = false;
    enum asked asked = ASKED_NOTHING;

    while (host->now_ns() < question->deadline_ns) {
        const int64_t begin_ns = host->now_ns();
        int64_t until_ns = begin_ns + patience_ns;

        until_ns = until_ns < question->deadline_ns ? until_ns : question->deadline_ns;
        asked = ask_address(question, address, until_ns);
        if (asked == ASKED_ANSWER) {
            host->phase(question->result, PROMON_PHASE_QUERY, host->now_ns() - begin_ns);
            return PROMON_UP;
        }
        has_waited = has_waited || asked == ASKED_NOTHING;
        address = address->ai_next;
        if (address == NULL) {
            /* Nobody who might still answer. */
            if (!has_waited)
                return fail_asked(question, asked);
            address = list;
            patience_ns *= 2;
            has_waited = false;
        }
    }
    return fail_asked(question, ASKED_NOTHING);
}

static enum promon_verdict ask_udp(struct question *question)
{
    const struct promon_host *host = question->dns->host;
    struct addrinfo *list = NULL;
    enum promon_verdict verdict =
        host->resolve(&question->target, question->deadline_ns, question->result, &list);

    if (verdict == PROMON_UP)
        verdict = ask_each(question, list);
    host->addresses_free(list);
    if (verdict != PROMON_UP || !question->answer.is_truncated)
        return verdict;
    host->note(question->result, "the answer over UDP was cut off");
    return ask_tcp(question);
}

static bool is_among(const struct question *question, const char *expected)
{
    size_t i;

    for (i = 0; i < question->answer.count; i++)
        if (promon__dns_is_same(question->dns->type, question->answer.records[i], expected))
            return true;
    return false;
}

static enum promon_verdict judge(const struct question *question)
{
    const struct promon_host *host = question->dns->host;
    const struct promon__dns_answer *answer = &question->answer;
    const char *expected;
    size_t i;

    for (i = 0; i < answer->count; i++)
        host->note(question->result, "%s", answer->records[i]);
    host->value(question->result, "answers", (double)answer->count);
    if (answer->rcode != 0)
        return host->fail(question->result, PROMON_REASON_STATUS, "the server answers %s (%u)",
                          promon__dns_rcode_name(answer->rcode), answer->rcode);
    if (answer->count == 0)
        return fail(question, PROMON_REASON_BODY, "there is no record of that type");
    host->value(question->result, "ttl_seconds", (double)answer->ttl);
    for (i = 0; (expected = host->param_item(question->dns->params, "expected", i)) != NULL; i++)
        if (!is_among(question, expected))
            return host->fail(question->result, PROMON_REASON_BODY,
                              "\"%.100s\" is not among the %zu answers", expected, answer->count);
    return PROMON_UP;
}

static enum promon_verdict ask(struct question *question, int64_t deadline_ns,
                               struct promon_result *result, const struct dns *dns)
{
    char server[SERVER_BYTES];
    enum promon_verdict verdict;

    question->dns = dns;
    question->result = result;
    question->deadline_ns = deadline_ns;
    question->target = (struct promon_target){
        .size = sizeof(question->target), .host = dns->server, .port = dns->port};
    if (dns->server == NULL) {
        if (!read_server(server))
            return fail(question, PROMON_REASON_INTERNAL, "/etc/resolv.conf names no name server");
        question->target.host = server;
    }
    verdict = dns->is_tcp ? ask_tcp(question) : ask_udp(question);
    return verdict == PROMON_UP ? judge(question) : verdict;
}

static enum promon_verdict dns_check(void *context, int64_t deadline_ns,
                                     struct promon_result *result)
{
    const struct dns *dns = context;
    struct question *question = calloc(1, sizeof(*question));
    enum promon_verdict verdict;

    if (question == NULL)
        return dns->host->fail(result, PROMON_REASON_INTERNAL, "out of memory");
    verdict = ask(question, deadline_ns, result, dns);
    free(question);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "dns",
    .description = "a name server answers a question as expected",
    .params = rules,
    .open = dns_open,
    .check = dns_check,
    .close = free,
};
