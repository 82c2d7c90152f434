/*
 * Servers of HTTP for tests, and probes of them.
 */
#include "http_servers.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

/* What the server has been asked last. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[65536];

bool http_take_request(struct tiny_peer *peer)
{
    char request[sizeof(last)];
    const bool is_taken = tiny_request(peer, request, sizeof(request));

    if (!is_taken)
        return false;
    pthread_mutex_lock(&lock);
    memcpy(last, request, sizeof(last));
    pthread_mutex_unlock(&lock);
    return true;
}

bool http_was_asked(const char *part)
{
    bool is_there;

    pthread_mutex_lock(&lock);
    is_there = strcasestr(last, part) != NULL;
    pthread_mutex_unlock(&lock);
    return is_there;
}

/* Answers each request of the connection with the text. */
void http_answer(struct tiny_peer *peer, void *data)
{
    while (http_take_request(peer))
        tiny_say(peer, data);
}

void http_answer_once(struct tiny_peer *peer, void *data)
{
    if (http_take_request(peer))
        tiny_say(peer, data);
}

void http_never_answer(struct tiny_peer *peer, void *data)
{
    (void)data;
    (void)http_take_request(peer);
    tiny_hold(peer);
}

/* Without having been asked, or having understood the question. */
void http_say(struct tiny_peer *peer, void *data)
{
    tiny_say(peer, data);
    tiny_hold(peer);
}

struct probed http_probe(const char *scheme, uint16_t port, const char *more, int64_t timeout_ms,
                         enum promon_verdict verdict, enum promon_reason reason)
{
    char params[2048];

    snprintf(params, sizeof(params), "{\"url\": \"%s://127.0.0.1:%u/my_ping/\"%s}", scheme, port,
             more);
    return probe_once("http", params, timeout_ms, verdict, reason);
}

void http_run(const struct http_row *row)
{
    struct tiny_server *server = tiny_server_new(NULL, row->serve, (void *)(uintptr_t)row->data);
    const struct probed probed = http_probe("http", tiny_server_port(server), row->more,
                                            row->timeout_ms, row->verdict, row->reason);

    assert_true(probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    assert_int_equal(probed.result.phases_ns[PROMON_PHASE_TLS], -1);
    assert_false(probed.result.has_certificate);
    tiny_server_free(server);
}

void http_forget_request(void)
{
    pthread_mutex_lock(&lock);
    last[0] = '\0';
    pthread_mutex_unlock(&lock);
}
