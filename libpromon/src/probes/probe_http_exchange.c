/*
 * One request of "http" and its answer, by libcurl.
 *
 * Invariant: libcurl never resolves a name: it asks for a socket, and gets one that the library has
 * connected within the deadline, so that why there is none is told exactly. Only to a Unix socket
 * it connects itself. It takes a proxy and credentials from nowhere but the parameters.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <promon/version.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe_http.h"

static curl_socket_t make_connection(void *data, curlsocktype purpose,
                                     struct curl_sockaddr *address)
{
    struct promon__http_exchange *exchange = data;
    const struct promon__http *http = exchange->http;
    struct promon_target target = {.size = sizeof(target)};
    int fd = -1;

    (void)purpose;
    (void)address;
    /* A second time: the first connection was no good, and it is said why. */
    if (exchange->connected != PROMON_UP)
        return CURL_SOCKET_BAD;
    target.host = exchange->place->host;
    target.port = (unsigned)strtoul(exchange->place->port, NULL, 10);
    exchange->has_connected = true;
    exchange->connected =
        http->host->connect(&target, exchange->deadline_ns, exchange->result, &fd);
    return exchange->connected == PROMON_UP ? fd : CURL_SOCKET_BAD;
}

/*
 * libcurl 7.87 and 7.88 connect in spite of this. The system lets them: a connection that was
 * waited for is reported by the next connect(), and only by that.
 */
static int is_connected_already(void *data, curl_socket_t fd, curlsocktype purpose)
{
    (void)data;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* Where a certificate is not to be trusted it is told all the same whether it could be. */
static void load_authorities(const struct promon__http *http, SSL_CTX *context)
{
    if (http->ca_file == NULL)
        (void)SSL_CTX_set_default_verify_paths(context);
    else
        (void)SSL_CTX_load_verify_locations(context, http->ca_file, NULL);
    ERR_clear_error();
}

static CURLcode watch_handshake(CURL *curl, void *context, void *data)
{
    struct promon__http_exchange *exchange = data;

    (void)curl;
    /* libcurl has done so for those that are. */
    if (!exchange->http->verifies)
        load_authorities(exchange->http, context);
    /* What an earlier connection has shown says nothing of why this one fails. */
    exchange->http->certificate.is_seen = false;
    exchange->is_secured = true;
    promon__certificate_watch(&exchange->http->certificate, context);
    return CURLE_OK;
}

static bool reserve(struct promon__http_exchange *exchange, size_t size)
{
    size_t capacity = exchange->capacity == 0 ? 4096 : exchange->capacity;
    char *larger;

    while (capacity < size)
        capacity *= 2;
    if (capacity == exchange->capacity)
        return true;
    larger = realloc(exchange->body, capacity);
    if (larger == NULL)
        return false;
    exchange->body = larger;
    exchange->capacity = capacity;
    return true;
}

/* What comes with a redirect is for people; where it leads must not depend on how long it is. */
static bool is_passed_over(const struct promon__http_exchange *exchange)
{
    long status = 0;

    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    return promon__http_is_redirect(exchange->http, status);
}

/* The body, up to the limit; what is not looked at is not kept. */
static size_t take_body(char *data, size_t one, size_t count, void *user)
{
    struct promon__http_exchange *exchange = user;
    const size_t room = exchange->http->max_body_bytes - exchange->size;
    const size_t size = one * count, taken = size < room ? size : room;

    if (is_passed_over(exchange))
        return size;
    if (promon__http_wants_body(exchange->http)) {
        if (!reserve(exchange, exchange->size + taken + 1))
            return 0;
        memcpy(exchange->body + exchange->size, data, taken);
    }
    exchange->size += taken;
    exchange->is_full = taken < size;
    return taken;
}

static void set_method(const struct promon__http_exchange *exchange)
{
    const struct promon__http *http = exchange->http;
    CURL *curl = exchange->curl;
    const bool has_body = http->body != NULL && !exchange->is_elsewhere &&
                          strcmp(exchange->method, http->method) == 0;

    if (strcmp(exchange->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (has_body || strcmp(exchange->method, "POST") == 0) {
        const char *body = has_body ? http->body : "";

        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->method);
}

/* Nothing of this goes to a server that another one has named. */
static void set_credentials(const struct promon__http_exchange *exchange)
{
    const struct promon__http *http = exchange->http;
    CURL *curl = exchange->curl;
    const char *user = http->user != NULL ? http->user : http->place.user;
    const char *password = http->password != NULL ? http->password : http->place.password;

    if (user != NULL)
        curl_easy_setopt(curl, CURLOPT_USERNAME, user);
    if (password != NULL)
        curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    if (http->bearer_token != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, http->bearer_token);
    }
    if (http->client_cert != NULL)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, http->client_cert);
    if (http->client_key != NULL)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, http->client_key);
    /* Else OpenSSL would ask the terminal for the one of a key that is locked, and wait. */
    curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "");
}

static void set_tls(struct promon__http_exchange *exchange)
{
    CURL *curl = exchange->curl;

    /* The name is compared where the chain is judged; a resumed session would show none. */
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, exchange->http->verifies ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, watch_handshake);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, exchange);
    if (exchange->http->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, exchange->http->ca_file);
}

static void set_connection(struct promon__http_exchange *exchange)
{
    CURL *curl = exchange->curl;

    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (exchange->http->unix_socket != NULL) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, exchange->http->unix_socket);
        exchange->has_connected = true;
    } else {
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, exchange->http->connect_to);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, make_connection);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange);
        curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, is_connected_already);
    }
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, exchange->http->keeps ? 0L : 1L);
}

static void set_request(struct promon__http_exchange *exchange)
{
    const struct promon__http *http = exchange->http;
    CURL *curl = exchange->curl;
    const int64_t left_ns = exchange->deadline_ns - http->host->now_ns();
    const long left_ms = (long)(left_ns / 1000000);

    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms < 1 ? 1L : left_ms);
    curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "libpromon/" PROMON_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, http->version);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
                     exchange->is_elsewhere ? http->plain_headers : http->headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    set_connection(exchange);
    set_tls(exchange);
    set_method(exchange);
    if (!exchange->is_elsewhere)
        set_credentials(exchange);
}

static int64_t time_of(CURL *curl, CURLINFO which)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(curl, which, &us) == CURLE_OK ? (int64_t)us * 1000 : 0;
}

static void tell_part(const struct promon__http_exchange *exchange, enum promon_phase phase,
                      int64_t from_ns, int64_t to_ns)
{
    if (from_ns > 0 && to_ns >= from_ns)
        exchange->http->host->phase(exchange->result, phase, to_ns - from_ns);
}

/* Name and connection were timed when they were made. */
static void tell_phases(const struct promon__http_exchange *exchange)
{
    CURL *curl = exchange->curl;
    const int64_t connected_ns = time_of(curl, CURLINFO_CONNECT_TIME_T);
    const int64_t secured_ns = time_of(curl, CURLINFO_APPCONNECT_TIME_T);
    const int64_t asked_ns = time_of(curl, CURLINFO_PRETRANSFER_TIME_T);
    const int64_t answered_ns = time_of(curl, CURLINFO_STARTTRANSFER_TIME_T);

    tell_part(exchange, PROMON_PHASE_TLS, connected_ns, secured_ns);
    tell_part(exchange, PROMON_PHASE_QUERY, asked_ns, answered_ns);
    tell_part(exchange, PROMON_PHASE_TRANSFER, answered_ns, time_of(curl, CURLINFO_TOTAL_TIME_T));
}

static bool is_securing(const struct promon__http_exchange *exchange)
{
    return exchange->has_connected && strcmp(exchange->place->scheme, "https") == 0 &&
           time_of(exchange->curl, CURLINFO_APPCONNECT_TIME_T) == 0;
}

/*
 * Of a Unix socket, to which libcurl does not say why it could not connect, and takes one whose
 * queue is full for connected: it is found out in the time that is left.
 */
static enum promon_verdict fail_unix(const struct promon__http_exchange *exchange, CURLcode code)
{
    const struct promon_host *host = exchange->http->host;
    const struct promon_target target = {.size = sizeof(target),
                                         .host = exchange->http->unix_socket};
    enum promon_verdict verdict;
    int fd = -1;

    verdict = host->connect(&target, exchange->deadline_ns, exchange->result, &fd);
    if (verdict != PROMON_UP)
        return verdict;
    close(fd);
    return host->fail(exchange->result, PROMON_REASON_PROTOCOL, "%s", curl_easy_strerror(code));
}

static enum promon_verdict fail(const struct promon__http_exchange *exchange, CURLcode code)
{
    const struct promon_host *host = exchange->http->host;
    struct promon_result *result = exchange->result;
    enum promon_reason reason = PROMON_REASON_PROTOCOL;

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        if (is_securing(exchange))
            return host->fail(result, PROMON_REASON_CONNECT_TIMEOUT,
                              "the TLS handshake was not over in time");
        if (time_of(exchange->curl, CURLINFO_PRETRANSFER_TIME_T) == 0)
            return host->fail(result, PROMON_REASON_CONNECT_TIMEOUT, "no connection in time");
        return host->fail(result, PROMON_REASON_TIMEOUT, "no whole answer in time");
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
        if (exchange->http->unix_socket != NULL)
            return fail_unix(exchange, code);
        break;
    case CURLE_GOT_NOTHING:
        return host->fail(result, reason, "it closed the connection without an answer");
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_WRITE_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: reason = PROMON_REASON_INTERNAL; break;
    default: break;
    }
    return host->fail(result, reason, "%s", curl_easy_strerror(code));
}

enum promon_verdict promon__http_exchange(struct promon__http_exchange *exchange)
{
    struct promon__http *http = exchange->http;
    CURLcode code;

    exchange->connected = PROMON_UP;
    /* Of each exchange: a server may ask for a new handshake on a connection that was kept. */
    http->certificate.host = exchange->place->host;
    set_request(exchange);
    code = curl_easy_perform(exchange->curl);
    http->certificate.host = NULL;
    tell_phases(exchange);
    if (exchange->connected != PROMON_UP)
        return exchange->connected;
    if (code == CURLE_WRITE_ERROR && exchange->is_full)
        code = CURLE_OK;
    if (code == CURLE_OK)
        return PROMON_UP;
    if (exchange->is_secured && promon__certificate_is_refused(&http->certificate))
        return promon__certificate_fail(&http->certificate, http->host, exchange->result);
    return fail(exchange, code);
}
