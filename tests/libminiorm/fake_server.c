/* Messages as chapter "Message Formats" of PostgreSQL's manual has them. */
#include "fake_server.h"

#include "test.h"

#include <stdio.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INT4 = 23, BINARY = 1 };

static void put_bytes(struct fake_reply *reply, const void *data, size_t size)
{
    assert_true(size <= sizeof(reply->data) - reply->size);
    memcpy(reply->data + reply->size, data, size);
    reply->size += size;
}

static void put_text(struct fake_reply *reply, const char *text)
{
    put_bytes(reply, text, strlen(text) + 1);
}

static void put16(struct fake_reply *reply, uint16_t number)
{
    const uint16_t bytes = htons(number);

    put_bytes(reply, &bytes, sizeof(bytes));
}

static void put32(struct fake_reply *reply, uint32_t number)
{
    const uint32_t bytes = htonl(number);

    put_bytes(reply, &bytes, sizeof(bytes));
}

/* Begins a message; its length is filled in at the end. */
static size_t begin(struct fake_reply *reply, char type)
{
    put_bytes(reply, &type, 1);
    put32(reply, 0);
    return reply->size - 4;
}

static void end(struct fake_reply *reply, size_t start)
{
    const uint32_t size = htonl((uint32_t)(reply->size - start));

    memcpy(reply->data + start, &size, sizeof(size));
}

void fake_reply_parsed(struct fake_reply *reply)
{
    end(reply, begin(reply, '1'));
}

static void put_bound(struct fake_reply *reply)
{
    end(reply, begin(reply, '2'));
}

static void put_complete(struct fake_reply *reply, const char *tag)
{
    const size_t start = begin(reply, 'C');

    put_text(reply, tag);
    end(reply, start);
}

static void put_description(struct fake_reply *reply)
{
    const size_t start = begin(reply, 'T');

    put16(reply, 1);
    put_text(reply, "n");
    put32(reply, 0);
    put16(reply, 0);
    put32(reply, INT4);
    put16(reply, 4);
    put32(reply, UINT32_MAX);
    put16(reply, BINARY);
    end(reply, start);
}

void fake_reply_rows(struct fake_reply *reply, unsigned rows)
{
    char tag[32];

    put_bound(reply);
    put_description(reply);
    for (unsigned row = 1; row <= rows; row++) {
        const size_t start = begin(reply, 'D');

        put16(reply, 1);
        put32(reply, 4);
        put32(reply, row);
        end(reply, start);
    }
    snprintf(tag, sizeof(tag), "SELECT %u", rows);
    put_complete(reply, tag);
}

void fake_reply_done(struct fake_reply *reply, const char *tag)
{
    put_bound(reply);
    end(reply, begin(reply, 'n'));
    put_complete(reply, tag);
}

void fake_reply_synced(struct fake_reply *reply)
{
    const size_t start = begin(reply, 'Z');

    put_bytes(reply, "I", 1);
    end(reply, start);
}

void fake_reply_farewell(struct fake_reply *reply)
{
    const size_t start = begin(reply, 'E');

    put_text(reply, "SFATAL");
    put_text(reply, "VFATAL");
    put_text(reply, "C57P01");
    put_text(reply, "Mterminating connection due to administrator command");
    put_text(reply, "");
    end(reply, start);
}

void fake_server_open(struct fake_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    server->fd = -1;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server->url, sizeof(server->url),
             "postgresql://fake@127.0.0.1:%u/fake?sslmode=disable&gssencmode=disable",
             ntohs(address.sin_port));
}

void fake_server_close(struct fake_server *server)
{
    fake_server_end(server);
    close(server->listener);
}

static void put_parameter(struct fake_reply *reply, const char *name, const char *value)
{
    const size_t start = begin(reply, 'S');

    put_text(reply, name);
    put_text(reply, value);
    end(reply, start);
}

void fake_server_accept(struct fake_server *server)
{
    struct fake_reply reply = {.size = 0};
    size_t start;

    server->fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server->fd >= 0);
    start = begin(&reply, 'R');
    put32(&reply, 0);
    end(&reply, start);
    put_parameter(&reply, "server_version", "15.0");
    put_parameter(&reply, "client_encoding", "UTF8");
    put_parameter(&reply, "integer_datetimes", "on");
    put_parameter(&reply, "standard_conforming_strings", "on");
    start = begin(&reply, 'K');
    put32(&reply, 1);
    put32(&reply, 1);
    end(&reply, start);
    fake_reply_synced(&reply);
    fake_server_send(server, reply.data, reply.size);
}

void fake_server_skip(struct fake_server *server)
{
    char waste[4096];

    while (recv(server->fd, waste, sizeof(waste), MSG_DONTWAIT) > 0)
        ;
}

void fake_server_send(struct fake_server *server, const void *data, size_t size)
{
    assert_int_equal(send(server->fd, data, size, MSG_NOSIGNAL), size);
}

void fake_server_end(struct fake_server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
}

void fake_server_reset(struct fake_server *server)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(server->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    fake_server_end(server);
}
