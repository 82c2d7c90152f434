/*
 * The module "http", as its parts know it: what one probe was told, and one exchange with a server.
 */
#ifndef PROMON_SRC_PROBES_PROBE_HTTP_H
#define PROMON_SRC_PROBES_PROBE_HTTP_H

#include <curl/curl.h>
#include <jansson.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certificate.h"

enum { PROMON__HTTP_STATUSES = 32 };

/* Where a request goes. */
struct promon__http_place {
    char *scheme, *host, *port; /* curl's; host without brackets */
    char *user, *password; /* of the URL, decoded; NULL: it has none */
};

/* One probe; strings are of its parameters unless said otherwise. */
struct promon__http {
    const struct promon_host *host;
    const struct promon_params *params;
    const char *url, *method, *body, *body_contains;
    const char *user, *password, *bearer_token;
    const char *ca_file, *client_cert, *client_key, *unix_socket;
    int64_t timeout_ns; /* 0: only the deadline of the probe */
    bool verifies, follows, keeps;
    unsigned max_redirects, n_statuses;
    long version; /* CURL_HTTP_VERSION_… */
    size_t max_body_bytes;
    long statuses[PROMON__HTTP_STATUSES];
    struct curl_slist *headers; /* for the server of `url` */
    struct curl_slist *plain_headers; /* for another one, which the first sent us to */
    struct curl_slist *connect_to;
    struct promon__http_place place; /* of `url` */
    CURL *kept; /* between checks, with its connections */
    struct promon__certificate certificate;
};

/* Reads the parameters; whatever it made is freed by close, also on failure. */
enum promon_status promon__http_read(struct promon__http *http, struct promon_error *error);
void promon__http_forget(struct promon__http *http);

/* Takes a URL apart; false: it is none of HTTP. Freed by place_free, which leaves zeros. */
bool promon__http_place(const char *url, struct promon__http_place *out);
void promon__http_place_free(struct promon__http_place *place);
bool promon__http_is_same(const struct promon__http_place *one,
                          const struct promon__http_place *other);

/* One request and its answer. */
struct promon__http_exchange {
    struct promon__http *http;
    struct promon_result *result;
    CURL *curl;
    int64_t deadline_ns;
    const struct promon__http_place *place;
    const char *url, *method;
    bool is_elsewhere; /* not the server of the parameters: no credentials, no body */
    bool has_connected; /* a connection was made for it, or tried */
    enum promon_verdict connected; /* how that ended */
    bool is_secured; /* a TLS handshake was begun for it */
    bool is_full; /* the body was larger than the limit, and was cut there */
    char *body; /* freed by whoever began the exchange */
    size_t size, capacity;
};

/* PROMON_UP: there is an answer with a status. */
enum promon_verdict promon__http_exchange(struct promon__http_exchange *exchange);

/* Whether an answer with this status sends us elsewhere, if it says where. */
bool promon__http_is_redirect(const struct promon__http *http, long status);

/* Whether the body is needed at all, and whether it is as wanted. */
bool promon__http_wants_body(const struct promon__http *http);
enum promon_verdict promon__http_judge_body(const struct promon__http_exchange *exchange);

#endif
