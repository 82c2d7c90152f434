/*
 * Pages: what the monitor answers, for any HTTP server. The listener of the library and the header
 * promon/baseapi.h use nothing else.
 *
 *     GET /ping       200 "pong"
 *     GET /metrics    200, in the format that Accept asks for; ?name[]=x_total chooses families
 *     GET /livez      200 while the scheduler turns; knows no dependency
 *     GET /readyz     200, or 503 when a probe of the group "ready" is down
 *     GET /startupz   503 until every probe of the group "startup" was up once
 *     GET /status     a page for people; /status.json and badges for others
 * Answers are made from stored results: no request waits for a check.
 */
#ifndef PROMON_PAGE_H
#define PROMON_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <promon/export.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;

/* The longest Accept, Accept-Encoding or query that is looked at; a longer one is ignored. */
#define PROMON_MAX_HEADER_BYTES 4096

enum promon_format {
    PROMON_FORMAT_NEGOTIATED = 0,
    PROMON_FORMAT_TEXT = 1, /* Prometheus text 0.0.4: the last resort */
    PROMON_FORMAT_OPENMETRICS_1 = 2,
    PROMON_FORMAT_PROTOBUF = 3, /* delimited io.prometheus.client.MetricFamily */
    PROMON_FORMAT_OPENMETRICS_2 = 4, /* 2.0.0-rc0; only when asked for by its version */
    PROMON_FORMAT_TEXT_1 = 5 /* Prometheus text 1.0.0 */
};

/* What is asked for. Zero of every member means its default; all is borrowed for the call. */
struct promon_request {
    size_t size; /* sizeof(struct promon_request) */
    const char *method; /* default "GET" */
    const char *path; /* without the query; default: the metrics */
    const char *query; /* behind the '?', percent-encoded; default none */
    const char *accept; /* the header's value; default none */
    const char *accept_encoding; /* the same */
    enum promon_format format; /* fixed, whatever `accept` says */
};

#define PROMON_REQUEST_INIT PROMON_INIT_(promon_request)

/*
 * The answer. Set to PROMON_PAGE_INIT before the first use, and used again and again, its buffers
 * are kept: rendering into it allocates nothing once they are large enough. Freed by
 * promon_page_clear.
 */
struct promon_page {
    size_t size; /* sizeof(struct promon_page) */
    int status; /* of HTTP */
    const char *content_type; /* "" when there is no body */
    const char *content_encoding; /* "gzip" or "" */
    const char *allow; /* with 405; else "" */
    const char *cache_control; /* "no-store", or for badges "max-age=…" */
    const char *vary; /* names of headers, or "" */
    const char *security_policy; /* Content-Security-Policy of the status page, or "" */
    const char *body; /* valid until the page is used again */
    size_t body_size;
    bool is_head; /* the body is described, but not to be sent */
    struct promon_page_buffers *buffers; /* the library's */
};

#define PROMON_PAGE_INIT PROMON_INIT_(promon_page)

/*
 * Answers a request: 404 and 405 are answers too, with bodies. One page is used by one thread at a
 * time; scrapes of several threads share the work where they meet.
 *
 * Thread:  any thread.
 * Errors:  PROMON_EINVALID  the size of the request or of the page is not set.
 *          PROMON_ENOMEM    the page has status 500 and no body.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_respond(struct promon *promon,
                                             const struct promon_request *request,
                                             struct promon_page *page, struct promon_error *error);

/* Frees the buffers of a page, which may be used again. Since: 0.1 */
PROMON_API void promon_page_clear(struct promon_page *page);

/*
 * The path of a kind of page as it is configured, "" when there is none: for servers that mount
 * them. `kind` is "ping", "metrics", "live", "ready", "startup" or "status"; NULL for another.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API const char *promon_route(const struct promon *promon, const char *kind);

PROMON_END_DECLS

#endif
