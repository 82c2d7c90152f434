/*
 * The module "http": a request, redirects as far as they are followed, and an answer as expected.
 */
#include "probe_http.h"

#include <stdlib.h>
#include <string.h>

static const struct promon_param_rule rules[] = {
    {.name = "url",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED | PROMON_PARAM_SECRET,
     .help = "what to ask for, http or https"},
    {.name = "timeout",
     .type = PROMON_PARAM_NUMBER,
     .minimum = 0.001,
     .maximum = 86400,
     .help = "seconds; shortens the timeout of the probe",
     .otherwise = "the probe's"},
    {.name = "verify_ssl",
     .type = PROMON_PARAM_BOOLEAN,
     .help = "whether a certificate that is not trusted is a failure",
     .otherwise = "true"},
    {.name = "method", .type = PROMON_PARAM_STRING, .help = "of HTTP", .otherwise = "GET"},
    {.name = "headers",
     .type = PROMON_PARAM_MAP,
     .flags = PROMON_PARAM_SECRET,
     .help = "of the request, by name"},
    {.name = "body",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "of the request"},
    {.name = "user", .type = PROMON_PARAM_STRING, .help = "for Basic authentication"},
    {.name = "password",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "for Basic authentication"},
    {.name = "bearer_token",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "for Bearer authentication"},
    {.name = "expected_status",
     .type = PROMON_PARAM_INTEGERS,
     .minimum = 100,
     .maximum = 599,
     .help = "statuses of an answer that is as it should be",
     .otherwise = "200"},
    {.name = "body_contains", .type = PROMON_PARAM_STRING, .help = "text that the answer holds"},
    {.name = "json_equals",
     .type = PROMON_PARAM_MAP,
     .help = "members of a JSON answer, as \"database.state\", and their values"},
    {.name = "max_body_bytes",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 104857600,
     .help = "what is read of an answer; more is a failure when its content matters",
     .otherwise = "1048576"},
    {.name = "follow_redirects",
     .type = PROMON_PARAM_BOOLEAN,
     .help = "whether to go where the server says; credentials and headers stay behind",
     .otherwise = "true"},
    {.name = "max_redirects",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 0,
     .maximum = 50,
     .help = "more are a failure",
     .otherwise = "10"},
    {.name = "ca_file",
     .type = PROMON_PARAM_STRING,
     .help = "file of the authorities to trust, in PEM",
     .otherwise = "the system's"},
    {.name = "client_cert", .type = PROMON_PARAM_STRING, .help = "file of a certificate, in PEM"},
    {.name = "client_key", .type = PROMON_PARAM_STRING, .help = "file of its key, in PEM"},
    {.name = "http_version",
     .type = PROMON_PARAM_STRING,
     .help = "\"auto\", \"1.1\" or \"2\"",
     .otherwise = "auto"},
    {.name = "unix_socket",
     .type = PROMON_PARAM_STRING,
     .help = "path of a Unix socket to connect to, whatever the URL says"},
    {.name = "connect",
     .type = PROMON_PARAM_STRING,
     .help = "\"fresh\": a connection for each check; \"keep\": one for many",
     .otherwise = "fresh"},
    {.name = NULL},
};

static void http_close(void *context)
{
    promon__http_forget(context);
    free(context);
}

static enum promon_status http_open(const struct promon_host *host,
                                    const struct promon_params *params, void **context,
                                    struct promon_error *error)
{
    struct promon__http *http = calloc(1, sizeof(*http));
    enum promon_status status;

    if (http == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    http->host = host;
    http->params = params;
    status = promon__http_read(http, error);
    if (status != PROMON_OK)
        http_close(http);
    else
        *context = http;
    return status;
}

static bool is_expected(const struct promon__http *http, long status)
{
    unsigned i;

    for (i = 0; i < http->n_statuses; i++)
        if (http->statuses[i] == status)
            return true;
    return false;
}

bool promon__http_is_redirect(const struct promon__http *http, long status)
{
    return http->follows && !is_expected(http, status) &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static enum promon_verdict judge(const struct promon__http_exchange *exchange, long status)
{
    const struct promon_host *host = exchange->http->host;

    host->value(exchange->result, "status", (double)status);
    host->value(exchange->result, "body_bytes", (double)exchange->size);
    host->note(exchange->result, "%s from %s:%s: HTTP %ld, %zu bytes%s", exchange->method,
               exchange->place->host, exchange->place->port, status, exchange->size,
               exchange->is_full ? " and more" : "");
    if (!is_expected(exchange->http, status))
        return host->fail(exchange->result, PROMON_REASON_STATUS, "HTTP %ld", status);
    return promon__http_judge_body(exchange);
}

/* Where an answer sends us; freed by the caller. NULL: nowhere. */
static char *next_url(const struct promon__http_exchange *exchange, long status)
{
    const char *url = NULL;

    if (!promon__http_is_redirect(exchange->http, status) ||
        curl_easy_getinfo(exchange->curl, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || url == NULL)
        return NULL;
    return strdup(url);
}

/* A request with a body becomes a plain one, as browsers do, unless it is to be repeated. */
static const char *next_method(const char *method, long status)
{
    const bool is_repeated = status == 307 || status == 308;

    return is_repeated || strcmp(method, "HEAD") == 0 ? method : "GET";
}

struct hop {
    char *url; /* NULL: the one of the parameters */
    struct promon__http_place place; /* empty likewise */
    const char *method;
};

static enum promon_verdict ask(struct promon__http *http, CURL *curl, struct hop *hop,
                               int64_t deadline_ns, struct promon_result *result)
{
    const struct promon__http_place *place = hop->url == NULL ? &http->place : &hop->place;
    struct promon__http_exchange exchange = {.http = http,
                                             .result = result,
                                             .curl = curl,
                                             .deadline_ns = deadline_ns,
                                             .place = place,
                                             .url = hop->url == NULL ? http->url : hop->url,
                                             .method = hop->method,
                                             .is_elsewhere =
                                                 !promon__http_is_same(place, &http->place)};
    enum promon_verdict verdict = promon__http_exchange(&exchange);
    char *next = NULL;
    long status = 0;

    if (verdict == PROMON_UP) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        next = next_url(&exchange, status);
        if (next == NULL)
            verdict = judge(&exchange, status);
    }
    free(exchange.body);
    free(hop->url);
    promon__http_place_free(&hop->place);
    hop->url = next;
    hop->method = next_method(hop->method, status);
    return verdict;
}

static enum promon_verdict follow(struct promon__http *http, CURL *curl, int64_t deadline_ns,
                                  struct promon_result *result)
{
    struct hop hop = {.method = http->method};
    enum promon_verdict verdict = ask(http, curl, &hop, deadline_ns, result);
    unsigned n;

    for (n = 0; hop.url != NULL && verdict == PROMON_UP; n++) {
        if (n == http->max_redirects)
            verdict = http->host->fail(result, PROMON_REASON_STATUS, "more than %u redirects", n);
        else if (!promon__http_place(hop.url, &hop.place))
            verdict = http->host->fail(result, PROMON_REASON_PROTOCOL,
                                       "a redirect to what is no URL of HTTP");
        else
            verdict = ask(http, curl, &hop, deadline_ns, result);
    }
    free(hop.url);
    promon__http_place_free(&hop.place);
    return verdict;
}

static enum promon_verdict http_check(void *context, int64_t deadline_ns,
                                      struct promon_result *result)
{
    struct promon__http *http = context;
    const int64_t now_ns = http->host->now_ns();
    CURL *curl = http->kept != NULL ? http->kept : curl_easy_init();
    enum promon_verdict verdict;

    if (curl == NULL)
        return http->host->fail(result, PROMON_REASON_INTERNAL, "out of memory");
    if (http->timeout_ns > 0 && now_ns + http->timeout_ns < deadline_ns)
        deadline_ns = now_ns + http->timeout_ns;
    /* A connection that is kept goes on with the certificate that it has shown. */
    if (!http->keeps)
        http->certificate.is_seen = false;
    verdict = follow(http, curl, deadline_ns, result);
    promon__certificate_tell(&http->certificate, http->host, result);
    if (http->keeps)
        http->kept = curl;
    else
        curl_easy_cleanup(curl);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "http",
    .description = "an HTTP server answers with the expected status and content",
    .params = rules,
    .open = http_open,
    .check = http_check,
    .close = http_close,
};
