/*
 * Dial: from a host of the endpoint to a stream, stage by stage.
 *
 * Invariant: the descriptor of the dial is readable when the stage has something to do, and every
 * stage ends at the deadline.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "dial_race.h"
#include "error.h"
#include "resolver.h"
#include "stream.h"
#include "tls.h"

enum stage { BEGINNING, RESOLVING, CONNECTING, SECURING, OVER };

struct dial {
    const struct endpoint *endpoint;
    const struct host *host;
    uint64_t deadline_us;
    int epoll_fd;
    enum stage stage;
    struct tls_context *context; /* with TLS, until the TLS is made */
    struct resolver *resolver;
    struct race race;
    int fd; /* connected, while securing; else -1 */
    struct tls *tls;
};

enum amqpext_status amqpext__dial_new(const struct endpoint *endpoint, const struct host *host,
                                      uint64_t deadline_us, struct dial **out,
                                      struct amqpext_error *error)
{
    struct dial *dial = calloc(1, sizeof(*dial));

    if (dial == NULL)
        return amqpext__fail_memory(error);
    dial->endpoint = endpoint;
    dial->host = host;
    dial->deadline_us = deadline_us;
    dial->fd = -1;
    dial->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (dial->epoll_fd < 0) {
        amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "connecting: epoll");
        free(dial);
        return AMQPEXT_ERESOURCES;
    }
    *out = dial;
    return AMQPEXT_OK;
}

int amqpext__dial_fd(const struct dial *dial)
{
    return dial->epoll_fd;
}

uint64_t amqpext__dial_due_us(const struct dial *dial)
{
    uint64_t due_us;

    if (dial->stage == BEGINNING)
        return 0;
    if (dial->stage == OVER)
        return NEVER;
    due_us = dial->stage == CONNECTING ? amqpext__race_due_us(&dial->race) : NEVER;
    return due_us < dial->deadline_us ? due_us : dial->deadline_us;
}

static enum dial_result watch(struct dial *dial, int operation, int fd, uint32_t events,
                              struct amqpext_error *error)
{
    struct epoll_event event = {.events = events, .data = {.u64 = UINT64_MAX}};

    if (epoll_ctl(dial->epoll_fd, operation, fd, &event) == 0)
        return DIAL_DONE;
    amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "connecting: epoll");
    return DIAL_FAILED;
}

/* Files of TLS first: nobody is bothered while they cannot be read. */
static enum dial_result begin(struct dial *dial, struct amqpext_error *error)
{
    if (dial->endpoint->has_tls &&
        amqpext__tls_context_new(dial->endpoint, &dial->context, error) != AMQPEXT_OK)
        return DIAL_FAILED;
    if (amqpext__resolve_numeric(dial->host, &dial->race.addresses))
        return DIAL_DONE;
    if (amqpext__resolver_new(dial->host, &dial->resolver, error) != AMQPEXT_OK)
        return DIAL_FAILED;
    dial->stage = RESOLVING;
    return watch(dial, EPOLL_CTL_ADD, amqpext__resolver_fd(dial->resolver), EPOLLIN, error) ==
                   DIAL_FAILED
               ? DIAL_FAILED
               : DIAL_PENDING;
}

static enum dial_result resolve(struct dial *dial, struct amqpext_error *error)
{
    enum dial_result result = amqpext__resolver_take(dial->resolver, &dial->race.addresses, error);

    if (result != DIAL_PENDING) {
        /* Closing its descriptor ends watching it. */
        amqpext__resolver_free(dial->resolver);
        dial->resolver = NULL;
    }
    return result;
}

static void start_race(struct dial *dial)
{
    amqpext__race_start(&dial->race, dial->host, dial->epoll_fd);
    dial->stage = CONNECTING;
}

static enum dial_result start_tls(struct dial *dial, struct amqpext_error *error)
{
    enum amqpext_status status = amqpext__tls_new(dial->context, dial->endpoint, dial->host->name,
                                                  dial->fd, &dial->tls, error);

    amqpext__tls_context_free(dial->context);
    dial->context = NULL;
    if (status != AMQPEXT_OK)
        return DIAL_FAILED;
    dial->stage = SECURING;
    return watch(dial, EPOLL_CTL_ADD, dial->fd, EPOLLIN, error);
}

static enum dial_result secure(struct dial *dial, struct amqpext_error *error)
{
    struct amqpext_error reason = AMQPEXT_ERROR_INIT;
    uint32_t events;

    switch (amqpext__tls_handshake(dial->tls, &reason)) {
    case STREAM_MOVED: return watch(dial, EPOLL_CTL_DEL, dial->fd, 0, error);
    case STREAM_WAIT:
        events = amqpext__tls_has_unsent(dial->tls) ? EPOLLIN | EPOLLOUT : EPOLLIN;
        return watch(dial, EPOLL_CTL_MOD, dial->fd, events, error) == DIAL_FAILED ? DIAL_FAILED
                                                                                  : DIAL_PENDING;
    default: break;
    }
    amqpext__fail(error, reason.status, "TLS with %s: %s", dial->host->text, reason.message);
    return DIAL_FAILED;
}

static enum dial_result finish(struct dial *dial, struct stream **out, struct amqpext_error *error)
{
    enum amqpext_status status = amqpext__stream_new(dial->fd, dial->tls, out, error);

    dial->fd = -1;
    dial->tls = NULL;
    return status == AMQPEXT_OK ? DIAL_DONE : DIAL_FAILED;
}

/* Goes through as many stages as can be left at once. */
static enum dial_result advance(struct dial *dial, uint64_t now_us, struct stream **out,
                                struct amqpext_error *error)
{
    enum dial_result result = DIAL_DONE;

    if (dial->stage == BEGINNING) {
        result = begin(dial, error);
        if (result == DIAL_DONE)
            start_race(dial);
    }
    if (dial->stage == RESOLVING && result != DIAL_FAILED) {
        result = resolve(dial, error);
        if (result == DIAL_DONE)
            start_race(dial);
    }
    if (dial->stage == CONNECTING && result == DIAL_DONE) {
        result = amqpext__race_step(&dial->race, now_us, &dial->fd, error);
        if (result == DIAL_DONE && dial->endpoint->has_tls)
            result = start_tls(dial, error);
    }
    if (dial->stage == SECURING && result == DIAL_DONE)
        result = secure(dial, error);
    return result == DIAL_DONE ? finish(dial, out, error) : result;
}

static enum dial_result time_out(const struct dial *dial, struct amqpext_error *error)
{
    const char *what = "connecting";

    if (dial->stage == RESOLVING)
        what = "resolving the name";
    else if (dial->stage == SECURING)
        what = "the TLS handshake";
    amqpext__fail(error, AMQPEXT_ETIMEDOUT, "%s: %s took too long", dial->host->text, what);
    return DIAL_FAILED;
}

enum dial_result amqpext__dial_step(struct dial *dial, struct stream **out,
                                    struct amqpext_error *error)
{
    const uint64_t now_us = monotonic_us();
    enum dial_result result = advance(dial, now_us, out, error);

    if (result == DIAL_PENDING && now_us >= dial->deadline_us)
        result = time_out(dial, error);
    if (result != DIAL_PENDING)
        dial->stage = OVER;
    return result;
}

void amqpext__dial_free(struct dial *dial)
{
    if (dial == NULL)
        return;
    amqpext__resolver_free(dial->resolver);
    amqpext__race_end(&dial->race);
    amqpext__tls_free(dial->tls);
    amqpext__tls_context_free(dial->context);
    if (dial->fd >= 0)
        close(dial->fd);
    close(dial->epoll_fd);
    free(dial);
}
