#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

#define ANSWER_BYTES 4096
#define TARGETS_MAX 4
#define SECOND_NS 1000000000

static int open_connection(unsigned port)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_need(descriptor >= 0 &&
                   connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0,
               "connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return descriptor;
}

/* Whether all of an answer is there: its head, and as much of a body as that says. */
static int is_whole(const char *answer, size_t size)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strcasestr(answer, "\r\nContent-Length:");

    if (end == NULL)
        return 0;
    bench_need(length != NULL && length < end, "an answer without Content-Length");
    return size >= (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
}

static void ask(int descriptor, const char *request, int status)
{
    char answer[ANSWER_BYTES];
    size_t size = 0;
    ssize_t n;

    bench_need(send(descriptor, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request),
               "send");
    do {
        n = recv(descriptor, answer + size, sizeof(answer) - 1 - size, 0);
        bench_need(n > 0, "the connection was closed");
        size += (size_t)n;
        answer[size] = '\0';
    } while (!is_whole(answer, size));
    bench_need(size > 12 && atoi(answer + 9) == status, "not the status wanted");
}

static double ask_timed(int descriptor, const struct client_target *target)
{
    char request[256];
    int64_t asked_ns;

    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                   target->path);
    asked_ns = promon_now_ns();
    ask(descriptor, request, target->status);
    return (double)(promon_now_ns() - asked_ns) / 1e6;
}

void client_ask(const struct client_target *targets, size_t n_targets, unsigned long n,
                unsigned long rate)
{
    int descriptors[TARGETS_MAX];
    const int64_t begun_ns = promon_now_ns();
    unsigned long i;
    size_t j;

    bench_need(n_targets <= TARGETS_MAX, "too many targets");
    for (j = 0; j < n_targets; j++)
        descriptors[j] = open_connection(targets[j].port);
    for (i = 0; i < n * n_targets; i++) {
        j = i % n_targets;
        bench_sleep_until(begun_ns + (int64_t)i * SECOND_NS / (int64_t)(rate * n_targets));
        targets[j].ms[i / n_targets] = ask_timed(descriptors[j], &targets[j]);
    }
    for (j = 0; j < n_targets; j++)
        close(descriptors[j]);
}

static void *serve(void *data)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
    const int listener = (int)(intptr_t)data;
    char request[ANSWER_BYTES];

    for (;;) {
        const int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (descriptor < 0)
            continue;
        while (recv(descriptor, request, sizeof(request), 0) > 0)
            (void)send(descriptor, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
        close(descriptor);
    }
    return NULL;
}

unsigned client_plain_server(void)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    pthread_t thread;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_need(descriptor >= 0 &&
                   bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                   listen(descriptor, 1) == 0 &&
                   getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
                   pthread_create(&thread, NULL, serve, (void *)(intptr_t)descriptor) == 0,
               "the plain server");
    pthread_detach(thread);
    return ntohs(address.sin_port);
}
