/*
 * Link: made, started, asked, joined, freed.
 *
 * Order: as link.h says.
 * Invariant: what the owner asks for in a callback is only noted here, and done by the loop when
 * the callback has returned.
 */
#include "link_core.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "wait.h"

/* Pauses before a channel is opened again are short at first: the connection is there. */
#define CHANNEL_MIN_DELAY_MS 10

static enum amqpext_status make_descriptors(struct link *link, struct amqpext_error *error)
{
    /* Edge-triggered: the counter need never be read. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = -1};

    link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->epoll_fd < 0 || link->wake_fd < 0 ||
        epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->wake_fd, &event) != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "cannot make a descriptor");
    return AMQPEXT_OK;
}

static void close_descriptors(struct link *link)
{
    if (link->epoll_fd >= 0)
        close(link->epoll_fd);
    if (link->wake_fd >= 0)
        close(link->wake_fd);
}

static enum amqpext_status make_locks(struct link *link, struct amqpext_error *error)
{
    int failure = pthread_mutex_init(&link->lock, NULL);

    if (failure == 0) {
        failure = condition_init(&link->changed);
        if (failure != 0)
            pthread_mutex_destroy(&link->lock);
    }
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "cannot make a lock");
    return AMQPEXT_OK;
}

static enum amqpext_status set_up(struct link *link, struct amqpext_error *error)
{
    const struct endpoint *endpoint = &link->endpoint;

    link->epoll_fd = link->wake_fd = -1;
    link->state = AMQPEXT_STATE_IDLE;
    link->phase = PHASE_PAUSE;
    link->host = &endpoint->hosts[0];
    link->content.max_size = endpoint->max_message_bytes;
    amqpext__backoff_init(&link->backoff, endpoint->reconnect_min_delay_ms,
                          endpoint->reconnect_max_delay_ms, amqpext__backoff_seed());
    amqpext__backoff_init(&link->channel_backoff, CHANNEL_MIN_DELAY_MS,
                          endpoint->reconnect_max_delay_ms, amqpext__backoff_seed());
    link->barred_until_us = calloc(endpoint->n_hosts, sizeof(*link->barred_until_us));
    return link->barred_until_us == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

enum amqpext_status amqpext__link_new(struct endpoint *endpoint, const struct link_owner *owner,
                                      void *data, struct link **out, struct amqpext_error *error)
{
    struct link *link = calloc(1, sizeof(*link));
    enum amqpext_status status;

    if (link == NULL) {
        amqpext__endpoint_free(endpoint);
        return amqpext__fail_memory(error);
    }
    link->endpoint = *endpoint;
    memset(endpoint, 0, sizeof(*endpoint));
    link->owner = owner;
    link->data = data;
    status = set_up(link, error);
    if (status == AMQPEXT_OK)
        status = make_descriptors(link, error);
    if (status == AMQPEXT_OK)
        status = make_locks(link, error);
    if (status != AMQPEXT_OK) {
        close_descriptors(link);
        amqpext__endpoint_free(&link->endpoint);
        free(link->barred_until_us);
        free(link);
        return status;
    }
    *out = link;
    return AMQPEXT_OK;
}

/* Signals are the host's: none is delivered to this thread. */
static int start_thread(struct link *link)
{
    sigset_t all, before;
    int failure;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&link->thread, NULL, amqpext__link_run, link);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

enum amqpext_status amqpext__link_start(struct link *link, struct amqpext_error *error)
{
    int failure = 0;

    pthread_mutex_lock(&link->lock);
    if (!link->is_started) {
        failure = start_thread(link);
        link->is_started = failure == 0;
    }
    pthread_mutex_unlock(&link->lock);
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "cannot start a thread");
    return AMQPEXT_OK;
}

void amqpext__link_join(struct link *link)
{
    bool is_mine;

    pthread_mutex_lock(&link->lock);
    is_mine = link->is_started && !link->is_joining;
    link->is_joining = link->is_joining || is_mine;
    while (link->is_started && !is_mine && !link->is_joined)
        condition_wait(&link->changed, &link->lock, NEVER);
    pthread_mutex_unlock(&link->lock);
    if (!is_mine)
        return;
    pthread_join(link->thread, NULL);
    pthread_mutex_lock(&link->lock);
    link->is_joined = true;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
}

void amqpext__link_free(struct link *link)
{
    if (link == NULL)
        return;
    amqpext__link_drop(link);
    amqpext__link_input_free(link);
    text_free(&link->output.control);
    amqpext__plan_free(&link->plan);
    close_descriptors(link);
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    amqpext__endpoint_free(&link->endpoint);
    free(link->barred_until_us);
    free(link);
}

struct text *amqpext__link_output(struct link *link)
{
    return &link->output.control;
}

const struct broker *amqpext__link_broker(const struct link *link)
{
    return &link->handshake.broker;
}

void amqpext__link_fail(struct link *link, const struct amqpext_error *error)
{
    if (link->wants_fail || link->stream == NULL)
        return;
    link->wants_fail = true;
    link->request_error = *error;
}

void amqpext__link_reopen(struct link *link, const struct amqpext_error *error)
{
    if (link->wants_fail || link->wants_reopen || atomic_load(&link->epoch) == 0)
        return;
    link->wants_reopen = true;
    link->request_error = *error;
}

void amqpext__link_forgive(struct link *link)
{
    amqpext__backoff_reset(&link->backoff);
    amqpext__backoff_reset(&link->channel_backoff);
}

void amqpext__link_finish(struct link *link, unsigned linger_ms)
{
    link->wants_finish = true;
    link->linger_ms = linger_ms;
}
