/*
 * A small HTTP/1.1 client on a raw socket: keep-alive, pipelining, and nothing done behind the
 * test's back except that a connection the server had closed while idle is opened again.
 *
 * Thread:  one thread at a time per client.
 */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEADERS_MAX 32

struct http_client;

/* One request; everything is borrowed. `headers` are whole lines, each ended by "\r\n". */
struct http_message {
    const char *method;
    const char *target;
    const char *headers; /* may be NULL */
    const char *body; /* may be NULL: no body and no Content-Length */
    size_t body_size;
};

struct http_header {
    const char *name;
    const char *value;
};

/* An answer; what it points to is freed by http_reply_clear. */
struct http_reply {
    unsigned status;
    size_t n_headers;
    struct http_header headers[HTTP_HEADERS_MAX];
    char *head;
    char *body; /* NUL-terminated behind body_size bytes */
    size_t body_size;
    bool closes; /* the server said it will close the connection */
};

/* Connects at the first request. NULL when memory ran out. */
struct http_client *http_client_open(unsigned port, unsigned timeout_ms);
void http_client_close(struct http_client *client);

/* Whether the client has a connection, and closing that. */
bool http_client_is_connected(const struct http_client *client);
void http_client_disconnect(struct http_client *client);

/* Sends a request and waits for its answer. False when there was none in time; the connection is
 * closed then. */
bool http_client_exchange(struct http_client *client, const struct http_message *message,
                          struct http_reply *reply);

/* The two halves of it, for pipelining: send any number, then read as many answers in order. */
bool http_client_send(struct http_client *client, const struct http_message *message);
bool http_client_read(struct http_client *client, bool is_head, struct http_reply *reply);

/* Value of a header field, or NULL. */
const char *http_reply_header(const struct http_reply *reply, const char *name);

void http_reply_clear(struct http_reply *reply);

#endif
