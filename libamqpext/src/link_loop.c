/*
 * Link: the I/O thread: turn after turn of the owner's wishes, timers and output, and sleep until
 * there is input, a wake or a deadline.
 *
 * Order: amqpext__link_run is the thread.
 * Invariant: a wake that comes while the thread is awake is seen before it sleeps; nothing is given
 * up for lack of an answer before what has arrived was read.
 */
#include "link_core.h"

#include <limits.h>
#include <sys/epoll.h>
#include <time.h>

#include "error.h"
#include "protocol/send.h"
#include "reply.h"

/* Wake, dial or stream. */
#define EVENTS_MAX 4

void amqpext__link_over(struct link *link)
{
    link->phase = PHASE_OVER;
    amqpext__link_drop(link);
}

static void finish(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const bool is_polite = link_is_open(link) && amqpext__link_absorb(link);

    link->wants_finish = false;
    if (link->phase == PHASE_CLOSING)
        return;
    amqpext__link_tell_finishing(link);
    amqpext__fail(&error, AMQPEXT_ECLOSED, "the connection was closed");
    amqpext__link_end_epoch(link, &error, false);
    if (!is_polite) {
        amqpext__link_over(link);
        return;
    }
    link->phase = PHASE_CLOSING;
    link->due_us = monotonic_us() + (uint64_t)link->linger_ms * 1000;
    amqpext__content_reset(&link->content);
    amqpext__send_connection_close(&link->output.control, REPLY_SUCCESS, "closed");
    /* At least one try, however short the time. */
    amqpext__link_farewell(link);
}

static void fail(struct link *link)
{
    const struct amqpext_error error = link->request_error;

    if (error.status == AMQPEXT_EPROTOCOL)
        amqpext__link_lose_protocol(link, REPLY_COMMAND_INVALID, error.message);
    else
        amqpext__link_lose(link, COUNT_LOST, &error);
}

bool amqpext__link_obey(struct link *link)
{
    if (!link->wants_finish && !link->wants_fail && !link->wants_reopen)
        return true;
    if (link->wants_finish)
        finish(link);
    else if (link->wants_fail)
        fail(link);
    else
        amqpext__link_channel_reopen(link, &link->request_error);
    link->wants_fail = link->wants_reopen = false;
    return false;
}

/* Whether reading once more changes something: the thread may have been kept from it. */
static bool was_late(struct link *link)
{
    const uint64_t before = atomic_load(&link->counts[COUNT_BYTES_IN]);

    if (link->looked_us == link->due_us)
        return false;
    link->looked_us = link->due_us;
    amqpext__link_input(link);
    return link->stream == NULL || atomic_load(&link->counts[COUNT_BYTES_IN]) != before;
}

static void end_phase(struct link *link)
{
    switch (link->phase) {
    case PHASE_PAUSE: amqpext__link_dial(link); return;
    case PHASE_CHANNEL_PAUSE: amqpext__link_channel_open(link); return;
    case PHASE_CLOSING: amqpext__link_over(link); return;
    case PHASE_LOGIN:
        if (!was_late(link))
            amqpext__link_lose_silent(link, "the peer does not answer while logging in");
        return;
    case PHASE_OPENING:
    case PHASE_PLANNING:
    case PHASE_CHANNEL_CLOSING:
        if (!was_late(link))
            amqpext__link_lose_silent(link, "the broker does not answer");
        return;
    case PHASE_DIALING: /* keeps its deadline by itself */
    case PHASE_READY:
    case PHASE_OVER: return;
    }
}

static void look_at_heartbeat(struct link *link)
{
    if (link->stream != NULL && heartbeat_is_silent(&link->heartbeat, link->now_us))
        amqpext__link_input(link);
    if (link->stream != NULL && heartbeat_is_silent(&link->heartbeat, link->now_us))
        amqpext__link_lose_silent(link, "the peer has been silent for two heartbeats");
    if (link->stream != NULL && heartbeat_must_speak(&link->heartbeat, link->now_us) &&
        !amqpext__link_has_output(link))
        amqpext__send_heartbeat(&link->output.control);
}

static void look_at_timers(struct link *link)
{
    if (link->now_us >= link->due_us)
        end_phase(link);
    if (link->dial != NULL && link->now_us >= amqpext__dial_due_us(link->dial))
        amqpext__link_dial_step(link);
    look_at_heartbeat(link);
}

static void turn(struct link *link)
{
    link->now_us = monotonic_us();
    if (link->phase != PHASE_CLOSING) {
        link->owner->turn(link->data, link->now_us);
        amqpext__link_obey(link);
    }
    if (link->phase != PHASE_OVER)
        look_at_timers(link);
    if (link->stream != NULL && !link->output.is_stuck)
        amqpext__link_flush(link);
}

static void sooner(uint64_t *due_us, uint64_t other_us)
{
    if (other_us < *due_us)
        *due_us = other_us;
}

static int sleep_ms(const struct link *link)
{
    uint64_t due_us = link->phase == PHASE_DIALING ? NEVER : link->due_us;
    uint64_t now_us;

    if (link->phase != PHASE_CLOSING)
        sooner(&due_us, link->owner->due_us(link->data));
    if (link->dial != NULL)
        sooner(&due_us, amqpext__dial_due_us(link->dial));
    if (link->stream != NULL)
        sooner(&due_us, heartbeat_due_us(&link->heartbeat, !amqpext__link_has_output(link)));
    if (due_us == NEVER)
        return -1;
    now_us = monotonic_us();
    if (due_us <= now_us)
        return 0;
    /* Rounded up: it has come when we wake. */
    due_us = (due_us - now_us + 999) / 1000;
    return due_us > INT_MAX ? INT_MAX : (int)due_us;
}

static void watch_stream(struct link *link)
{
    const bool wants_write = link->output.is_stuck;
    struct epoll_event event = {.events = amqpext__stream_events(link->stream, wants_write),
                                .data.fd = amqpext__stream_fd(link->stream)};

    if (event.events == link->stream_events)
        return;
    link->stream_events = event.events;
    epoll_ctl(link->epoll_fd, EPOLL_CTL_MOD, event.data.fd, &event);
}

/* Bytes that TLS has read already, of which the socket says nothing. */
static bool has_buffered(const struct link *link)
{
    return link->stream != NULL && amqpext__stream_has_buffered(link->stream);
}

/* Whether there is something to read. With TLS each way may have waited for the other. */
static bool take_event(struct link *link, const struct epoll_event *event)
{
    const bool has_tls = link->endpoint.has_tls;

    if (link->dial != NULL && event->data.fd == amqpext__dial_fd(link->dial)) {
        amqpext__link_dial_step(link);
        return false;
    }
    if (link->stream == NULL || event->data.fd != amqpext__stream_fd(link->stream))
        return false;
    if (has_tls || (event->events & EPOLLOUT) != 0)
        link->output.is_stuck = false;
    return has_tls || (event->events & ~(uint32_t)EPOLLOUT) != 0;
}

/*
 * Looks away for as long as the owner allows, so that more comes at once, to read and to write. It
 * may be woken in the meantime without a system call, and does nothing of it before the end.
 */
static void look_away(const struct link *link)
{
    const unsigned leisure_us = link->phase == PHASE_READY && link->owner->leisure_us != NULL
                                    ? link->owner->leisure_us(link->data)
                                    : 0;
    const struct timespec leisure = {.tv_nsec = (long)leisure_us * 1000};

    if (leisure_us != 0 && !link->output.is_stuck)
        nanosleep(&leisure, NULL);
}

static void rest(struct link *link)
{
    struct epoll_event events[EVENTS_MAX];
    bool has_input = has_buffered(link);
    const bool is_busy = has_input || link->output.has_more;
    int i, n, timeout;

    if (!is_busy)
        look_away(link);
    timeout = is_busy ? 0 : sleep_ms(link);
    if (link->stream != NULL)
        watch_stream(link);
    if (atomic_exchange(&link->sleep, SLEEP_ASLEEP) == SLEEP_NOTIFIED)
        timeout = 0;
    n = epoll_wait(link->epoll_fd, events, EVENTS_MAX, timeout);
    atomic_exchange(&link->sleep, SLEEP_AWAKE);
    link->now_us = monotonic_us();
    for (i = 0; i < n; i++)
        has_input = take_event(link, &events[i]) || has_input;
    if (has_input && link->stream != NULL)
        amqpext__link_input(link);
}

void *amqpext__link_run(void *data)
{
    struct link *link = data;

    atomic_store(&link->own_thread, pthread_self());
    atomic_store(&link->has_thread, true);
    pthread_setname_np(pthread_self(), "amqpext");
    while (link->phase != PHASE_OVER) {
        turn(link);
        if (link->phase != PHASE_OVER)
            rest(link);
    }
    amqpext__log(&link->endpoint, AMQPEXT_LOG_INFO, "%s: closed", link->host->text);
    amqpext__link_tell(link, AMQPEXT_STATE_CLOSED);
    /* The system may give its number to another thread. */
    atomic_store(&link->has_thread, false);
    return NULL;
}
