/* The listener: answers, limits, slow clients, garbage, ports that are taken, and its stop. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <promon/promon.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener.h"

enum { ANSWER_SIZE = 65536, PATIENCE_MS = 60000 };

/* What the page is: the request as it arrived; at "/big" a body of a megabyte. */
static char big[1 << 20];

static enum promon_status echo(void *data, const struct promon_request *request,
                               struct promon_page *page)
{
    static _Thread_local char body[16384];

    (void)data;
    snprintf(body, sizeof(body), "%s %s query=%s accept=%s", request->method, request->path,
             request->query != NULL ? request->query : "-",
             request->accept != NULL ? request->accept : "-");
    page->status = 200;
    page->content_type = "text/plain";
    page->content_encoding = page->allow = page->vary = "";
    page->cache_control = "no-store";
    page->security_policy = "default-src 'none'";
    page->body = strcmp(request->path, "/big") == 0 ? big : body;
    page->body_size = strcmp(request->path, "/big") == 0 ? sizeof(big) : strlen(body);
    return PROMON_OK;
}

static struct promon_listen_options usual_options(void)
{
    struct promon_listen_options options = PROMON_LISTEN_OPTIONS_INIT;

    options.address = "127.0.0.1";
    options.port = PROMON_PORT_ANY;
    options.threads = 2;
    options.max_connections = 64;
    options.max_connections_per_ip = 32;
    options.idle_timeout_s = 15;
    return options;
}

static struct promon__listener *start(const struct promon_listen_options *options)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__listener *listener = NULL;

    if (promon__listener_start(options, echo, NULL, &listener, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return listener;
}

static int connect_to(const struct promon__listener *listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)promon__listener_port(listener));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Whether something can be read, or the peer has closed, in time. */
static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};

    return poll(&waiting, 1, timeout_ms) == 1;
}

/* Reads until the peer closes; false when it does not. */
static bool read_all(int fd, char *out, size_t size)
{
    size_t used = 0;

    while (used < size - 1 && is_readable(fd, PATIENCE_MS)) {
        const ssize_t got = recv(fd, out + used, size - 1 - used, 0);

        if (got <= 0) {
            out[used] = '\0';
            return true;
        }
        used += (size_t)got;
    }
    out[used] = '\0';
    return false;
}

/* Reads one answer, whose end is `body`. */
static void expect_body(int fd, const char *body)
{
    char answer[ANSWER_SIZE] = "";
    size_t used = 0;
    const size_t size = strlen(body);

    while (used < size || strcmp(answer + used - size, body) != 0) {
        ssize_t got;

        if (!is_readable(fd, PATIENCE_MS))
            fail_msg("no \"%s\" at the end of: %s", body, answer);
        got = recv(fd, answer + used, sizeof(answer) - 1 - used, 0);
        if (got <= 0)
            fail_msg("closed, without \"%s\" at the end of: %s", body, answer);
        used += (size_t)got;
        answer[used] = '\0';
    }
}

/* Sends all of a conversation and reads all of its answers. */
static void converse(const struct promon__listener *listener, const char *text, char *answer)
{
    const int fd = connect_to(listener);

    say(fd, text);
    if (!read_all(fd, answer, ANSWER_SIZE))
        fail_msg("not closed after %s: %s", text, answer);
    close(fd);
}

static void request_arrives_as_it_was_sent(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    char answer[ANSWER_SIZE];

    (void)state;
    converse(listener,
             "GET /a%20b?c=%31&d HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
             "Connection: close\r\n\r\n",
             answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(answer, "\r\n\r\nGET /a%20b query=c=%31&d accept=text/html"));
    assert_non_null(strstr(answer, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(answer, "\r\nContent-Security-Policy: default-src 'none'\r\n"));
    assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_null(strstr(answer, "Vary:"));
    promon__listener_stop(listener);
}

static void head_has_no_body(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    char answer[ANSWER_SIZE];

    (void)state;
    converse(listener, "HEAD /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", answer);
    assert_non_null(strstr(answer, "\r\nContent-Length: 1048576\r\n"));
    assert_string_equal(answer + strlen(answer) - 4, "\r\n\r\n");
    promon__listener_stop(listener);
}

static void connection_serves_one_request_after_the_other(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    const int fd = connect_to(listener);
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        say(fd, "GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_body(fd, "GET /again query=- accept=-");
    }
    say(fd, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_body(fd, "GET /2 query=- accept=-");
    close(fd);
    promon__listener_stop(listener);
}

static void garbage_is_refused_and_closed(void **state)
{
    static const char *const cases[] = {
        "\r\n\r\nnonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        "GET / HTTP/3.1\r\nHost: a\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    };
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char answer[ANSWER_SIZE];
        const int fd = connect_to(listener);

        say(fd, cases[i]);
        (void)shutdown(fd, SHUT_WR);
        if (!read_all(fd, answer, sizeof(answer)) || strstr(answer, "200 OK") != NULL)
            fail_msg("%zu: %s", i, answer);
        close(fd);
    }
    promon__listener_stop(listener);
}

static void endless_heads_are_refused(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    static char text[200000], answer[ANSWER_SIZE];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "GET /", 5);
    strcpy(text + 5000, " HTTP/1.1\r\nHost: a\r\n\r\n");
    converse(listener, text, answer);
    assert_memory_equal(answer, "HTTP/1.1 414 ", 13);
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 28);
    converse(listener, text, answer);
    assert_null(strstr(answer, "200 OK"));
    promon__listener_stop(listener);
}

static void address_in_use_is_told(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options), *second = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    char expected[128];

    (void)state;
    options.port = (int)promon__listener_port(listener);
    assert_true(options.port > 0);
    assert_int_equal(promon__listener_start(&options, echo, NULL, &second, &error), PROMON_ELISTEN);
    snprintf(expected, sizeof(expected),
             "cannot listen on address 127.0.0.1, port %d: Address already in use", options.port);
    assert_string_equal(error.message, expected);
    assert_int_equal(error.system_errno, EADDRINUSE);
    assert_null(second);
    promon__listener_stop(listener);
    listener = start(&options);
    promon__listener_stop(listener);
}

static void address_of_another_machine_is_told(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener = NULL;
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    options.address = "192.0.2.1";
    assert_int_equal(promon__listener_start(&options, echo, NULL, &listener, &error),
                     PROMON_ELISTEN);
    assert_non_null(strstr(error.message, "cannot listen on address 192.0.2.1, port 0: "));
    assert_int_equal(error.system_errno, EADDRNOTAVAIL);
}

/* The unspecified address of IPv6 takes clients of IPv4, where the machine has IPv6 at all. */
static void all_addresses_are_those_of_ipv4_too(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    char answer[ANSWER_SIZE];

    (void)state;
    options.address = "::";
    if (promon__listener_start(&options, echo, NULL, &listener, &error) != PROMON_OK) {
        assert_int_equal(error.system_errno, EAFNOSUPPORT);
        print_message("no IPv6 on this machine\n");
        skip();
    }
    converse(listener, "GET /v4 HTTP/1.0\r\n\r\n", answer);
    assert_non_null(strstr(answer, "GET /v4"));
    promon__listener_stop(listener);
}

/* A byte each quarter of a second: its connection ends all the same. */
static void trickling_client_is_cut_off(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener;
    int fd, i;

    (void)state;
    options.idle_timeout_s = 1;
    listener = start(&options);
    fd = connect_to(listener);
    say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    for (i = 0; i < PATIENCE_MS / 250 && !is_readable(fd, 250); i++)
        say(fd, "y");
    assert_true(i < PATIENCE_MS / 250);
    assert_true(recv(fd, (char[16]){0}, 16, 0) <= 0);
    close(fd);
    promon__listener_stop(listener);
}

static void idle_clients_do_not_keep_others_out(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener;
    char answer[ANSWER_SIZE];
    int fds[8], i;

    (void)state;
    options.max_connections = 8;
    options.max_connections_per_ip = 8;
    options.idle_timeout_s = 1;
    listener = start(&options);
    for (i = 0; i < 8; i++)
        fds[i] = connect_to(listener);
    converse(listener, "GET /late HTTP/1.0\r\n\r\n", answer);
    assert_non_null(strstr(answer, "GET /late"));
    for (i = 0; i < 8; i++)
        close(fds[i]);
    promon__listener_stop(listener);
}

static void one_address_gets_its_share_only(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener;
    int fds[4], i;

    (void)state;
    options.max_connections_per_ip = 3;
    listener = start(&options);
    for (i = 0; i < 3; i++) {
        fds[i] = connect_to(listener);
        say(fds[i], "GET /mine HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_body(fds[i], "GET /mine query=- accept=-");
    }
    fds[3] = connect_to(listener);
    say(fds[3], "GET /mine HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(is_readable(fds[3], PATIENCE_MS));
    assert_true(recv(fds[3], (char[16]){0}, 16, 0) <= 0);
    for (i = 0; i < 4; i++)
        close(fds[i]);
    promon__listener_stop(listener);
}

/* A client that has asked for much and reads nothing is not waited for without end. */
static void stop_does_not_wait_for_who_does_not_read(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    const int fd = connect_to(listener), small = 4096;
    int i;

    (void)state;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (i = 0; i < 8; i++)
        say(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(is_readable(fd, PATIENCE_MS));
    promon__listener_stop(listener);
    close(fd);
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool has_begun, may_go;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Answers when the stop has most likely begun. */
static enum promon_status answer_late(void *data, const struct promon_request *request,
                                      struct promon_page *page)
{
    pthread_mutex_lock(&gate.lock);
    gate.has_begun = true;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.may_go)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    usleep(50000);
    return echo(data, request, page);
}

static void *stop_it(void *data)
{
    promon__listener_stop(data);
    return NULL;
}

static void answers_under_way_are_finished_by_the_stop(void **state)
{
    struct promon_listen_options options = usual_options();
    struct promon__listener *listener = NULL;
    char answer[ANSWER_SIZE];
    pthread_t stopper;
    int fd;

    (void)state;
    gate.has_begun = gate.may_go = false;
    assert_int_equal(promon__listener_start(&options, answer_late, NULL, &listener, NULL),
                     PROMON_OK);
    fd = connect_to(listener);
    say(fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    pthread_mutex_lock(&gate.lock);
    while (!gate.has_begun)
        pthread_cond_wait(&gate.changed, &gate.lock);
    gate.may_go = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(pthread_create(&stopper, NULL, stop_it, listener), 0);
    assert_true(read_all(fd, answer, sizeof(answer)));
    assert_non_null(strstr(answer, "GET /late query=- accept=-"));
    close(fd);
    pthread_join(stopper, NULL);
}

static void *scrape_often(void *data)
{
    const struct promon__listener *listener = data;
    const int fd = connect_to(listener);
    int i;

    for (i = 0; i < 200; i++) {
        say(fd, "GET /scrape HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_body(fd, "GET /scrape query=- accept=-");
    }
    close(fd);
    return NULL;
}

static void several_clients_are_answered_at_a_time(void **state)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = start(&options);
    pthread_t threads[8];
    int i;

    (void)state;
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, scrape_often, listener), 0);
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    promon__listener_stop(listener);
}

static void try_to_start(void *context)
{
    const struct promon_listen_options options = usual_options();
    struct promon__listener *listener = NULL;

    (void)context;
    if (promon__listener_start(&options, echo, NULL, &listener, NULL) != PROMON_OK)
        assert_null(listener);
    promon__listener_stop(listener);
}

static void without_memory_nothing_is_started(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(try_to_start, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_arrives_as_it_was_sent),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(connection_serves_one_request_after_the_other),
        cmocka_unit_test(garbage_is_refused_and_closed),
        cmocka_unit_test(endless_heads_are_refused),
        cmocka_unit_test(address_in_use_is_told),
        cmocka_unit_test(address_of_another_machine_is_told),
        cmocka_unit_test(all_addresses_are_those_of_ipv4_too),
        cmocka_unit_test(trickling_client_is_cut_off),
        cmocka_unit_test(idle_clients_do_not_keep_others_out),
        cmocka_unit_test(one_address_gets_its_share_only),
        cmocka_unit_test(stop_does_not_wait_for_who_does_not_read),
        cmocka_unit_test(answers_under_way_are_finished_by_the_stop),
        cmocka_unit_test(several_clients_are_answered_at_a_time),
        cmocka_unit_test(without_memory_nothing_is_started),
    };

    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
