/*
 * Servers of HTTP for tests, and probes of them.
 */
#ifndef LIVE_HTTP_SERVERS_H
#define LIVE_HTTP_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "support/prober.h"
#include "support/tiny_server.h"

enum { LONG_MS = 60000, SHORT_MS = 2000 };

#define HTTP_OK "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"

/* A request of the peer; remembers it. */
bool http_take_request(struct tiny_peer *peer);
/* Whether the last request of any server had this part; capitals are not looked at. */
bool http_was_asked(const char *part);
void http_forget_request(void);

/* Servers; what they say is `data`, a text. */
void http_answer(struct tiny_peer *peer, void *data); /* to each request of the connection */
void http_answer_once(struct tiny_peer *peer, void *data);
void http_never_answer(struct tiny_peer *peer, void *data);
void http_say(struct tiny_peer *peer, void *data); /* without having been asked */

/* One probe of 127.0.0.1; `more` are further parameters, after a comma. */
struct probed http_probe(const char *scheme, uint16_t port, const char *more, int64_t timeout_ms,
                         enum promon_verdict verdict, enum promon_reason reason);

struct http_row {
    tiny_serve_fn serve;
    const char *data, *more;
    int64_t timeout_ms;
    enum promon_verdict verdict;
    enum promon_reason reason;
};

/* One probe of a server of its own. */
void http_run(const struct http_row *row);

#endif
