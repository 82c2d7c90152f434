/*
 * Blocking handlers: a queue and the threads that take from it.
 *
 * Invariant: a request in the queue or on a thread is owned by it; it goes back to its worker's
 * inbox exactly once, when the handler has returned.
 */
#include "blocking.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "error.h"
#include "exchange.h"
#include "worker.h"

struct blocking {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct baseapi_request *first, **end;
    unsigned waiting;
    unsigned limit;
    bool is_stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static void run(struct baseapi_request *request)
{
    const struct baseapi_route *route = &request->route->declared;

    if (!baseapi_request_is_cancelled(request))
        route->handler(request, route->data);
    if (!request->owner_is_done) {
        if (!baseapi_request_is_cancelled(request))
            baseapi__request_log(request, BASEAPI_LOG_ERROR,
                                 "the handler of %s %s returned without an answer", request->method,
                                 route->pattern);
        baseapi_respond_error(request, NULL);
    }
    baseapi__worker_post(request->worker, request, MAIL_ANSWERED);
}

/* The next request, or NULL when the pool stops. */
static struct baseapi_request *take(struct blocking *blocking)
{
    struct baseapi_request *request;

    pthread_mutex_lock(&blocking->lock);
    while (blocking->first == NULL && !blocking->is_stopping)
        pthread_cond_wait(&blocking->filled, &blocking->lock);
    request = blocking->is_stopping ? NULL : blocking->first;
    if (request != NULL) {
        blocking->first = request->next_mail;
        if (blocking->first == NULL)
            blocking->end = &blocking->first;
        blocking->waiting--;
    }
    pthread_mutex_unlock(&blocking->lock);
    return request;
}

static void *thread_main(void *data)
{
    struct blocking *blocking = data;
    struct baseapi_request *request;

    while ((request = take(blocking)) != NULL)
        run(request);
    return NULL;
}

static int start_threads(struct blocking *blocking, unsigned threads)
{
    sigset_t all;
    sigset_t kept;
    int failure = 0;

    /* Signals are the program's: its own threads take them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    while (failure == 0 && blocking->thread_count < threads) {
        failure =
            pthread_create(&blocking->threads[blocking->thread_count], NULL, thread_main, blocking);
        blocking->thread_count += failure == 0 ? 1 : 0;
    }
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return failure;
}

enum baseapi_status baseapi__blocking_start(unsigned threads, unsigned queue_limit,
                                            struct blocking **out, struct baseapi_error *error)
{
    struct blocking *blocking =
        calloc(1, sizeof(*blocking) + threads * sizeof(blocking->threads[0]));
    int failure;

    if (blocking == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM,
                             "cannot start the pool of threads: out of memory");
    pthread_mutex_init(&blocking->lock, NULL);
    pthread_cond_init(&blocking->filled, NULL);
    blocking->end = &blocking->first;
    blocking->limit = queue_limit;
    failure = start_threads(blocking, threads);
    if (failure != 0) {
        baseapi__blocking_stop(blocking);
        return baseapi__fail_errno(error, BASEAPI_ERESOURCES, failure,
                                   "cannot start the pool of threads");
    }
    *out = blocking;
    return BASEAPI_OK;
}

void baseapi__blocking_stop(struct blocking *blocking)
{
    unsigned i;

    if (blocking == NULL)
        return;
    pthread_mutex_lock(&blocking->lock);
    blocking->is_stopping = true;
    pthread_cond_broadcast(&blocking->filled);
    pthread_mutex_unlock(&blocking->lock);
    for (i = 0; i < blocking->thread_count; i++)
        pthread_join(blocking->threads[i], NULL);
    pthread_cond_destroy(&blocking->filled);
    pthread_mutex_destroy(&blocking->lock);
    free(blocking);
}

bool baseapi__blocking_submit(struct blocking *blocking, struct baseapi_request *request)
{
    bool has_room;

    pthread_mutex_lock(&blocking->lock);
    has_room = blocking->waiting < blocking->limit;
    if (has_room) {
        request->is_on_pool = true;
        request->next_mail = NULL;
        *blocking->end = request;
        blocking->end = &request->next_mail;
        blocking->waiting++;
        pthread_cond_signal(&blocking->filled);
    }
    pthread_mutex_unlock(&blocking->lock);
    return has_room;
}
