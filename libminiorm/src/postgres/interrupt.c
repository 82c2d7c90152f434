/*
 * Interrupt: what nobody waits for any more is stopped on the server, if no other suffers.
 *
 * A cancel request stops whatever the connection runs at that moment. It is sent when the statement
 * in question is in the segment that runs, and everything behind is of the same transaction, which
 * cannot succeed any more, or reads, which are sent again if they are hit. Until the request is
 * through, nothing is sent on the lane. A lane that stays silent although its first segment has a
 * statement that was given up, or although nothing runs and it was asked whether it is alive, is
 * closed.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"

#include "../error.h"

/* A statement that was given up in the queue gets so long to end by itself when its turn comes. */
#define GRACE_MS 20
/* The server acts on a cancel request a moment after it has taken it: so long a statement that was
 * cancelled may have been hit in place of another. */
#define AFTERMATH_MS 1000

static void notified(void *data, int fd, unsigned events)
{
    struct miniorm__pg_client *pool = data;
    uint64_t count;
    unsigned i;

    (void)events;
    if (read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN)
        return;
    for (i = 0; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (lane->cancel != NULL && miniorm__pg_cancel_is_done(lane->cancel)) {
            miniorm__pg_cancel_free(lane->cancel);
            lane->cancel = NULL;
            lane->cancelled_ms = miniorm__clock_ms();
        }
    }
    miniorm__client_flush_later(pool->client);
    miniorm__client_dispatch(pool->client);
}

static bool open_notify(struct miniorm__pg_client *pool)
{
    const struct miniorm_loop *loop = &pool->client->loop;

    if (pool->notify >= 0)
        return true;
    pool->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->notify < 0)
        return false;
    if (loop->add_watch(loop->context, pool->notify, MINIORM_READABLE, notified, pool,
                        &pool->notify_watch) == 0)
        return true;
    close(pool->notify);
    pool->notify = -1;
    return false;
}

static void wait_for_requests(struct miniorm__pg_client *pool)
{
    const uint64_t until_ms = miniorm__clock_ms() + MINIORM__PG_CANCEL_WAIT_MS;
    unsigned i;

    for (i = 0; i < pool->n_lanes; i++) {
        if (pool->lanes[i].cancel != NULL)
            miniorm__pg_cancel_wait(pool->lanes[i].cancel, until_ms);
    }
}

void miniorm__pg_interrupt_close(struct miniorm__pg_client *pool)
{
    const struct miniorm_loop *loop = &pool->client->loop;

    if (pool->notify < 0)
        return;
    wait_for_requests(pool);
    loop->remove_watch(loop->context, pool->notify_watch);
    close(pool->notify);
    pool->notify = -1;
}

static struct miniorm_request *request_of(const struct miniorm__pg_lane *lane,
                                          const struct miniorm__pg_expectation *expected)
{
    const bool is_begin = expected->step == MINIORM__PG_VERB && expected->verb == MINIORM__BEGIN;

    return is_begin || expected->waiter == lane ? NULL : expected->waiter;
}

/*
 * A statement that was given up and may be the one that runs. The answers of a segment come
 * together at its end, so that nobody knows how far the server is in it.
 */
static struct miniorm_request *given_up(const struct miniorm__pg_lane *lane)
{
    const struct miniorm__pg_expectation *expected;
    unsigned i;

    for (i = 0; (expected = miniorm__pg_connection_peek(lane->connection, i)) != NULL; i++) {
        struct miniorm_request *request = request_of(lane, expected);

        if (request != NULL && request->is_abandoned)
            return request;
        if (expected->step == MINIORM__PG_SYNC)
            return NULL;
    }
    return NULL;
}

static bool is_wanted_write(const struct miniorm_request *request)
{
    return request != NULL && request->transaction == NULL && !request->is_abandoned &&
           request->operation.traffic != MINIORM__READ;
}

/* Writes that were given up too do not count: they would protect one another for ever. */
static bool hurts_others(const struct miniorm__pg_lane *lane, const struct miniorm_request *victim)
{
    const struct miniorm__pg_expectation *expected;
    unsigned i;

    if (victim->transaction != NULL || lane->writes == 0)
        return false;
    for (i = 0; (expected = miniorm__pg_connection_peek(lane->connection, i)) != NULL; i++) {
        if (is_wanted_write(request_of(lane, expected)))
            return true;
    }
    return false;
}

static void start_cancel(struct miniorm__pg_lane *lane, struct miniorm_request *victim)
{
    if (lane->cancel != NULL || (victim->driver_flags & MINIORM__PG_CANCEL_SENT) != 0 ||
        hurts_others(lane, victim) || !open_notify(lane->pool))
        return;
    lane->cancel = miniorm__pg_cancel_start(lane->connection->pg, lane->pool->notify);
    if (lane->cancel != NULL)
        victim->driver_flags |= MINIORM__PG_CANCEL_SENT;
}

bool miniorm__pg_interrupt_may_hit(const struct miniorm__pg_lane *lane)
{
    return lane->cancel != NULL ||
           (lane->cancelled_ms != 0 && miniorm__clock_ms() < lane->cancelled_ms + AFTERMATH_MS);
}

/* Nothing runs that may take its time: an answer to the Sync is due. */
static bool is_only_doubted(const struct miniorm__pg_lane *lane)
{
    return lane->doubts != 0 && lane->in_flight == 0;
}

static uint64_t silent_at(const struct miniorm__pg_lane *lane)
{
    return lane->progress_ms + lane->pool->client->database->options.connect_timeout_ms;
}

/* The lane got on; what is first now may have been given up while it waited. */
void miniorm__pg_interrupt(struct miniorm__pg_lane *lane)
{
    if (given_up(lane) != NULL)
        miniorm__pg_look_at(lane->pool, lane->progress_ms + GRACE_MS);
    else if (is_only_doubted(lane))
        miniorm__pg_look_at(lane->pool, silent_at(lane));
}

static void close_silent(struct miniorm__pg_lane *lane)
{
    const unsigned timeout_ms = lane->pool->client->database->options.connect_timeout_ms;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    miniorm__fail(&error, MINIORM_ECONNECTION,
                  "the connection to PostgreSQL is closed: it was silent for %u ms", timeout_ms);
    miniorm__pg_connection_break(lane->connection, &error);
    lane->has_output = true;
}

uint64_t miniorm__pg_interrupt_look(struct miniorm__pg_lane *lane)
{
    struct miniorm_request *victim = given_up(lane);
    const uint64_t now = lane->pool->now_ms;

    if (victim == NULL && !is_only_doubted(lane))
        return 0;
    if (victim != NULL && now < lane->progress_ms + GRACE_MS)
        return lane->progress_ms + GRACE_MS;
    if (victim != NULL)
        start_cancel(lane, victim);
    if (now < silent_at(lane))
        return silent_at(lane);
    if (victim == NULL || !hurts_others(lane, victim))
        close_silent(lane);
    return 0;
}
