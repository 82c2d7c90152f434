/*
 * Reading is done byte by byte up to the end of the head, so that nothing of the next answer is taken.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int wire_open(unsigned port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    const int yes = 1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

bool wire_send(int fd, const char *data, size_t size)
{
    while (size != 0) {
        const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool wire_print(int fd, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return size > 0 && (size_t)size < sizeof(text) && wire_send(fd, text, (size_t)size);
}

/* One piece of at most `size` bytes: 0 at the end of the connection, -1 when nothing came in time. */
static ssize_t receive(int fd, char *data, size_t size, unsigned timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got;

    if (poll(&ready, 1, (int)timeout_ms) != 1)
        return -1;
    got = recv(fd, data, size, 0);
    return got < 0 ? 0 : got;
}

static enum wire_outcome read_head(int fd, unsigned timeout_ms, struct wire_reply *reply)
{
    size_t size = 0;

    while (size < sizeof(reply->head) - 1) {
        const ssize_t got = receive(fd, reply->head + size, 1, timeout_ms);

        if (got <= 0)
            return got == 0 ? WIRE_CLOSED : WIRE_SILENT;
        reply->head[++size] = '\0';
        if (size >= 4 && memcmp(reply->head + size - 4, "\r\n\r\n", 4) == 0)
            return WIRE_REPLY;
    }
    return WIRE_CLOSED;
}

static enum wire_outcome read_body(int fd, size_t size, unsigned timeout_ms,
                                   struct wire_reply *reply)
{
    if (size >= sizeof(reply->body))
        return WIRE_CLOSED;
    while (reply->body_size < size) {
        const ssize_t got =
            receive(fd, reply->body + reply->body_size, size - reply->body_size, timeout_ms);

        if (got <= 0)
            return got == 0 ? WIRE_CLOSED : WIRE_SILENT;
        reply->body_size += (size_t)got;
    }
    reply->body[size] = '\0';
    return WIRE_REPLY;
}

const char *wire_header(const struct wire_reply *reply, const char *name, char *value, size_t size)
{
    const size_t name_size = strlen(name);
    const char *line = strstr(reply->head, "\r\n");

    for (; line != NULL && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        const char *start = line + 2;

        if (strncasecmp(start, name, name_size) == 0 && start[name_size] == ':') {
            start += name_size + 1;
            start += strspn(start, " ");
            (void)snprintf(value, size, "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    }
    return NULL;
}

enum wire_outcome wire_read(int fd, bool is_head, unsigned timeout_ms, struct wire_reply *reply)
{
    char value[64];
    size_t size = 0;

    memset(reply, 0, sizeof(*reply));
    reply->outcome = read_head(fd, timeout_ms, reply);
    if (reply->outcome != WIRE_REPLY)
        return reply->outcome;
    if (sscanf(reply->head, "HTTP/1.1 %3u", &reply->status) != 1)
        reply->status = 0;
    reply->closes = wire_header(reply, "Connection", value, sizeof(value)) != NULL &&
                    strcasecmp(value, "close") == 0;
    if (!is_head && wire_header(reply, "Content-Length", value, sizeof(value)) != NULL)
        size = strtoul(value, NULL, 10);
    reply->outcome = read_body(fd, size, timeout_ms, reply);
    return reply->outcome;
}

unsigned wire_get(int fd, const char *target, struct wire_reply *reply)
{
    if (!wire_print(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target))
        return 0;
    return wire_read(fd, false, WIRE_PATIENCE_MS, reply) == WIRE_REPLY ? reply->status : 0;
}

bool wire_is_closed(int fd, unsigned timeout_ms)
{
    char byte;

    return receive(fd, &byte, 1, timeout_ms) == 0;
}
