/*
 * Many checks of each fault, a thousand where nobody answers: descriptors and threads are as many
 * after them as before.
 */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "http_servers.h"
#include "support/places.h"

/* Those with a server, and more so with a handshake, take long under a sanitizer. */
enum { CYCLES = 1000, SERVED = 200, HANDSHAKES = 50, SETTLE_MS = 30000, AT_ONCE_MS = 1 };

static unsigned entries(const char *path)
{
    DIR *folder = opendir(path);
    unsigned count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* The last connection may be open on the side of the server for a moment. */
static void must_settle(const char *path, unsigned expected)
{
    int waited_ms;

    for (waited_ms = 0; entries(path) != expected && waited_ms < SETTLE_MS; waited_ms += 10)
        usleep(10000);
    assert_int_equal(entries(path), expected);
}

/* A '%' in `params` stands for the port. */
static void cycle(const char *module, const char *params, unsigned port, unsigned count,
                  int64_t timeout_ms, enum promon_reason reason)
{
    const enum promon_verdict verdict = reason == PROMON_REASON_NONE ? PROMON_UP : PROMON_DOWN;
    unsigned descriptors, threads, i;
    struct prober *prober;
    char text[1024];
    const size_t before = strcspn(params, "%");

    snprintf(text, sizeof(text), "%.*s%u%s", (int)before, params, port, params + before + 1);
    prober = prober_new(modules_folder(), module, text);
    descriptors = entries("/proc/self/fd");
    threads = entries("/proc/self/task");
    for (i = 0; i < count; i++)
        prober_expect(prober, timeout_ms, verdict, reason);
    must_settle("/proc/self/fd", descriptors);
    must_settle("/proc/self/task", threads);
    prober_free(prober);
}

struct row {
    const char *module, *params;
    const char *certificate; /* NULL: no TLS */
    tiny_serve_fn serve;
    const char *data;
    unsigned count;
    enum promon_reason reason;
};

static void run(const struct row *row)
{
    const char *folder = getenv("PROMON_TEST_CERTS");
    struct tiny_server *server;
    char path[512];

    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/%s", folder, row->certificate == NULL ? "" : row->certificate);
    server = tiny_server_new(row->certificate == NULL ? NULL : path, row->serve,
                             (void *)(uintptr_t)row->data);
    cycle(row->module, row->params, tiny_server_port(server), row->count, LONG_MS, row->reason);
    tiny_server_free(server);
}

#define HTTP "{\"url\": \"http://127.0.0.1:%/\"}"
#define HTTPS "{\"url\": \"https://127.0.0.1:%/\"}"
#define PORT "{\"host\": \"127.0.0.1\", \"port\": %}"
#define EXPECTING "{\"host\": \"127.0.0.1\", \"port\": %, \"expect\": \"+OK\"}"
#define NAME_SERVER "{\"server\": \"127.0.0.1\", \"port\": %, \"name\": \"www.example\"}"
#define NAME_SERVER_TCP \
    "{\"server\": \"127.0.0.1\", \"port\": %, \"name\": \"a\", \"transport\": \"tcp\"}"

static void leave(struct tiny_peer *peer, void *data)
{
    (void)peer;
    (void)data;
}

static void servers_that_fail_cost_nothing(void **state)
{
    static const struct row rows[] = {
        {"http", HTTP, NULL, http_answer, HTTP_OK, SERVED, PROMON_REASON_NONE},
        {"http", HTTP, NULL, http_answer_once, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
         SERVED, PROMON_REASON_PROTOCOL},
        {"http", HTTP, NULL, http_answer, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", SERVED,
         PROMON_REASON_STATUS},
        {"http", HTTP, NULL, http_answer_once, "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
         HANDSHAKES, PROMON_REASON_STATUS},
        {"http", HTTP, NULL, leave, NULL, SERVED, PROMON_REASON_PROTOCOL},
        {"http", HTTPS, "unknown", http_answer, HTTP_OK, HANDSHAKES, PROMON_REASON_TLS_VERIFY},
        {"tcp", EXPECTING, NULL, leave, NULL, SERVED, PROMON_REASON_PROTOCOL},
        {"tls", PORT, "unknown", http_answer, HTTP_OK, HANDSHAKES, PROMON_REASON_TLS_VERIFY},
        {"tls", PORT, NULL, http_say, "-ERR no TLS here", SERVED, PROMON_REASON_PROTOCOL},
        {"dns", NAME_SERVER_TCP, NULL, leave, NULL, SERVED, PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run(&rows[i]);
}

static void servers_that_are_not_there_cost_nothing(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);

    (void)state;
    cycle("http", HTTP, port, CYCLES, LONG_MS, PROMON_REASON_REFUSED);
    cycle("tcp", PORT, port, CYCLES, LONG_MS, PROMON_REASON_REFUSED);
    cycle("tls", PORT, port, CYCLES, LONG_MS, PROMON_REASON_REFUSED);
    cycle("dns", NAME_SERVER, port, CYCLES, LONG_MS, PROMON_REASON_REFUSED);
    close(fd);
}

static void black_holes_cost_nothing(void **state)
{
    struct black_hole *hole = black_hole_new();
    const uint16_t port = black_hole_port(hole);

    (void)state;
    cycle("http", HTTP, port, CYCLES, AT_ONCE_MS, PROMON_REASON_CONNECT_TIMEOUT);
    cycle("tcp", PORT, port, CYCLES, AT_ONCE_MS, PROMON_REASON_CONNECT_TIMEOUT);
    cycle("tls", PORT, port, CYCLES, AT_ONCE_MS, PROMON_REASON_CONNECT_TIMEOUT);
    cycle("dns", NAME_SERVER_TCP, port, CYCLES, AT_ONCE_MS, PROMON_REASON_CONNECT_TIMEOUT);
    black_hole_free(hole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_that_fail_cost_nothing),
        cmocka_unit_test(servers_that_are_not_there_cost_nothing),
        cmocka_unit_test(black_holes_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
