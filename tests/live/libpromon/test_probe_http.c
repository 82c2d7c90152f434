/*
 * The probe "http": each way in which a server can answer or not, and what is told of it.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

#include "http_servers.h"
#include "support/places.h"

static void answer_and_hold(struct tiny_peer *peer, void *data)
{
    (void)http_take_request(peer);
    tiny_say(peer, data);
    tiny_hold(peer);
}

static void reset(struct tiny_peer *peer, void *data)
{
    (void)data;
    (void)http_take_request(peer);
    tiny_reset(peer);
}

/* A header at once and then a byte now and then, which no timeout between bytes would notice. */
static void drip(struct tiny_peer *peer, void *data)
{
    (void)http_take_request(peer);
    tiny_say(peer, data);
    while (tiny_pause(peer, 20))
        tiny_say(peer, "x");
}

static void flood(struct tiny_peer *peer, void *data)
{
    char block[65536];
    int i;

    (void)http_take_request(peer);
    tiny_say(peer, data);
    memset(block, 'x', sizeof(block));
    for (i = 0; i < 64; i++)
        tiny_send(peer, block, sizeof(block));
}

/* Headers without end. */
static void flood_headers(struct tiny_peer *peer, void *data)
{
    int i;

    (void)data;
    (void)http_take_request(peer);
    tiny_say(peer, "HTTP/1.1 200 OK\r\n");
    for (i = 0; i < 100000; i++)
        tiny_say(peer, "X-Header: and one more of them, and another\r\n");
}

static void statuses_are_told_as_the_original_tells_them(void **state)
{
    static const struct http_row rows[] = {
        {http_answer, HTTP_OK, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {http_answer, HTTP_OK, ", \"timeout\": 1, \"verify_ssl\": true", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {http_answer_once, "HTTP/1.0 200 OK\r\n\r\nuntil the end", "", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {http_answer, "HTTP/1.1 204 No Content\r\n\r\n", "", LONG_MS, PROMON_DOWN,
         PROMON_REASON_STATUS},
        {http_answer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", LONG_MS,
         PROMON_DOWN, PROMON_REASON_STATUS},
        {http_answer, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "", LONG_MS, PROMON_DOWN,
         PROMON_REASON_STATUS},
        {http_answer, "HTTP/1.1 204 No Content\r\n\r\n", ", \"expected_status\": [200, 204]",
         LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {http_answer, HTTP_OK, ", \"expected_status\": 204", LONG_MS, PROMON_DOWN,
         PROMON_REASON_STATUS},
        {http_answer, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "", LONG_MS, PROMON_DOWN,
         PROMON_REASON_STATUS},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        http_run(&rows[i]);
}

static void faults_are_told_apart(void **state)
{
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf";
    static const struct http_row rows[] = {
        {http_never_answer, NULL, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {answer_and_hold, "HTTP/1.1 200", "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {answer_and_hold, cut, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {drip, cut, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {drip, "HTTP/1.1 200 OK\r\nX-", "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {http_answer_once, "", "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {http_answer_once, cut, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {http_answer_once, "SSH-2.0-OpenSSH_9.2\r\n", "", LONG_MS, PROMON_DOWN,
         PROMON_REASON_PROTOCOL},
        {http_answer_once, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "",
         LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {reset, NULL, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {flood_headers, NULL, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        http_run(&rows[i]);
}

static void bodies_are_judged(void **state)
{
    static const char large[] = "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n";
    static const char json[] = "HTTP/1.0 200 OK\r\n\r\n"
                               "{\"status\": \"ok\", \"checks\": [{\"up\": true, \"n\": 3}]}";
    static const struct http_row rows[] = {
        {http_answer, HTTP_OK, ", \"body_contains\": \"on\"", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {http_answer, HTTP_OK, ", \"body_contains\": \"ping\"", LONG_MS, PROMON_DOWN,
         PROMON_REASON_BODY},
        {http_answer, HTTP_OK, ", \"body_contains\": \"pong\", \"max_body_bytes\": 4", LONG_MS,
         PROMON_UP, PROMON_REASON_NONE},
        {http_answer, HTTP_OK, ", \"body_contains\": \"p\", \"max_body_bytes\": 3", LONG_MS,
         PROMON_DOWN, PROMON_REASON_BODY},
        {flood, large, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {flood, large, ", \"body_contains\": \"x\"", LONG_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {flood, large, ", \"body_contains\": \"x\", \"max_body_bytes\": 4194304", LONG_MS,
         PROMON_UP, PROMON_REASON_NONE},
        {http_answer_once, json, ", \"json_equals\": {\"status\": \"ok\"}", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {http_answer_once, json,
         ", \"json_equals\": {\"checks.0.up\": \"true\", \"checks.0.n\": \"3\"}", LONG_MS,
         PROMON_UP, PROMON_REASON_NONE},
        {http_answer_once, json, ", \"json_equals\": {\"status\": \"down\"}", LONG_MS, PROMON_DOWN,
         PROMON_REASON_BODY},
        {http_answer_once, json, ", \"json_equals\": {\"checks.1.up\": \"true\"}", LONG_MS,
         PROMON_DOWN, PROMON_REASON_BODY},
        {http_answer, HTTP_OK, ", \"json_equals\": {\"status\": \"ok\"}", LONG_MS, PROMON_DOWN,
         PROMON_REASON_BODY},
        {http_answer_once, "HTTP/1.0 200 OK\r\n\r\n", ", \"json_equals\": {\"a\": \"b\"}", LONG_MS,
         PROMON_DOWN, PROMON_REASON_BODY},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        http_run(&rows[i]);
}

static void phases_and_figures_are_told(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);
    const struct probed probed =
        http_probe("http", tiny_server_port(server), "", LONG_MS, PROMON_UP, PROMON_REASON_NONE);

    (void)state;
    assert_true(probed.result.phases_ns[PROMON_PHASE_RESOLVE] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_TRANSFER] >= 0);
    assert_int_equal(probed.result.phases_ns[PROMON_PHASE_LOGIN], -1);
    assert_string_equal(probed.result.values[0].key, "status");
    assert_true(probed.result.values[0].value == 200);
    assert_string_equal(probed.result.values[1].key, "body_bytes");
    assert_true(probed.result.values[1].value == 4);
    assert_non_null(strstr(probed.notes, "HTTP 200, 4 bytes"));
    tiny_server_free(server);
}

/* A tenth of a second for the answer to begin, and one for it to end. */
static void answer_slowly(struct tiny_peer *peer, void *data)
{
    (void)data;
    (void)http_take_request(peer);
    (void)tiny_pause(peer, 100);
    tiny_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npo");
    (void)tiny_pause(peer, 100);
    tiny_say(peer, "ng");
}

static void phases_are_as_long_as_they_took(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, answer_slowly, NULL);
    const struct probed probed =
        http_probe("http", tiny_server_port(server), "", LONG_MS, PROMON_UP, PROMON_REASON_NONE);

    (void)state;
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 50000000);
    assert_true(probed.result.phases_ns[PROMON_PHASE_TRANSFER] >= 50000000);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] +
                    probed.result.phases_ns[PROMON_PHASE_TRANSFER] <=
                (probed.took_ms + 1) * 1000000);
    tiny_server_free(server);
}

static void the_timeout_of_the_parameters_shortens_the_one_of_the_probe(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, http_never_answer, NULL);
    const struct probed probed = http_probe("http", tiny_server_port(server), ", \"timeout\": 0.2",
                                            600000, PROMON_DOWN, PROMON_REASON_TIMEOUT);

    (void)state;
    assert_true(probed.took_ms >= 190);
    assert_true(probed.took_ms < 60000);
    tiny_server_free(server);
}

static void the_request_is_as_it_was_ordered(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);
    const uint16_t port = tiny_server_port(server);

    (void)state;
    http_probe("http", port, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /my_ping/ HTTP/1.1\r\n"));
    assert_true(http_was_asked("User-Agent: libpromon/0.1.0\r\n"));
    assert_false(http_was_asked("Authorization:"));
    http_probe("http", port,
               ", \"method\": \"POST\", \"body\": \"{\\\"a\\\":1}\", \"headers\": "
               "{\"Content-Type\": \"application/json\", \"X-Empty\": \"\"}",
               LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("POST /my_ping/ HTTP/1.1\r\n"));
    assert_true(http_was_asked("Content-Type: application/json\r\n"));
    assert_true(http_was_asked("X-Empty:\r\n"));
    assert_true(http_was_asked("\r\n\r\n{\"a\":1}"));
    http_probe("http", port, ", \"method\": \"PUT\"", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("PUT /my_ping/ "));
    http_probe("http", port, ", \"user\": \"me\", \"password\": \"p:w\"", LONG_MS, PROMON_UP,
               PROMON_REASON_NONE);
    assert_true(http_was_asked("Authorization: Basic bWU6cDp3\r\n"));
    http_probe("http", port, ", \"bearer_token\": \"t0ken\"", LONG_MS, PROMON_UP,
               PROMON_REASON_NONE);
    assert_true(http_was_asked("Authorization: Bearer t0ken\r\n"));
    tiny_server_free(server);
}

static void head_has_no_body(void **state)
{
    static const struct http_row row = {http_answer,
                                        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
                                        ", \"method\": \"HEAD\"",
                                        LONG_MS,
                                        PROMON_UP,
                                        PROMON_REASON_NONE};

    (void)state;
    http_run(&row);
    assert_true(http_was_asked("HEAD /my_ping/ "));
}

static void servers_that_cannot_be_reached_are_told_apart(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);
    struct black_hole *hole = black_hole_new();

    (void)state;
    http_probe("http", port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    http_probe("https", port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    http_probe("http", black_hole_port(hole), "", SHORT_MS, PROMON_DOWN,
               PROMON_REASON_CONNECT_TIMEOUT);
    http_probe("https", black_hole_port(hole), "", SHORT_MS, PROMON_DOWN,
               PROMON_REASON_CONNECT_TIMEOUT);
    probe_once("http", "{\"url\": \"http://nobody.invalid/\"}", SHORT_MS, PROMON_DOWN,
               PROMON_REASON_DNS);
    http_probe("http", port, ", \"unix_socket\": \"/nowhere/socket\"", LONG_MS, PROMON_DOWN,
               PROMON_REASON_REFUSED);
    black_hole_free(hole);
    close(fd);
}

static void a_kept_connection_that_the_server_closed_is_made_again(void **state)
{
    struct tiny_server *server =
        tiny_server_new(NULL, http_answer_once, (void *)(uintptr_t)HTTP_OK);
    struct prober *prober;
    char params[256];
    int i;

    (void)state;
    snprintf(params, sizeof(params), "{\"url\": \"http://127.0.0.1:%u/\", \"connect\": \"keep\"}",
             tiny_server_port(server));
    prober = prober_new(modules_folder(), "http", params);
    for (i = 0; i < 5; i++)
        prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_int_equal(tiny_server_connections(server), 5);
    prober_free(prober);
    tiny_server_free(server);
}

static void a_proxy_of_the_environment_is_nobody(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    http_probe("http", tiny_server_port(server), "", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    tiny_server_free(server);
}

static void nothing_secret_is_told(void **state)
{
    struct tiny_server *server = tiny_server_new(
        NULL, http_answer, (void *)(uintptr_t) "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    char params[512];
    struct probed probed;

    (void)state;
    snprintf(params, sizeof(params),
             "{\"url\": \"http://me:hunter2@127.0.0.1:%u/?token=hunter2\", "
             "\"headers\": {\"X-Key\": \"hunter2\"}}",
             tiny_server_port(server));
    probed = probe_once("http", params, LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS);
    assert_true(http_was_asked("hunter2"));
    assert_null(strstr(probed.result.message, "hunter2"));
    assert_null(strstr(probed.notes, "hunter2"));
    tiny_server_free(server);
}

static void wrong_parameters_are_refused(void **state)
{
    static const struct {
        const char *params, *message;
    } rows[] = {
        {"{}", "params.url: is missing"},
        {"{\"url\": \"\"}", "params.url: expected a URL of http or https"},
        {"{\"url\": \"ftp://h/\"}", "params.url: expected a URL of http or https"},
        {"{\"url\": \"localhost/\"}", "params.url: expected a URL of http or https"},
        {"{\"url\": \"http://\"}", "params.url: expected a URL of http or https"},
        {"{\"url\": \"http://h/\", \"timeout\": 0}",
         "params.timeout: expected 0.001 to 86400, not 0"},
        {"{\"url\": \"http://h/\", \"method\": \"GET /\"}", "params.method: no method of HTTP"},
        {"{\"url\": \"http://h/\", \"headers\": {\"A\": \"b\\r\\nC: d\"}}",
         "params.headers: \"A\" is no header of HTTP"},
        {"{\"url\": \"http://h/\", \"headers\": {\"A:\": \"b\"}}",
         "params.headers: \"A:\" is no header of HTTP"},
        {"{\"url\": \"http://h/\", \"user\": \"a\", \"bearer_token\": \"b\"}",
         "params.bearer_token: not together with user and password"},
        {"{\"url\": \"http://h/\", \"http_version\": \"3\"}",
         "params.http_version: expected \"auto\", \"1.1\" or \"2\""},
        {"{\"url\": \"http://h/\", \"connect\": \"often\"}",
         "params.connect: expected \"fresh\" or \"keep\""},
        {"{\"url\": \"http://h/\", \"unix_socket\": \"socket\"}",
         "params.unix_socket: expected a path from '/' on"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(prober_refused(modules_folder(), "http", rows[i].params),
                            rows[i].message);
}

static void a_unix_socket_is_asked_for_any_url(void **state)
{
    char folder[] = "/tmp/test_probe_http_XXXXXX", path[64], params[256];
    struct tiny_server *server;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    server = tiny_server_new_at(path, http_answer, (void *)(uintptr_t)HTTP_OK);
    snprintf(params, sizeof(params),
             "{\"url\": \"http://nobody.invalid/health\", \"unix_socket\": \"%s\"}", path);
    probe_once("http", params, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /health HTTP/1.1\r\nHost: nobody.invalid\r\n"));
    tiny_server_free(server);
    probe_once("http", params, LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    rmdir(folder);
}

static int full_queue(const char *path, int fill[8])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int i;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (i = 0; i < 8; i++) {
        fill[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fill[i], (struct sockaddr *)&address, sizeof(address));
    }
    return fd;
}

static void a_unix_socket_with_a_full_queue_is_a_timeout(void **state)
{
    char folder[] = "/tmp/test_probe_http_XXXXXX", path[64], params[256];
    int fill[8], i, fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    fd = full_queue(path, fill);
    snprintf(params, sizeof(params), "{\"url\": \"http://h/\", \"unix_socket\": \"%s\"}", path);
    probe_once("http", params, SHORT_MS, PROMON_DOWN, PROMON_REASON_CONNECT_TIMEOUT);
    for (i = 0; i < 8; i++)
        close(fill[i]);
    close(fd);
    unlink(path);
    rmdir(folder);
}

static void versions_are_as_ordered(void **state)
{
    static const struct http_row rows[] = {
        {http_answer, HTTP_OK, ", \"http_version\": \"1.1\"", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        /* A server of HTTP/1.1 alone. */
        {http_answer_once, HTTP_OK, ", \"http_version\": \"2\"", LONG_MS, PROMON_DOWN,
         PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        http_run(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_told_as_the_original_tells_them),
        cmocka_unit_test(faults_are_told_apart),
        cmocka_unit_test(bodies_are_judged),
        cmocka_unit_test(phases_and_figures_are_told),
        cmocka_unit_test(phases_are_as_long_as_they_took),
        cmocka_unit_test(the_timeout_of_the_parameters_shortens_the_one_of_the_probe),
        cmocka_unit_test(the_request_is_as_it_was_ordered),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(servers_that_cannot_be_reached_are_told_apart),
        cmocka_unit_test(a_kept_connection_that_the_server_closed_is_made_again),
        cmocka_unit_test(a_unix_socket_is_asked_for_any_url),
        cmocka_unit_test(a_unix_socket_with_a_full_queue_is_a_timeout),
        cmocka_unit_test(versions_are_as_ordered),
        cmocka_unit_test(a_proxy_of_the_environment_is_nobody),
        cmocka_unit_test(nothing_secret_is_told),
        cmocka_unit_test(wrong_parameters_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
