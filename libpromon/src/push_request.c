/*
 * One request by libcurl.
 *
 * A name service that does not answer does not hold it up: the resolver's thread is left behind.
 * Redirects are not followed: credentials stay with the gateway that they were given for.
 */
#include "push_request.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "text.h"

enum {
    /* Of the gateway's words; an error shows some hundred bytes. */
    MAX_ANSWER_BYTES = 4096,
    TOO_MANY_REQUESTS = 429,
    FIRST_SUCCESS = 200,
    FIRST_REDIRECT = 300,
    FIRST_SERVER_ERROR = 500
};

struct exchange {
    const struct promon__push_request *request;
    CURL *curl;
    struct curl_slist *headers;
    struct text answer;
    bool no_memory;
};

/* What is beyond the limit is read and dropped, so that the connection ends in order. */
static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct text *answer = context;
    const size_t room = MAX_ANSWER_BYTES - answer->size;
    const size_t taken = size * count < room ? size * count : room;

    text_bytes(answer, data, taken);
    return size * count;
}

static int look_for_cancel(void *context, curl_off_t total_down, curl_off_t down,
                           curl_off_t total_up, curl_off_t up)
{
    const struct promon__push_request *request = context;

    (void)total_down;
    (void)down;
    (void)total_up;
    (void)up;
    return request->is_cancelled != NULL && atomic_load(request->is_cancelled);
}

static void add_header(struct exchange *exchange, const char *header)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, header);

    if (longer == NULL)
        exchange->no_memory = true;
    else
        exchange->headers = longer;
}

static void add_header_of(struct exchange *exchange, const char *name, const char *value)
{
    struct text header = {0};

    text_string(&header, name);
    text_string(&header, ": ");
    text_string(&header, value);
    if (header.failed)
        exchange->no_memory = true;
    else
        add_header(exchange, header.data);
    text_free(&header);
}

static void set_headers(struct exchange *exchange)
{
    const struct promon__push_request *request = exchange->request;

    /* No wait for "100 Continue", and no type that libcurl makes up. */
    add_header(exchange, "Expect:");
    if (request->content_type == NULL)
        add_header(exchange, "Content-Type:");
    else
        add_header_of(exchange, "Content-Type", request->content_type);
    if (request->content_encoding != NULL && request->content_encoding[0] != '\0')
        add_header_of(exchange, "Content-Encoding", request->content_encoding);
    if (request->target->authorization != NULL)
        add_header(exchange, request->target->authorization);
}

#define SET(exchange, option, value)                                                 \
    ((exchange)->no_memory =                                                         \
         curl_easy_setopt((exchange)->curl, option, value) == CURLE_OUT_OF_MEMORY || \
         (exchange)->no_memory)

static void set_credentials(struct exchange *exchange)
{
    const struct promon__push_target *target = exchange->request->target;

    if (target->user != NULL) {
        SET(exchange, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(exchange, CURLOPT_USERNAME, target->user);
        SET(exchange, CURLOPT_PASSWORD, target->password == NULL ? "" : target->password);
    }
    if (target->ca_file != NULL)
        SET(exchange, CURLOPT_CAINFO, target->ca_file);
    if (target->skip_verify) {
        SET(exchange, CURLOPT_SSL_VERIFYPEER, 0L);
        SET(exchange, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_deadline(struct exchange *exchange)
{
    SET(exchange, CURLOPT_TIMEOUT_MS, exchange->request->target->timeout_ms);
    SET(exchange, CURLOPT_CONNECTTIMEOUT_MS, exchange->request->target->timeout_ms);
    SET(exchange, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(exchange, CURLOPT_QUICK_EXIT, 1L);
#endif
    SET(exchange, CURLOPT_NOPROGRESS, 0L);
    SET(exchange, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
    SET(exchange, CURLOPT_XFERINFODATA, (void *)exchange->request);
}

static void set_up(struct exchange *exchange)
{
    const struct promon__push_request *request = exchange->request;

    set_headers(exchange);
    set_deadline(exchange);
    set_credentials(exchange);
    SET(exchange, CURLOPT_URL, request->target->url);
    SET(exchange, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(exchange, CURLOPT_CUSTOMREQUEST, request->method);
    SET(exchange, CURLOPT_USERAGENT, "libpromon");
    SET(exchange, CURLOPT_HTTPHEADER, exchange->headers);
    SET(exchange, CURLOPT_WRITEFUNCTION, take_answer);
    SET(exchange, CURLOPT_WRITEDATA, &exchange->answer);
    if (request->body != NULL) {
        SET(exchange, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(exchange, CURLOPT_POSTFIELDS, request->body);
    }
}

/* A write of TLS may raise SIGPIPE, which is not for the host. */
static CURLcode perform_without_sigpipe(CURL *curl)
{
    const struct timespec at_once = {0, 0};
    sigset_t pipe, pending, before;
    CURLcode code;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    code = curl_easy_perform(curl);
    if (!sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static enum promon_status fail(const struct exchange *exchange, enum promon_status status,
                               const char *words, struct promon_error *error)
{
    return promon__fail(error, status, "%s: %s", exchange->request->target->url, words);
}

static enum promon_status status_of(CURLcode code)
{
    switch (code) {
    case CURLE_OUT_OF_MEMORY: return PROMON_ENOMEM;
    case CURLE_OPERATION_TIMEDOUT: return PROMON_ETIMEDOUT;
    case CURLE_ABORTED_BY_CALLBACK: return PROMON_ESTATE;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2: return PROMON_EPROTOCOL;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT: return PROMON_EINVALID;
    default: return PROMON_ECONNECTION;
    }
}

static enum promon_status judge_answer(struct exchange *exchange, bool *may_pass,
                                       struct promon_error *error)
{
    const char *words = exchange->answer.size == 0 ? "no words" : exchange->answer.data;
    long http_status = 0;

    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status >= FIRST_SUCCESS && http_status < FIRST_REDIRECT)
        return PROMON_OK;
    *may_pass = http_status == TOO_MANY_REQUESTS || http_status >= FIRST_SERVER_ERROR;
    return promon__fail_http(error, PROMON_EREJECTED, (int)http_status, "%s: HTTP %ld: %s",
                             exchange->request->target->url, http_status, words);
}

static enum promon_status carry_out(struct exchange *exchange, bool *may_pass,
                                    struct promon_error *error)
{
    enum promon_status status;
    CURLcode code;

    set_up(exchange);
    if (exchange->no_memory)
        return promon__fail_memory(error);
    code = perform_without_sigpipe(exchange->curl);
    if (code == CURLE_OK)
        return judge_answer(exchange, may_pass, error);
    status = status_of(code);
    *may_pass = status == PROMON_ECONNECTION || status == PROMON_ETIMEDOUT;
    return fail(exchange, status, status == PROMON_ESTATE ? "broken off" : curl_easy_strerror(code),
                error);
}

enum promon_status promon__push_request(const struct promon__push_request *request, bool *may_pass,
                                        struct promon_error *error)
{
    struct exchange exchange = {.request = request, .curl = curl_easy_init()};
    enum promon_status status;

    *may_pass = false;
    if (exchange.curl == NULL)
        return promon__fail_memory(error);
    status = carry_out(&exchange, may_pass, error);
    curl_slist_free_all(exchange.headers);
    curl_easy_cleanup(exchange.curl);
    text_free(&exchange.answer);
    return status;
}
