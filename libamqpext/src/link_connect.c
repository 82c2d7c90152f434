/*
 * Link: connecting: hosts in turn, dialing, and what follows when a connection is lost.
 *
 * Order: a pause, a dial, a login; then the channel; from anywhere amqpext__link_lose, and a pause.
 * Invariant: at most one of dial and stream is there; a round, of one try of each host, ends with a
 * pause that is longer than none, whatever the hosts do; a host with a permanent error is passed
 * over for permanent_delay_ms, whatever the others do.
 */
#include "link_core.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "error.h"
#include "protocol/send.h"
#include "reply.h"

static enum amqpext_status watch(struct link *link, int fd, uint32_t events,
                                 struct amqpext_error *error)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "cannot watch a connection");
    return AMQPEXT_OK;
}

static void free_dial(struct link *link)
{
    if (link->dial == NULL)
        return;
    epoll_ctl(link->epoll_fd, EPOLL_CTL_DEL, amqpext__dial_fd(link->dial), NULL);
    amqpext__dial_free(link->dial);
    link->dial = NULL;
}

static void free_stream(struct link *link)
{
    if (link->stream == NULL)
        return;
    epoll_ctl(link->epoll_fd, EPOLL_CTL_DEL, amqpext__stream_fd(link->stream), NULL);
    amqpext__stream_free(link->stream);
    link->stream = NULL;
}

void amqpext__link_forget_blocked(struct link *link)
{
    const uint64_t since_us = atomic_load(&link->blocked_since_us);

    if (since_us == 0)
        return;
    atomic_store(&link->is_blocked, false);
    atomic_store(&link->blocked_since_us, 0);
    link_count(link, COUNT_BLOCKED_US, monotonic_us() - since_us);
}

void amqpext__link_drop(struct link *link)
{
    free_dial(link);
    free_stream(link);
    amqpext__link_forget_blocked(link);
    link->input.start = link->input.end = 0;
    amqpext__link_output_reset(link);
    amqpext__content_reset(&link->content);
    amqpext__plan_free(&link->plan);
    link->heartbeat.interval_us = 0;
    link->connection_ready_us = 0;
    link->wants_fail = link->wants_reopen = false;
}

/* Passes hosts over that are barred: they count as tried. */
static void skip_barred(struct link *link)
{
    while (link->round_tries < link->endpoint.n_hosts &&
           link->now_us < link->barred_until_us[link->next_host]) {
        link->next_host = (link->next_host + 1) % link->endpoint.n_hosts;
        link->round_tries++;
    }
}

void amqpext__link_dial(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status;

    skip_barred(link);
    link->host = &link->endpoint.hosts[link->next_host];
    link->phase = PHASE_DIALING;
    link->due_us = link->now_us + (uint64_t)link->endpoint.connect_timeout_ms * 1000;
    link_count(link, COUNT_TRIES, 1);
    amqpext__log(&link->endpoint, AMQPEXT_LOG_DEBUG, "%s: connecting", link->host->text);
    amqpext__link_tell(link, AMQPEXT_STATE_CONNECTING);
    status = amqpext__dial_new(&link->endpoint, link->host, link->due_us, &link->dial, &error);
    if (status == AMQPEXT_OK)
        status = watch(link, amqpext__dial_fd(link->dial), EPOLLIN, &error);
    if (status != AMQPEXT_OK)
        amqpext__link_lose(link, COUNT_LOST_BY_NETWORK, &error);
}

static void begin_login(struct link *link, struct stream *stream)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    free_dial(link);
    link->stream = stream;
    link->stream_events = amqpext__stream_events(stream, false);
    link->phase = PHASE_LOGIN;
    amqpext__handshake_begin(&link->handshake, &link->endpoint, &link->output.control);
    if (watch(link, amqpext__stream_fd(stream), link->stream_events, &error) != AMQPEXT_OK)
        amqpext__link_lose(link, COUNT_LOST_BY_NETWORK, &error);
}

void amqpext__link_dial_step(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct stream *stream;

    switch (amqpext__dial_step(link->dial, &stream, &error)) {
    case DIAL_PENDING: return;
    case DIAL_DONE: begin_login(link, stream); return;
    case DIAL_FAILED: amqpext__link_lose(link, COUNT_LOST_BY_NETWORK, &error); return;
    }
}

/* A connection that was good for long enough makes up for what was before. */
static void forget_failures(struct link *link)
{
    const uint64_t stable_us = (uint64_t)link->endpoint.stable_after_ms * 1000;

    if (link->connection_ready_us == 0 || link->now_us < link->connection_ready_us + stable_us)
        return;
    amqpext__backoff_reset(&link->backoff);
    link->round_tries = 0;
    link->round_is_permanent = false;
}

/* Until the first of the hosts may be tried again that all are barred; 0: not all are. */
static unsigned barred_ms(const struct link *link)
{
    uint64_t until_us = NEVER;
    size_t i;

    for (i = 0; i < link->endpoint.n_hosts; i++) {
        if (link->barred_until_us[i] < until_us)
            until_us = link->barred_until_us[i];
    }
    return until_us <= link->now_us ? 0 : (unsigned)((until_us - link->now_us + 999) / 1000);
}

/* All hosts were tried: the pause, and an error that somebody has to mend before any other. */
static unsigned end_round(struct link *link, struct amqpext_error *error, bool *is_permanent)
{
    const unsigned delay_ms = barred_ms(link);

    *is_permanent = link->round_is_permanent;
    if (*is_permanent)
        *error = link->round_error;
    link->round_is_permanent = false;
    link->round_tries = 0;
    return delay_ms != 0 ? delay_ms : amqpext__backoff_next_ms(&link->backoff);
}

static void bar(struct link *link, const struct amqpext_error *reason)
{
    link->barred_until_us[link->next_host] =
        link->now_us + (uint64_t)link->endpoint.permanent_delay_ms * 1000;
    if (link->round_is_permanent)
        return;
    link->round_is_permanent = true;
    link->round_error = *reason;
}

static void pause_after(struct link *link, const struct amqpext_error *reason, bool is_permanent)
{
    struct amqpext_error error = *reason;
    unsigned delay_ms = 0;

    if (is_permanent)
        bar(link, reason);
    is_permanent = false;
    link->next_host = (link->next_host + 1) % link->endpoint.n_hosts;
    link->round_tries++;
    skip_barred(link);
    if (link->round_tries >= link->endpoint.n_hosts)
        delay_ms = end_round(link, &error, &is_permanent);
    link->phase = PHASE_PAUSE;
    link->due_us = link->now_us + (uint64_t)delay_ms * 1000;
    amqpext__link_tell_waiting(link, &error, is_permanent, delay_ms);
}

static void lose(struct link *link, enum link_count cause, const struct amqpext_error *reason,
                 bool is_permanent)
{
    const struct amqpext_error error = *reason;

    link->now_us = monotonic_us();
    if (link->phase == PHASE_CLOSING || link->phase == PHASE_OVER) {
        link->phase = PHASE_OVER;
        amqpext__link_drop(link);
        return;
    }
    if (link_is_open(link)) {
        link_count(link, COUNT_LOST, 1);
        if (cause != COUNT_LOST)
            link_count(link, cause, 1);
    }
    if (link->connection_ready_us != 0)
        link->lost_us = link->now_us;
    forget_failures(link);
    amqpext__link_end_epoch(link, &error, false);
    amqpext__link_drop(link);
    pause_after(link, &error, is_permanent);
}

/* Whether the error came before anything worked, so that it says what will be next time too. */
static bool is_first_answer(const struct link *link)
{
    return link->phase == PHASE_DIALING || link->phase == PHASE_LOGIN;
}

void amqpext__link_lose(struct link *link, enum link_count cause, const struct amqpext_error *error)
{
    lose(link, cause, error, is_first_answer(link) && amqpext__reply_is_permanent(error->status));
}

void amqpext__link_lose_memory(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail_memory(&error);
    amqpext__link_lose(link, COUNT_LOST, &error);
}

void amqpext__link_lose_silent(struct link *link, const char *what)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, AMQPEXT_ETIMEDOUT, "%s", what);
    amqpext__link_lose(link, COUNT_LOST_BY_SILENCE, &error);
}

void amqpext__link_lose_protocol(struct link *link, int reply_code, const char *what)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, AMQPEXT_EPROTOCOL, "%s", what);
    if (link_is_open(link) && link->output.missing == 0) {
        amqpext__send_connection_close(&link->output.control, (uint16_t)reply_code, what);
        amqpext__link_farewell(link);
    }
    amqpext__link_lose(link, COUNT_LOST_BY_PROTOCOL, &error);
}

void amqpext__link_closed(struct link *link, const struct method *close)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const int code = close->as.close.reply_code;
    bool is_permanent = false;
    char text[REPLY_TEXT_SIZE];

    if (link->phase == PHASE_PLANNING) {
        is_permanent = amqpext__link_plan_refused(link, close, &error);
    } else {
        amqpext__reply_text(close->as.close.reply_text, text, sizeof(text));
        amqpext__fail_reply(&error, amqpext__reply_status(code, REPLY_LATER), code,
                            "the broker closed the connection: %s", text);
    }
    if (link->output.missing == 0) {
        amqpext__send_connection_close_ok(&link->output.control);
        amqpext__link_farewell(link);
    }
    lose(link, COUNT_LOST_BY_PEER, &error, is_permanent);
}
