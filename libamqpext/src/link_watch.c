/*
 * Link as other threads see it: waking it, waiting for it, its figures.
 *
 * Order: any.
 * Invariant: nothing here touches what is the I/O thread's own.
 */
#include "link_core.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "wait.h"

void amqpext__link_wake(struct link *link)
{
    const uint64_t one = 1;
    const int saved_errno = errno;

    /* A thread that is awake looks here before it sleeps. */
    if (atomic_load(&link->sleep) != SLEEP_NOTIFIED &&
        atomic_exchange(&link->sleep, SLEEP_NOTIFIED) == SLEEP_ASLEEP) {
        while (write(link->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
            continue;
    }
    errno = saved_errno;
}

bool amqpext__link_is_ready(const struct link *link)
{
    return atomic_load(&link->epoch) != 0;
}

bool amqpext__link_is_blocked(const struct link *link)
{
    return atomic_load(&link->is_blocked);
}

uint64_t amqpext__link_epoch(const struct link *link)
{
    return atomic_load(&link->epoch);
}

bool amqpext__link_is_own_thread(const struct link *link)
{
    return atomic_load(&link->has_thread) &&
           pthread_equal(pthread_self(), atomic_load(&link->own_thread)) != 0;
}

static pthread_mutex_t *lock_of(const struct link *link)
{
    /* Looking changes nothing but the lock. */
    return (pthread_mutex_t *)&link->lock;
}

bool amqpext__link_is_started(const struct link *link)
{
    bool is_started;

    pthread_mutex_lock(lock_of(link));
    is_started = link->is_started;
    pthread_mutex_unlock(lock_of(link));
    return is_started;
}

const struct endpoint *amqpext__link_endpoint(const struct link *link)
{
    return &link->endpoint;
}

/*
 * Whether there is something to answer to somebody who waits, since there were so many permanent
 * errors; under the lock.
 */
static bool has_answer(const struct link *link, uint64_t n_permanent, enum amqpext_status *status,
                       struct amqpext_error *error)
{
    if (link->is_finishing)
        *status = amqpext__fail(error, AMQPEXT_ECLOSED, "the connection is closing");
    else if (link->is_ready)
        *status = AMQPEXT_OK;
    else if (link->is_permanent || link->n_permanent != n_permanent)
        *status = amqpext__fail_copy(error, &link->permanent_error);
    else
        return false;
    return true;
}

/* The time is up; under the lock. */
static enum amqpext_status fail_late(const struct link *link, unsigned timeout_ms,
                                     struct amqpext_error *error)
{
    const struct amqpext_error *last = &link->last_error;

    if (last->status == AMQPEXT_OK)
        return amqpext__fail(error, AMQPEXT_ETIMEDOUT, "no connection within %u ms", timeout_ms);
    return amqpext__fail_reply(error, AMQPEXT_ETIMEDOUT, last->reply_code,
                               "no connection within %u ms: %s", timeout_ms, last->message);
}

enum amqpext_status amqpext__link_wait_ready(struct link *link, unsigned timeout_ms,
                                             struct amqpext_error *error)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)timeout_ms * 1000;
    enum amqpext_status status;
    uint64_t n_permanent;
    bool is_in_time = true;

    if (amqpext__link_is_own_thread(link))
        return amqpext__fail(error, AMQPEXT_ESTATE, "a callback cannot wait for a connection");
    pthread_mutex_lock(&link->lock);
    n_permanent = link->n_permanent;
    while (!has_answer(link, n_permanent, &status, error)) {
        if (!is_in_time) {
            status = fail_late(link, timeout_ms, error);
            break;
        }
        is_in_time = condition_wait(&link->changed, &link->lock, deadline_us);
    }
    pthread_mutex_unlock(&link->lock);
    return status;
}

static uint64_t count_of(const struct link *link, enum link_count count)
{
    return atomic_load_explicit(&link->counts[count], memory_order_relaxed);
}

void amqpext__link_stats(const struct link *link, struct amqpext_connection_stats *out)
{
    const uint64_t blocked_since_us = atomic_load(&link->blocked_since_us);
    const uint64_t now_us = monotonic_us();

    memset(out, 0, sizeof(*out));
    out->connects = count_of(link, COUNT_CONNECTS);
    out->tries = count_of(link, COUNT_TRIES);
    out->lost = count_of(link, COUNT_LOST);
    out->lost_by_peer = count_of(link, COUNT_LOST_BY_PEER);
    out->lost_by_network = count_of(link, COUNT_LOST_BY_NETWORK);
    out->lost_by_silence = count_of(link, COUNT_LOST_BY_SILENCE);
    out->lost_by_protocol = count_of(link, COUNT_LOST_BY_PROTOCOL);
    out->channel_closes = count_of(link, COUNT_CHANNEL_CLOSES);
    out->permanent_errors = count_of(link, COUNT_PERMANENT_ERRORS);
    out->bytes_in = count_of(link, COUNT_BYTES_IN);
    out->bytes_out = count_of(link, COUNT_BYTES_OUT);
    out->reads = count_of(link, COUNT_READS);
    out->writes = count_of(link, COUNT_WRITES);
    out->blocked = count_of(link, COUNT_BLOCKED);
    out->blocked_us = count_of(link, COUNT_BLOCKED_US);
    if (blocked_since_us != 0 && now_us > blocked_since_us)
        out->blocked_us += now_us - blocked_since_us;
    out->is_ready = amqpext__link_is_ready(link);
    out->is_blocked = amqpext__link_is_blocked(link);
}
