/*
 * Pool: connections that threads use one at a time.
 *
 * A thread gets an idle connection, or a place to open one, or waits in line for either. Whoever
 * gives back a connection or a place hands it to the first in line, so that nobody overtakes.
 * Connecting and disconnecting happen without the lock.
 *
 * Invariant: open counts connections, places counts threads that are about to open one;
 * open + places <= pool_max; nobody waits in line while a connection is idle or a place is free.
 */
#include "pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

/* How often idle connections are looked through: closing them is housekeeping, not urgent. */
#define REAP_INTERVAL_MS 1000

/* A thread in line, on its stack. */
struct waiter {
    struct waiter *next;
    pthread_cond_t served;
    bool is_served;
    struct miniorm__connection *connection; /* NULL when served: a place to open one */
};

struct list {
    struct miniorm__connection *first;
};

struct miniorm__pool {
    struct miniorm_database *database;
    pthread_mutex_t lock;
    pthread_condattr_t monotonic;
    struct list idle; /* newest first: what is needed stays warm, the rest grows old */
    struct list busy; /* newest first */
    struct waiter *line;
    struct waiter **line_end;
    unsigned open;
    unsigned places;
    unsigned in_use;
    unsigned waiting;
    uint64_t acquired;
    uint64_t timeouts;
    uint64_t connect_failures;
    uint64_t reaped_ms;
    pid_t owner; /* connections must not be shared with a forked child */
    /* Empty: none since the last success. */
    char connect_error[sizeof(((struct miniorm_error *)NULL)->message)];
};

static void list_add(struct list *list, struct miniorm__connection *connection)
{
    connection->previous = NULL;
    connection->next = list->first;
    connection->since_ms = miniorm__clock_ms();
    if (list->first != NULL)
        list->first->previous = connection;
    list->first = connection;
}

static void list_remove(struct list *list, struct miniorm__connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
}

/* The connection that has been in the list for longest; NULL: it is empty. */
static struct miniorm__connection *list_oldest(const struct list *list)
{
    struct miniorm__connection *connection = list->first;

    while (connection != NULL && connection->next != NULL)
        connection = connection->next;
    return connection;
}

enum miniorm_status miniorm__pool_new(struct miniorm_database *database, struct miniorm__pool **out,
                                      struct miniorm_error *error)
{
    struct miniorm__pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return miniorm__fail_memory(error);
    pool->database = database;
    pool->line_end = &pool->line;
    pool->owner = getpid();
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_condattr_init(&pool->monotonic);
    (void)pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
    *out = pool;
    return MINIORM_OK;
}

static void disconnect_all(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    while (connection != NULL) {
        struct miniorm__connection *next = connection->next;

        pool->database->driver->disconnect(connection);
        connection = next;
    }
}

void miniorm__pool_free(struct miniorm__pool *pool)
{
    if (pool == NULL)
        return;
    disconnect_all(pool, pool->idle.first);
    (void)pthread_condattr_destroy(&pool->monotonic);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* Serves the first in line with a connection (already listed as busy) or a place. */
static void serve(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    struct waiter *waiter = pool->line;

    pool->line = waiter->next;
    if (pool->line == NULL)
        pool->line_end = &pool->line;
    pool->waiting--;
    waiter->connection = connection;
    waiter->is_served = true;
    (void)pthread_cond_signal(&waiter->served);
}

/* A place became free. */
static void free_place(struct miniorm__pool *pool)
{
    if (pool->line != NULL) {
        pool->places++;
        serve(pool, NULL);
    }
}

static void leave_line(struct miniorm__pool *pool, struct waiter *waiter)
{
    struct waiter **link = &pool->line;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (*link == NULL)
        pool->line_end = link;
    pool->waiting--;
}

static struct timespec timespec_of(uint64_t milliseconds)
{
    return (struct timespec){.tv_sec = (time_t)(milliseconds / 1000),
                             .tv_nsec = (long)(milliseconds % 1000) * 1000000};
}

/* Waits in line; false when the deadline passed. */
static bool wait_in_line(struct miniorm__pool *pool, uint64_t deadline_ms,
                         struct miniorm__connection **out)
{
    const struct timespec deadline = timespec_of(deadline_ms);
    struct waiter waiter = {.next = NULL};
    int failure = 0;

    (void)pthread_cond_init(&waiter.served, &pool->monotonic);
    *pool->line_end = &waiter;
    pool->line_end = &waiter.next;
    pool->waiting++;
    while (!waiter.is_served && failure == 0)
        failure = pthread_cond_timedwait(&waiter.served, &pool->lock, &deadline);
    if (!waiter.is_served)
        leave_line(pool, &waiter);
    (void)pthread_cond_destroy(&waiter.served);
    *out = waiter.connection;
    return waiter.is_served;
}

/* Says why there was no connection: who has them, who else waits, and whether connecting works. */
static enum miniorm_status fail_acquire(struct miniorm__pool *pool, uint64_t began_ms,
                                        struct miniorm_error *error)
{
    const struct miniorm__connection *oldest = list_oldest(&pool->busy);
    const uint64_t now = miniorm__clock_ms();

    pool->timeouts++;
    return miniorm__fail(
        error, MINIORM_ETIMEDOUT,
        "no connection within %llu ms: %u of %u in use, the longest for %llu ms, "
        "%u being opened, %u more threads waiting%s%s",
        (unsigned long long)(now - began_ms), pool->in_use, pool->database->options.pool_max,
        oldest == NULL ? 0ULL : (unsigned long long)(now - oldest->since_ms), pool->places,
        pool->waiting,
        pool->connect_error[0] == '\0' ? "" : "; last connect error: ", pool->connect_error);
}

static void make_busy(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    list_add(&pool->busy, connection);
    pool->in_use++;
    pool->acquired++;
}

/* Gets an idle connection, or a place to open one (*out is NULL then), or waits for either. */
static enum miniorm_status obtain(struct miniorm__pool *pool, uint64_t deadline_ms,
                                  struct miniorm__connection **out, struct miniorm_error *error)
{
    const uint64_t began_ms = miniorm__clock_ms();
    enum miniorm_status status = MINIORM_OK;

    (void)pthread_mutex_lock(&pool->lock);
    *out = pool->idle.first;
    if (*out != NULL) {
        list_remove(&pool->idle, *out);
        make_busy(pool, *out);
    } else if (pool->open + pool->places < pool->database->options.pool_max) {
        pool->places++;
    } else if (!wait_in_line(pool, deadline_ms, out)) {
        status = fail_acquire(pool, began_ms, error);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return status;
}

/* Turns the connection that one has into a place to open another. */
static void exchange(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    (void)pthread_mutex_lock(&pool->lock);
    list_remove(&pool->busy, connection);
    pool->in_use--;
    pool->open--;
    pool->places++;
    (void)pthread_mutex_unlock(&pool->lock);
    pool->database->driver->disconnect(connection);
}

/* Opens a connection in the place that one has. */
static enum miniorm_status open_in_place(struct miniorm__pool *pool, uint64_t deadline_ms,
                                         struct miniorm__connection **out,
                                         struct miniorm_error *error)
{
    struct miniorm_error failure = MINIORM_ERROR_INIT;
    struct miniorm__connection *connection = NULL;
    const enum miniorm_status status =
        pool->database->driver->connect(pool->database, deadline_ms, &connection, &failure);

    (void)pthread_mutex_lock(&pool->lock);
    pool->places--;
    if (status == MINIORM_OK) {
        pool->open++;
        pool->connect_error[0] = '\0';
        make_busy(pool, connection);
    } else {
        pool->connect_failures++;
        memcpy(pool->connect_error, failure.message, sizeof(pool->connect_error));
        free_place(pool);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (status != MINIORM_OK)
        return miniorm__fail_copy(error, &failure);
    *out = connection;
    return MINIORM_OK;
}

enum miniorm_status miniorm__pool_acquire(struct miniorm__pool *pool, uint64_t deadline_ms,
                                          struct miniorm__connection **out,
                                          struct miniorm_error *error)
{
    uint64_t limit_ms = miniorm__clock_ms() + pool->database->options.acquire_timeout_ms;
    struct miniorm__connection *connection;
    enum miniorm_status status;

    if (pool->owner != getpid())
        return miniorm__fail(error, MINIORM_ESTATE,
                             "the database was opened before fork: open it in the child");
    if (deadline_ms != 0 && deadline_ms < limit_ms)
        limit_ms = deadline_ms;
    status = obtain(pool, limit_ms, &connection, error);
    if (status != MINIORM_OK)
        return status;
    if (connection != NULL && !pool->database->driver->is_usable(connection)) {
        exchange(pool, connection);
        connection = NULL;
    }
    if (connection == NULL)
        return open_in_place(pool, limit_ms, out, error);
    *out = connection;
    return MINIORM_OK;
}

/* Takes the connections out of the list of idle ones that are there for too long; they are counted
 * out already. */
static struct miniorm__connection *take_expired(struct miniorm__pool *pool)
{
    const struct miniorm_database_options *options = &pool->database->options;
    const uint64_t now = miniorm__clock_ms();
    struct miniorm__connection *expired = NULL;
    struct miniorm__connection *oldest;

    if (now - pool->reaped_ms < REAP_INTERVAL_MS && options->idle_timeout_ms > REAP_INTERVAL_MS)
        return NULL;
    pool->reaped_ms = now;
    while (pool->open > options->pool_min && (oldest = list_oldest(&pool->idle)) != NULL &&
           now - oldest->since_ms >= options->idle_timeout_ms) {
        list_remove(&pool->idle, oldest);
        pool->open--;
        oldest->next = expired;
        expired = oldest;
    }
    return expired;
}

void miniorm__pool_release(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    struct miniorm__connection *expired;

    if (!pool->database->driver->is_usable(connection)) {
        miniorm__pool_discard(pool, connection);
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    list_remove(&pool->busy, connection);
    pool->in_use--;
    if (pool->line != NULL) {
        make_busy(pool, connection);
        serve(pool, connection);
    } else {
        list_add(&pool->idle, connection);
    }
    expired = take_expired(pool);
    (void)pthread_mutex_unlock(&pool->lock);
    disconnect_all(pool, expired);
}

void miniorm__pool_discard(struct miniorm__pool *pool, struct miniorm__connection *connection)
{
    (void)pthread_mutex_lock(&pool->lock);
    list_remove(&pool->busy, connection);
    pool->in_use--;
    pool->open--;
    free_place(pool);
    (void)pthread_mutex_unlock(&pool->lock);
    pool->database->driver->disconnect(connection);
}

void miniorm__pool_forget_idle(struct miniorm__pool *pool)
{
    struct miniorm__connection *connection;
    struct miniorm__connection *idle;

    (void)pthread_mutex_lock(&pool->lock);
    idle = pool->idle.first;
    pool->idle.first = NULL;
    for (connection = idle; connection != NULL; connection = connection->next)
        pool->open--;
    (void)pthread_mutex_unlock(&pool->lock);
    disconnect_all(pool, idle);
}

enum miniorm_status miniorm__pool_fill(struct miniorm__pool *pool, struct miniorm_error *error)
{
    const uint64_t deadline_ms = miniorm__clock_ms() + pool->database->options.acquire_timeout_ms;

    while (pool->open < pool->database->options.pool_min) {
        struct miniorm__connection *connection;
        enum miniorm_status status =
            pool->database->driver->connect(pool->database, deadline_ms, &connection, error);

        if (status != MINIORM_OK)
            return status;
        list_add(&pool->idle, connection);
        pool->open++;
    }
    return MINIORM_OK;
}

void miniorm__pool_figures(struct miniorm__pool *pool, struct miniorm_pool_stats *out)
{
    (void)pthread_mutex_lock(&pool->lock);
    out->open = pool->open;
    out->busy = pool->in_use;
    out->waiting = pool->waiting;
    out->acquired = pool->acquired;
    out->timeouts = pool->timeouts;
    out->connect_failures = pool->connect_failures;
    (void)pthread_mutex_unlock(&pool->lock);
}
