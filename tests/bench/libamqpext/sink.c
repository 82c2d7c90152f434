/*
 * A broker that costs next to nothing, so that only the client is measured: it confirms what it has
 * read with one `multiple` acknowledgement per read, keeps nothing, and to who consumes gives equal
 * messages, as many as the prefetch count allows at a time.
 *
 * usage: sink MESSAGES SIZE
 *
 * Prints its port, serves one connection, prints what it saw as one line of JSON and ends. Whatever
 * the clients of this benchmark do not send ends it with a message.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "job.h"

enum {
    FRAME_METHOD = 1,
    FRAME_HEADER = 2,
    FRAME_BODY = 3,
    FRAME_HEARTBEAT = 8,
    FRAME_HEAD_SIZE = 7,
    FRAME_END_SIZE = 1,
    FRAME_END_BYTE = 0xce,
    FRAME_MAX = 131072,
    PROTOCOL_HEADER_SIZE = 8,
    BUFFER_SIZE = 4 * 1024 * 1024
};

#define METHOD(class, number) ((uint32_t)(class) << 16 | (uint32_t)(number))

struct sink {
    int fd;
    bool is_over;
    char *in, *out;
    size_t in_size, out_size;
    /* Publishing. */
    bool has_confirms;
    uint64_t body_left; /* of the message under way */
    uint64_t published, confirmed;
    /* Consuming. */
    uint64_t messages, body_size, prefetch;
    bool is_consumed;
    uint64_t delivered, acked;
    char *delivery;
    size_t delivery_size, tag_offset;
};

static void die(const char *what)
{
    fprintf(stderr, "sink: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint64_t get(const char *at, size_t bytes)
{
    uint64_t number = 0;

    while (bytes-- != 0)
        number = number << 8 | (unsigned char)*at++;
    return number;
}

static char *put(char *at, uint64_t number, size_t bytes)
{
    while (bytes-- != 0)
        *at++ = (char)(number >> (8 * bytes));
    return at;
}

static char *put_short(char *at, const char *text)
{
    const size_t size = strlen(text);

    at = put(at, size, 1);
    memcpy(at, text, size);
    return at + size;
}

/* Room for what is put next. */
static char *frame_begin(char *at, unsigned type, unsigned channel)
{
    return put(put(put(at, type, 1), channel, 2), 0, 4);
}

static char *frame_finish(char *begin, char *end)
{
    put(begin + 3, (uint64_t)(end - begin) - FRAME_HEAD_SIZE, 4);
    return put(end, FRAME_END_BYTE, 1);
}

static void flush(struct sink *sink)
{
    size_t sent = 0;

    while (sent < sink->out_size) {
        const ssize_t n = send(sink->fd, sink->out + sent, sink->out_size - sent, MSG_NOSIGNAL);

        if (n < 0)
            die("cannot send");
        sent += (size_t)n;
    }
    sink->out_size = 0;
}

/* A method whose arguments are these bytes. */
static void say(struct sink *sink, unsigned channel, uint32_t method, const void *arguments,
                size_t size)
{
    char *begin = sink->out + sink->out_size;
    char *at = put(frame_begin(begin, FRAME_METHOD, channel), method, 4);

    if (size != 0)
        memcpy(at, arguments, size);
    sink->out_size = (size_t)(frame_finish(begin, at + size) - sink->out);
}

static void say_start(struct sink *sink)
{
    static const char arguments[] = "\0\11"
                                    "\0\0\0\50"
                                    "\7productS\0\0\0\10RabbitMQ"
                                    "\7versionS\0\0\0\0063.10.8"
                                    "\0\0\0\5PLAIN"
                                    "\0\0\0\5en_US";

    say(sink, 0, METHOD(10, 10), arguments, sizeof(arguments) - 1);
}

static void say_tune(struct sink *sink)
{
    char arguments[8];

    put(put(put(arguments, 1, 2), FRAME_MAX, 4), 0, 2);
    say(sink, 0, METHOD(10, 30), arguments, sizeof(arguments));
}

static void say_confirm(struct sink *sink)
{
    char arguments[9];

    put(put(arguments, sink->published, 8), 1, 1);
    say(sink, 1, METHOD(60, 80), arguments, sizeof(arguments));
    sink->confirmed = sink->published;
}

/* The frames of one delivery, whose tag alone changes. */
static void make_delivery(struct sink *sink)
{
    char *begin = malloc(sink->body_size + 512);
    char *at;

    if (begin == NULL)
        die("out of memory");
    sink->delivery = begin;
    at = put_short(put(frame_begin(begin, FRAME_METHOD, 1), METHOD(60, 60), 4), "sink");
    sink->tag_offset = (size_t)(at - begin);
    at = put_short(put_short(put(at, 0, 9), JOB_EXCHANGE), JOB_ROUTING_KEY);
    begin = frame_finish(begin, at);
    /* content type, delivery mode, message id */
    at = put(put(frame_begin(begin, FRAME_HEADER, 1), METHOD(60, 0), 4), sink->body_size, 8);
    at = put_short(put(at, 1U << 15 | 1U << 12 | 1U << 7, 2), JOB_CONTENT_TYPE);
    at = put_short(put(at, 2, 1), "01234567-89ab-7cde-8f01-000000000000");
    begin = frame_finish(begin, at);
    if (sink->body_size != 0) {
        at = frame_begin(begin, FRAME_BODY, 1);
        memset(at, 'x', sink->body_size);
        begin = frame_finish(begin, at + sink->body_size);
    }
    sink->delivery_size = (size_t)(begin - sink->delivery);
}

static void deliver(struct sink *sink)
{
    while (sink->delivered < sink->messages && sink->delivered - sink->acked < sink->prefetch) {
        if (BUFFER_SIZE - sink->out_size < sink->delivery_size)
            flush(sink);
        put(sink->delivery + sink->tag_offset, ++sink->delivered, 8);
        memcpy(sink->out + sink->out_size, sink->delivery, sink->delivery_size);
        sink->out_size += sink->delivery_size;
    }
}

static void take_ack(struct sink *sink, const char *arguments)
{
    const uint64_t tag = get(arguments, 8);

    /* What is acknowledged one by one comes in any order, and is only counted. */
    if (arguments[8] != 0 && tag < sink->acked)
        die("acknowledged twice");
    sink->acked = arguments[8] != 0 ? tag : sink->acked + 1;
}

static void take_consume(struct sink *sink)
{
    say(sink, 1, METHOD(60, 21), "\4sink", 5);
    sink->is_consumed = true;
}

static void say_queue(struct sink *sink)
{
    char arguments[64];
    char *end = put(put(put_short(arguments, JOB_QUEUE), 0, 4), 0, 4);

    say(sink, 1, METHOD(50, 11), arguments, (size_t)(end - arguments));
}

static bool take_setup(struct sink *sink, uint32_t method)
{
    switch (method) {
    case METHOD(10, 11): say_tune(sink); return true;
    case METHOD(10, 31): return true; /* tune-ok */
    case METHOD(10, 40): say(sink, 0, METHOD(10, 41), "", 1); return true;
    case METHOD(20, 10): say(sink, 1, METHOD(20, 11), "\0\0\0", 4); return true;
    case METHOD(40, 10): say(sink, 1, METHOD(40, 11), NULL, 0); return true;
    case METHOD(50, 10): say_queue(sink); return true;
    case METHOD(50, 20): say(sink, 1, METHOD(50, 21), NULL, 0); return true;
    case METHOD(20, 40): say(sink, 1, METHOD(20, 41), NULL, 0); return true;
    case METHOD(10, 50): say(sink, 0, METHOD(10, 51), NULL, 0); return true;
    case METHOD(10, 51): return true;
    default: return false;
    }
}

static void take_method(struct sink *sink, const char *payload)
{
    const uint32_t method = (uint32_t)get(payload, 4);
    const char *arguments = payload + 4;

    switch (method) {
    case METHOD(60, 40): return; /* publish: counted when it is whole */
    case METHOD(60, 80): take_ack(sink, arguments); return;
    case METHOD(60, 10):
        sink->prefetch = get(arguments + 4, 2);
        say(sink, 1, METHOD(60, 11), NULL, 0);
        return;
    case METHOD(60, 20): take_consume(sink); return;
    case METHOD(60, 30): say(sink, 1, METHOD(60, 31), "\4sink", 5); return;
    case METHOD(85, 10):
        sink->has_confirms = true;
        say(sink, 1, METHOD(85, 11), NULL, 0);
        return;
    default:
        if (!take_setup(sink, method))
            die("a method that is not known here");
    }
}

static void take_frame(struct sink *sink, const char *frame, size_t payload_size)
{
    const char *payload = frame + FRAME_HEAD_SIZE;

    switch (frame[0]) {
    case FRAME_METHOD: take_method(sink, payload); return;
    case FRAME_HEADER:
        sink->body_left = get(payload + 4, 8);
        sink->published += sink->body_left == 0;
        return;
    case FRAME_BODY:
        sink->body_left -= payload_size;
        sink->published += sink->body_left == 0;
        return;
    case FRAME_HEARTBEAT: return;
    default: die("not a frame");
    }
}

static void take_all(struct sink *sink)
{
    size_t at = 0;

    while (sink->in_size - at >= FRAME_HEAD_SIZE) {
        const size_t payload_size = get(sink->in + at + 3, 4);
        const size_t size = FRAME_HEAD_SIZE + payload_size + FRAME_END_SIZE;

        if (size > FRAME_MAX)
            die("a frame is too large");
        if (sink->in_size - at < size)
            break;
        take_frame(sink, sink->in + at, payload_size);
        at += size;
    }
    sink->in_size -= at;
    memmove(sink->in, sink->in + at, sink->in_size);
}

static void receive(struct sink *sink)
{
    const ssize_t n = recv(sink->fd, sink->in + sink->in_size, BUFFER_SIZE - sink->in_size, 0);

    if (n < 0)
        die("cannot receive");
    sink->is_over = n == 0;
    sink->in_size += (size_t)n;
}

static void serve(struct sink *sink)
{
    while (sink->in_size < PROTOCOL_HEADER_SIZE && !sink->is_over)
        receive(sink);
    sink->in_size -= PROTOCOL_HEADER_SIZE;
    memmove(sink->in, sink->in + PROTOCOL_HEADER_SIZE, sink->in_size);
    say_start(sink);
    while (!sink->is_over) {
        take_all(sink);
        if (sink->has_confirms && sink->confirmed != sink->published)
            say_confirm(sink);
        if (sink->is_consumed)
            deliver(sink);
        flush(sink);
        receive(sink);
    }
}

/* Takes one connection on a port of the system's choice, which is printed. */
static int take_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    int fd;

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("cannot listen");
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        die("cannot accept");
    close(listener);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

int main(int argc, char **argv)
{
    struct sink sink = {.prefetch = UINT64_MAX};

    if (argc != 3)
        die("usage: sink MESSAGES SIZE");
    sink.messages = strtoul(argv[1], NULL, 10);
    sink.body_size = strtoul(argv[2], NULL, 10);
    sink.in = malloc(BUFFER_SIZE);
    sink.out = malloc(BUFFER_SIZE);
    if (sink.in == NULL || sink.out == NULL)
        die("out of memory");
    alarm(JOB_SECONDS_MAX);
    make_delivery(&sink);
    sink.fd = take_connection();
    serve(&sink);
    close(sink.fd);
    printf("{\"published\": %llu, \"delivered\": %llu, \"acked\": %llu}\n",
           (unsigned long long)sink.published, (unsigned long long)sink.delivered,
           (unsigned long long)sink.acked);
    free(sink.in);
    free(sink.out);
    free(sink.delivery);
    return EXIT_SUCCESS;
}
