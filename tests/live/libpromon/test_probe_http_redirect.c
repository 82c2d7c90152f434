/*
 * The probe "http" where one server sends it to another: it goes there, but not with everything.
 */
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "http_servers.h"

/* One server sends to the other. */
static void redirect(const char *status, const char *more, const char *to_host, unsigned to_port,
                     enum promon_verdict verdict, enum promon_reason reason)
{
    char text[256];
    struct tiny_server *first;

    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\nLocation: http://%s:%u/there\r\nContent-Length: 0\r\n\r\n", status,
             to_host, to_port);
    first = tiny_server_new(NULL, http_answer, text);
    http_probe("http", tiny_server_port(first), more, LONG_MS, verdict, reason);
    tiny_server_free(first);
}

static void redirects_are_followed(void **state)
{
    struct tiny_server *second = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);
    const unsigned port = tiny_server_port(second);

    (void)state;
    redirect("302 Found", "", "127.0.0.1", port, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /there "));
    redirect("301 Moved", "", "localhost", port, PROMON_UP, PROMON_REASON_NONE);
    redirect("303 Other", ", \"method\": \"POST\", \"body\": \"x\"", "127.0.0.1", port, PROMON_UP,
             PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /there "));
    redirect("308 Stay", ", \"method\": \"POST\", \"body\": \"x\"", "127.0.0.1", port, PROMON_UP,
             PROMON_REASON_NONE);
    assert_true(http_was_asked("POST /there "));
    redirect("302 Found", ", \"follow_redirects\": false", "127.0.0.1", port, PROMON_DOWN,
             PROMON_REASON_STATUS);
    redirect("302 Found", ", \"expected_status\": [302]", "127.0.0.1", port, PROMON_UP,
             PROMON_REASON_NONE);
    redirect("302 Found", ", \"max_redirects\": 0", "127.0.0.1", port, PROMON_DOWN,
             PROMON_REASON_STATUS);
    tiny_server_free(second);
}

static void a_redirect_is_resolved_and_connected_as_carefully(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);

    (void)state;
    redirect("302 Found", "", "127.0.0.1", port, PROMON_DOWN, PROMON_REASON_REFUSED);
    redirect("302 Found", ", \"timeout\": 0.5", "nobody.invalid", 80, PROMON_DOWN,
             PROMON_REASON_DNS);
    close(fd);
}

static void credentials_stay_with_their_server(void **state)
{
    struct tiny_server *second = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);
    const unsigned port = tiny_server_port(second);

    (void)state;
    redirect("302 Found",
             ", \"user\": \"me\", \"password\": \"secret\", \"headers\": "
             "{\"X-Key\": \"secret\"}",
             "127.0.0.1", port, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /there "));
    assert_false(http_was_asked("Authorization"));
    assert_false(http_was_asked("X-Key"));
    redirect("307 Again",
             ", \"bearer_token\": \"secret\", \"method\": \"POST\", "
             "\"body\": \"secret\"",
             "127.0.0.1", port, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("POST /there "));
    assert_false(http_was_asked("secret"));
    tiny_server_free(second);
}

static void a_circle_of_redirects_ends(void **state)
{
    static const struct http_row rows[] = {
        {http_answer, "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", "",
         LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS},
        {http_answer,
         "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "",
         LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {http_answer,
         "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "",
         LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        http_run(&rows[i]);
}

/* What people see instead does not count as the answer, however little of that is to be read. */
static void the_text_of_a_redirect_is_passed_over(void **state)
{
    struct tiny_server *second = tiny_server_new(NULL, http_answer, (void *)(uintptr_t)HTTP_OK);
    struct tiny_server *first;
    char text[256];

    (void)state;
    snprintf(text, sizeof(text),
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/there\r\n"
             "Content-Length: 14\r\n\r\nIt is not here",
             tiny_server_port(second));
    first = tiny_server_new(NULL, http_answer, text);
    http_probe("http", tiny_server_port(first), ", \"max_body_bytes\": 4", LONG_MS, PROMON_UP,
               PROMON_REASON_NONE);
    http_probe("http", tiny_server_port(first),
               ", \"max_body_bytes\": 4, \"body_contains\": \"pong\"", LONG_MS, PROMON_UP,
               PROMON_REASON_NONE);
    tiny_server_free(first);
    tiny_server_free(second);
}

/* Sends to another page of its own. */
static void answer_there(struct tiny_peer *peer, void *data)
{
    if (http_take_request(peer))
        tiny_say(peer, http_was_asked("GET /there ") ? HTTP_OK : data);
}

static void credentials_of_the_url_are_for_all_pages_of_its_server(void **state)
{
    char text[256], params[256];
    struct tiny_server *server = tiny_server_new(NULL, answer_there, text);
    const unsigned port = tiny_server_port(server);

    (void)state;
    snprintf(text, sizeof(text),
             "HTTP/1.1 302 Found\r\nLocation: http://LOCALHOST:%u/there\r\n"
             "Content-Length: 0\r\n\r\n",
             port);
    snprintf(params, sizeof(params), "{\"url\": \"http://me:p%%3Aw@localhost:%u/here\"}", port);
    probe_once("http", params, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /there "));
    assert_true(http_was_asked("Authorization: Basic bWU6cDp3\r\n"));
    /* Of another name nothing is known, although it is the same machine. */
    snprintf(params, sizeof(params), "{\"url\": \"http://me:p%%3Aw@127.0.0.1:%u/here\"}", port);
    probe_once("http", params, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(http_was_asked("GET /there "));
    assert_false(http_was_asked("Authorization:"));
    tiny_server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_are_followed),
        cmocka_unit_test(a_redirect_is_resolved_and_connected_as_carefully),
        cmocka_unit_test(credentials_stay_with_their_server),
        cmocka_unit_test(the_text_of_a_redirect_is_passed_over),
        cmocka_unit_test(credentials_of_the_url_are_for_all_pages_of_its_server),
        cmocka_unit_test(a_circle_of_redirects_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
