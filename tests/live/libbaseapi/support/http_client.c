/*
 * The client: a socket, and a buffer of what was received behind the answer read last.
 *
 * Invariant: while connected, `data` begins with the first byte of the next answer. Anything that
 * is not a whole well-formed answer ends the connection.
 */
#include "http_client.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A connection that the server closes while a request is on its way is opened again this often. */
enum { ATTEMPTS = 2, READ_SIZE = 65536 };

struct http_client {
    unsigned port;
    unsigned timeout_ms;
    int fd;
    bool is_reused; /* an answer came over this connection: it may have been closed as idle */
    bool has_ended; /* the server closed it in an orderly way, before any byte of an answer */
    char *data;
    size_t size;
    size_t capacity;
};

struct http_client *http_client_open(unsigned port, unsigned timeout_ms)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->port = port;
    client->timeout_ms = timeout_ms;
    client->fd = -1;
    return client;
}

void http_client_disconnect(struct http_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->size = 0;
    client->is_reused = false;
}

void http_client_close(struct http_client *client)
{
    if (client == NULL)
        return;
    http_client_disconnect(client);
    free(client->data);
    free(client);
}

bool http_client_is_connected(const struct http_client *client)
{
    return client->fd >= 0;
}

static bool connect_client(struct http_client *client)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)client->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;

    client->has_ended = false;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return false;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    http_client_disconnect(client);
    return false;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool send_all(struct http_client *client, const char *data, size_t size)
{
    while (size != 0) {
        const ssize_t sent = send(client->fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static char *render(const struct http_message *message, size_t *size)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);

    if (stream == NULL)
        return NULL;
    fprintf(stream, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", message->method, message->target,
            message->headers == NULL ? "" : message->headers);
    if (message->body != NULL)
        fprintf(stream, "Content-Length: %zu\r\n", message->body_size);
    fputs("\r\n", stream);
    if (message->body != NULL)
        fwrite(message->body, 1, message->body_size, stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

bool http_client_send(struct http_client *client, const struct http_message *message)
{
    size_t size = 0;
    char *text = render(message, &size);
    bool is_sent = text != NULL && (client->fd >= 0 || connect_client(client));

    /* A refusal may come while the body is still being sent: whether there is an answer is up to
     * the reading side. */
    if (is_sent && !send_all(client, text, size))
        is_sent = client->fd >= 0;
    free(text);
    return is_sent;
}

static bool make_room(struct http_client *client)
{
    const size_t wanted = client->size + READ_SIZE;
    char *grown;

    if (wanted <= client->capacity)
        return true;
    grown = realloc(client->data, wanted * 2);
    if (grown == NULL)
        return false;
    client->data = grown;
    client->capacity = wanted * 2;
    return true;
}

/* Receives at least a byte before `end_ms`. */
static bool receive(struct http_client *client, uint64_t end_ms)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
    const uint64_t now = now_ms();
    ssize_t got;
    int ready;

    if (now >= end_ms || !make_room(client))
        return false;
    ready = poll(&poll_fd, 1, (int)(end_ms - now));
    if (ready <= 0)
        return ready < 0 && errno == EINTR;
    got = recv(client->fd, client->data + client->size, READ_SIZE, 0);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0) {
        client->has_ended = client->size == 0;
        return false;
    }
    client->size += (size_t)got;
    return true;
}

static bool read_status_line(char *line, unsigned *status)
{
    if (strncmp(line, "HTTP/1.1 ", 9) != 0 || strlen(line) < 12 || line[12] != ' ')
        return false;
    *status = (unsigned)strtoul(line + 9, NULL, 10);
    return *status >= 100 && *status <= 599;
}

/* Takes the head apart in place. */
static bool parse_head(struct http_reply *reply)
{
    char *rest = reply->head;
    char *line = strsep(&rest, "\n");

    line[strcspn(line, "\r")] = '\0';
    if (!read_status_line(line, &reply->status))
        return false;
    while (rest != NULL && *rest != '\0') {
        char *colon;

        line = strsep(&rest, "\n");
        line[strcspn(line, "\r")] = '\0';
        colon = strchr(line, ':');
        if (*line == '\0')
            break;
        if (colon == NULL || reply->n_headers == HTTP_HEADERS_MAX)
            return false;
        *colon = '\0';
        reply->headers[reply->n_headers].name = line;
        reply->headers[reply->n_headers++].value = colon + 1 + strspn(colon + 1, " ");
    }
    return true;
}

const char *http_reply_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

void http_reply_clear(struct http_reply *reply)
{
    free(reply->head);
    free(reply->body);
    memset(reply, 0, sizeof(*reply));
}

/* Moves the first `size` bytes received into a string of their own. */
static char *take(struct http_client *client, size_t size)
{
    char *taken = malloc(size + 1);

    if (taken == NULL)
        return NULL;
    if (size != 0)
        memcpy(taken, client->data, size);
    taken[size] = '\0';
    client->size -= size;
    if (client->size != 0)
        memmove(client->data, client->data + size, client->size);
    return taken;
}

static bool read_head(struct http_client *client, uint64_t end_ms, struct http_reply *reply)
{
    const char *end;

    for (;;) {
        end = client->size == 0 ? NULL : memmem(client->data, client->size, "\r\n\r\n", 4);
        if (end != NULL)
            break;
        if (!receive(client, end_ms))
            return false;
    }
    reply->head = take(client, (size_t)(end - client->data) + 4);
    return reply->head != NULL && parse_head(reply);
}

static bool read_body(struct http_client *client, uint64_t end_ms, bool is_head,
                      struct http_reply *reply)
{
    const char *length = http_reply_header(reply, "Content-Length");
    const char *connection = http_reply_header(reply, "Connection");
    const bool has_body = !is_head && reply->status != 204 && reply->status != 304;

    reply->closes = connection != NULL && strcasecmp(connection, "close") == 0;
    if (has_body && length == NULL)
        return false;
    reply->body_size = has_body ? (size_t)strtoull(length, NULL, 10) : 0;
    while (client->size < reply->body_size) {
        if (!receive(client, end_ms))
            return false;
    }
    reply->body = take(client, reply->body_size);
    return reply->body != NULL;
}

bool http_client_read(struct http_client *client, bool is_head, struct http_reply *reply)
{
    const uint64_t end_ms = now_ms() + client->timeout_ms;

    memset(reply, 0, sizeof(*reply));
    if (client->fd < 0)
        return false;
    if (!read_head(client, end_ms, reply) || !read_body(client, end_ms, is_head, reply)) {
        http_reply_clear(reply);
        http_client_disconnect(client);
        return false;
    }
    client->is_reused = true;
    if (reply->closes)
        http_client_disconnect(client);
    return true;
}

bool http_client_exchange(struct http_client *client, const struct http_message *message,
                          struct http_reply *reply)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const bool was_reused = client->is_reused;

        if (!http_client_send(client, message))
            return false;
        if (http_client_read(client, strcmp(message->method, "HEAD") == 0, reply))
            return true;
        if (!was_reused || !client->has_ended)
            return false;
    }
    return false;
}
