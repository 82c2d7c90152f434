/*
 * The parameters of "http", beyond what their rules say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "probe_http.h"

static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *out = NULL;

    return curl_url_get(url, part, &out, flags) == CURLUE_OK ? out : NULL;
}

/* "[::1]" as the resolver wants it. */
static void strip_brackets(char *host)
{
    const size_t size = strlen(host);

    if (size < 2 || host[0] != '[' || host[size - 1] != ']')
        return;
    memmove(host, host + 1, size - 2);
    host[size - 2] = '\0';
}

bool promon__http_place(const char *url, struct promon__http_place *out)
{
    CURLU *parsed = curl_url();
    struct promon__http_place place = {.scheme = NULL};

    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        place.scheme = part_of(parsed, CURLUPART_SCHEME, 0);
        place.host = part_of(parsed, CURLUPART_HOST, 0);
        place.port = part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        place.user = part_of(parsed, CURLUPART_USER, CURLU_URLDECODE);
        place.password = part_of(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE);
    }
    curl_url_cleanup(parsed);
    if (place.host != NULL && place.host[0] != '\0' && place.port != NULL && place.scheme != NULL &&
        (strcmp(place.scheme, "http") == 0 || strcmp(place.scheme, "https") == 0)) {
        strip_brackets(place.host);
        *out = place;
        return true;
    }
    promon__http_place_free(&place);
    return false;
}

void promon__http_place_free(struct promon__http_place *place)
{
    curl_free(place->scheme);
    curl_free(place->host);
    curl_free(place->port);
    curl_free(place->user);
    curl_free(place->password);
    memset(place, 0, sizeof(*place));
}

bool promon__http_is_same(const struct promon__http_place *one,
                          const struct promon__http_place *other)
{
    return strcmp(one->scheme, other->scheme) == 0 && strcasecmp(one->host, other->host) == 0 &&
           strcmp(one->port, other->port) == 0;
}

static enum promon_status fail_memory(struct promon__http *http, struct promon_error *error)
{
    return http->host->error_set(error, PROMON_ENOMEM, "out of memory");
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static bool has_break(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

static bool is_token(const char *text)
{
    return text[0] != '\0' &&
           text[strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* curl sends a header without a value when it ends with ';' instead of ':'. */
static bool append_header(struct curl_slist **list, const char *key, const char *text)
{
    const size_t size = strlen(key) + strlen(text) + 3;
    char *line = malloc(size);
    bool is_done;

    if (line == NULL)
        return false;
    snprintf(line, size, text[0] == '\0' ? "%s;" : "%s: %s", key, text);
    is_done = append(list, line);
    free(line);
    return is_done;
}

static enum promon_status read_headers(struct promon__http *http, struct promon_error *error)
{
    const char *key = NULL, *text;
    bool has_type = false;
    size_t i;

    for (i = 0; (text = http->host->param_entry(http->params, "headers", i, &key)) != NULL; i++) {
        if (!is_token(key) || has_break(text))
            return http->host->error_set(error, PROMON_ECONFIG,
                                         "params.headers: \"%.40s\" is no header of HTTP", key);
        has_type = has_type || strcasecmp(key, "content-type") == 0;
        if (!append_header(&http->headers, key, text))
            return fail_memory(http, error);
    }
    /* What curl would add on its own. */
    if (!append(&http->headers, "Expect:") || !append(&http->plain_headers, "Expect:") ||
        !append(&http->plain_headers, "Content-Type:"))
        return fail_memory(http, error);
    return has_type || append(&http->headers, "Content-Type:") ? PROMON_OK
                                                               : fail_memory(http, error);
}

static enum promon_status read_statuses(struct promon__http *http, struct promon_error *error)
{
    const char *text;

    while ((text = http->host->param_item(http->params, "expected_status", http->n_statuses)) !=
           NULL) {
        if (http->n_statuses == PROMON__HTTP_STATUSES)
            return http->host->error_set(error, PROMON_ECONFIG,
                                         "params.expected_status: more than %d",
                                         PROMON__HTTP_STATUSES);
        http->statuses[http->n_statuses++] = strtol(text, NULL, 10);
    }
    if (http->n_statuses == 0)
        http->statuses[http->n_statuses++] = 200;
    return PROMON_OK;
}

static enum promon_status read_version(struct promon__http *http, struct promon_error *error)
{
    const char *text = http->host->param_string(http->params, "http_version", "auto");

    if (strcmp(text, "auto") == 0)
        http->version = CURL_HTTP_VERSION_2TLS;
    else if (strcmp(text, "1.1") == 0)
        http->version = CURL_HTTP_VERSION_1_1;
    else if (strcmp(text, "2") == 0)
        http->version = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    else
        return http->host->error_set(error, PROMON_ECONFIG,
                                     "params.http_version: expected \"auto\", \"1.1\" or \"2\"");
    return PROMON_OK;
}

static enum promon_status read_connect(struct promon__http *http, struct promon_error *error)
{
    const char *text = http->host->param_string(http->params, "connect", "fresh");

    http->keeps = strcmp(text, "keep") == 0;
    if (!http->keeps && strcmp(text, "fresh") != 0)
        return http->host->error_set(error, PROMON_ECONFIG,
                                     "params.connect: expected \"fresh\" or \"keep\"");
    /* Where to is our business: curl is to resolve nothing. */
    return append(&http->connect_to, "::127.0.0.1:") ? PROMON_OK : fail_memory(http, error);
}

static void read_plain(struct promon__http *http)
{
    const struct promon_host *host = http->host;
    const struct promon_params *params = http->params;

    http->url = host->param_string(params, "url", "");
    http->method = host->param_string(params, "method", "GET");
    http->body = host->param_string(params, "body", NULL);
    http->body_contains = host->param_string(params, "body_contains", NULL);
    http->user = host->param_string(params, "user", NULL);
    http->password = host->param_string(params, "password", NULL);
    http->bearer_token = host->param_string(params, "bearer_token", NULL);
    http->ca_file = host->param_string(params, "ca_file", NULL);
    http->client_cert = host->param_string(params, "client_cert", NULL);
    http->client_key = host->param_string(params, "client_key", NULL);
    http->unix_socket = host->param_string(params, "unix_socket", NULL);
    http->timeout_ns = (int64_t)(host->param_number(params, "timeout", 0) * 1e9);
    http->verifies = host->param_boolean(params, "verify_ssl", true);
    http->follows = host->param_boolean(params, "follow_redirects", true);
    http->max_redirects = (unsigned)host->param_integer(params, "max_redirects", 10);
    http->max_body_bytes = (size_t)host->param_integer(params, "max_body_bytes", 1048576);
    http->certificate.is_required = http->verifies;
}

static enum promon_status check_plain(const struct promon__http *http, struct promon_error *error)
{
    const struct promon_host *host = http->host;

    if (!is_token(http->method))
        return host->error_set(error, PROMON_ECONFIG, "params.method: no method of HTTP");
    if (http->bearer_token != NULL && (http->user != NULL || http->password != NULL))
        return host->error_set(error, PROMON_ECONFIG,
                               "params.bearer_token: not together with user and password");
    if (http->bearer_token != NULL && has_break(http->bearer_token))
        return host->error_set(error, PROMON_ECONFIG, "params.bearer_token: has a line break");
    if (http->unix_socket != NULL && http->unix_socket[0] != '/')
        return host->error_set(error, PROMON_ECONFIG,
                               "params.unix_socket: expected a path from '/' on");
    return PROMON_OK;
}

enum promon_status promon__http_read(struct promon__http *http, struct promon_error *error)
{
    enum promon_status status;

    read_plain(http);
    status = check_plain(http, error);
    if (status == PROMON_OK && !promon__http_place(http->url, &http->place))
        status = http->host->error_set(error, PROMON_ECONFIG,
                                       "params.url: expected a URL of http or https");
    if (status == PROMON_OK)
        status = read_statuses(http, error);
    if (status == PROMON_OK)
        status = read_version(http, error);
    if (status == PROMON_OK)
        status = read_connect(http, error);
    return status == PROMON_OK ? read_headers(http, error) : status;
}

void promon__http_forget(struct promon__http *http)
{
    curl_easy_cleanup(http->kept);
    curl_slist_free_all(http->headers);
    curl_slist_free_all(http->plain_headers);
    curl_slist_free_all(http->connect_to);
    promon__http_place_free(&http->place);
}
