/*
 * The load generator: keeps a number of keep-alive connections busy with GET requests for a time
 * and reports what it saw as one line of JSON. One thread, one epoll loop, no allocation per
 * request, so that it takes little of the cores it shares with the server.
 *
 *   load --port N --path TEMPLATE [--expect TEMPLATE] [--max-id N] [--connections N] [--seconds N]
 *
 * `{id}` in a template stands for a random number from 1 to --max-id, drawn anew for each request.
 * A reply counts as an error when its status is not 200 or when its body does not hold the text of
 * --expect. Each connection sends its next request when the reply of the last one is complete (a
 * closed loop), so that latencies are those of a server that is kept exactly that busy.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The largest reply of the benchmark, a page with includes, is below 8 kB. */
#define REPLY_MAX 65536U
#define REQUEST_MAX 512U
#define CONNECTIONS_MAX 4096

/* 64 steps per power of two nanoseconds: a latency is known to 1.6 %. */
#define STEP_BITS 6
#define BUCKETS ((65 - STEP_BITS) << STEP_BITS)

#define NANOSECONDS 1000000000ULL

struct options {
    const char *path;
    const char *expect;
    uint16_t port;
    uint32_t max_id;
    int connections;
    double seconds;
};

struct connection {
    int descriptor;
    uint32_t id;
    uint64_t sent_at;
    size_t received;
    char reply[REPLY_MAX];
};

struct run {
    struct options options;
    struct sockaddr_in address;
    int epoll;
    uint64_t random;
    uint64_t replies;
    uint64_t bytes;
    uint64_t errors;
    uint64_t reconnects;
    uint64_t latency_max;
    uint64_t latencies[BUCKETS];
    struct connection *connections;
};

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static size_t bucket_of(uint64_t latency)
{
    int shift;

    if (latency < (1U << STEP_BITS)) {
        return (size_t)latency;
    }
    shift = 63 - __builtin_clzll(latency) - STEP_BITS;
    return ((size_t)shift << STEP_BITS) + (size_t)(latency >> shift);
}

static uint64_t latency_of(size_t bucket)
{
    size_t shift = bucket >> STEP_BITS;

    if (shift == 0) {
        return bucket;
    }
    return (uint64_t)((bucket & ((1U << STEP_BITS) - 1)) + (1U << STEP_BITS)) << (shift - 1);
}

/* The latency, in microseconds, that the given share of the replies did not exceed. */
static double percentile(const struct run *run, double share)
{
    uint64_t rank = (uint64_t)((double)run->replies * share);
    uint64_t seen = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        seen += run->latencies[i];
        if (seen > rank) {
            return (double)latency_of(i) / 1e3;
        }
    }
    return 0;
}

/* xorshift64*: the ids need to be spread, not secret. */
static uint32_t random_id(struct run *run)
{
    run->random ^= run->random >> 12;
    run->random ^= run->random << 25;
    run->random ^= run->random >> 27;
    return (uint32_t)(((run->random * 0x2545F4914F6CDD1DULL) >> 32) % run->options.max_id) + 1;
}

static char *append(char *out, const char *end, const char *bytes, size_t length)
{
    if ((size_t)(end - out) < length) {
        length = (size_t)(end - out);
    }
    memcpy(out, bytes, length);
    return out + length;
}

static char *append_number(char *out, const char *end, uint32_t number)
{
    char digits[10];
    size_t start = sizeof digits;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return append(out, end, digits + start, sizeof digits - start);
}

static char *append_template(char *out, const char *end, const char *template, uint32_t id)
{
    const char *mark;

    while ((mark = strstr(template, "{id}")) != NULL) {
        out = append(out, end, template, (size_t)(mark - template));
        out = append_number(out, end, id);
        template = mark + 4;
    }
    return append(out, end, template, strlen(template));
}

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void request_send(struct run *run, struct connection *connection)
{
    static const char tail[] = " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";
    char request[REQUEST_MAX];
    const char *end = request + sizeof request;
    char *out = append(request, end, "GET ", 4);

    connection->id = random_id(run);
    connection->received = 0;
    out = append_template(out, end, run->options.path, connection->id);
    out = append(out, end, tail, sizeof tail - 1);
    connection->sent_at = now();
    /* A request is far smaller than an empty send buffer; a closed socket shows up when reading. */
    (void)send(connection->descriptor, request, (size_t)(out - request), MSG_NOSIGNAL);
}

static void connection_open(struct run *run, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;

    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->descriptor < 0 ||
        connect(connection->descriptor, (struct sockaddr *)&run->address, sizeof run->address) <
            0) {
        fail("connect");
    }
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, connection->descriptor, &event) < 0) {
        fail("epoll");
    }
    request_send(run, connection);
}

static void connection_renew(struct run *run, struct connection *connection)
{
    run->reconnects++;
    close(connection->descriptor);
    connection_open(run, connection);
}

/* Finds the length of the body in a head, or returns SIZE_MAX when it is not told. */
static size_t content_length(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length:";

    for (const char *line = head; (line = memchr(line, '\r', (size_t)(end - line))) != NULL;
         line++) {
        if ((size_t)(end - line) > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) {
            return strtoul(line + sizeof name - 1, NULL, 10);
        }
    }
    return SIZE_MAX;
}

/* Returns the length of the whole reply once its head is there, else 0. */
static size_t reply_length(const struct connection *connection, const char **body)
{
    const char *head_end = memmem(connection->reply, connection->received, "\r\n\r\n", 4);
    size_t length;

    if (head_end == NULL) {
        return 0;
    }
    *body = head_end + 4;
    length = content_length(connection->reply, head_end);
    return length == SIZE_MAX ? SIZE_MAX : (size_t)(*body - connection->reply) + length;
}

static bool reply_is_right(const struct run *run, const struct connection *connection,
                           const char *body)
{
    char expected[REQUEST_MAX];
    char *end =
        append_template(expected, expected + sizeof expected, run->options.expect, connection->id);
    size_t length = connection->received - (size_t)(body - connection->reply);

    return memcmp(connection->reply, "HTTP/1.1 200", 12) == 0 &&
           memmem(body, length, expected, (size_t)(end - expected)) != NULL;
}

static void reply_count(struct run *run, struct connection *connection, const char *body)
{
    uint64_t latency = now() - connection->sent_at;

    run->replies++;
    run->bytes += connection->received;
    run->latencies[bucket_of(latency)]++;
    if (latency > run->latency_max) {
        run->latency_max = latency;
    }
    if (!reply_is_right(run, connection, body)) {
        run->errors++;
    }
}

static void reply_read(struct run *run, struct connection *connection)
{
    const char *body = NULL;
    size_t length;
    ssize_t count = recv(connection->descriptor, connection->reply + connection->received,
                         sizeof connection->reply - connection->received, MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    connection->received += count > 0 ? (size_t)count : 0;
    length = reply_length(connection, &body);
    if (count <= 0 || length > sizeof connection->reply) {
        run->errors++;
        connection_renew(run, connection);
    } else if (length > 0 && connection->received >= length) {
        reply_count(run, connection, body);
        request_send(run, connection);
    }
}

static double run_load(struct run *run)
{
    struct epoll_event events[64];
    uint64_t start = now();
    uint64_t end = start + (uint64_t)(run->options.seconds * (double)NANOSECONDS);

    for (int i = 0; i < run->options.connections; i++) {
        connection_open(run, &run->connections[i]);
    }
    while (now() < end) {
        int count = epoll_wait(run->epoll, events, 64, 100);

        for (int i = 0; i < count; i++) {
            reply_read(run, events[i].data.ptr);
        }
    }
    return (double)(now() - start) / (double)NANOSECONDS;
}

static double own_cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report(const struct run *run, double seconds)
{
    printf("{\"seconds\":%.3f,\"replies\":%llu,\"rate\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
           "\"max_us\":%.1f,\"errors\":%llu,\"reconnects\":%llu,\"bytes\":%llu,\"cpu\":%.3f}\n",
           seconds, (unsigned long long)run->replies, (double)run->replies / seconds,
           percentile(run, 0.50), percentile(run, 0.99), (double)run->latency_max / 1e3,
           (unsigned long long)run->errors, (unsigned long long)run->reconnects,
           (unsigned long long)run->bytes, own_cpu());
}

static bool option_read(struct options *out, const char *name, const char *value)
{
    if (strcmp(name, "--port") == 0) {
        out->port = (uint16_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--path") == 0) {
        out->path = value;
    } else if (strcmp(name, "--expect") == 0) {
        out->expect = value;
    } else if (strcmp(name, "--max-id") == 0) {
        out->max_id = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--connections") == 0) {
        out->connections = (int)strtol(value, NULL, 10);
    } else if (strcmp(name, "--seconds") == 0) {
        out->seconds = strtod(value, NULL);
    } else {
        return false;
    }
    return true;
}

static bool options_read(struct options *out, int argc, char **argv)
{
    if (argc % 2 == 0) {
        return false;
    }
    for (int i = 1; i < argc; i += 2) {
        if (!option_read(out, argv[i], argv[i + 1])) {
            return false;
        }
    }
    /* Half of the room for the path leaves enough for ids and for the rest of the request. */
    return out->port > 0 && out->path != NULL && strlen(out->path) < REQUEST_MAX / 2 &&
           strlen(out->expect) < REQUEST_MAX / 2 && out->max_id > 0 && out->connections > 0 &&
           out->connections <= CONNECTIONS_MAX && out->seconds > 0;
}

int main(int argc, char **argv)
{
    static struct run run = {
        .options = {.expect = "", .max_id = 1, .connections = 64, .seconds = 3},
        .address = {.sin_family = AF_INET},
        .random = 0x9E3779B97F4A7C15ULL,
    };

    if (!options_read(&run.options, argc, argv)) {
        fprintf(stderr, "usage: load --port N --path TEMPLATE [--expect TEMPLATE] [--max-id N] "
                        "[--connections N] [--seconds N]\n");
        return 2;
    }
    run.random ^= now();
    run.address.sin_port = htons(run.options.port);
    run.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    run.connections = calloc((size_t)run.options.connections, sizeof *run.connections);
    if (run.epoll < 0 || run.connections == NULL) {
        fail("start");
    }
    report(&run, run_load(&run));
    free(run.connections);
    return 0;
}
