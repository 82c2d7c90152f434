/*
 * Workers: made by the app, started as a thread, told to end, joined, freed.
 *
 * On the thread: database client, hooks, server; serving; the same in reverse order.
 * Invariant: everything in a worker belongs to its thread, but for the order, the counters and the
 * inbox.
 */
#include "worker.h"

#include <miniorm/client.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app_state.h"
#include "error.h"
#include "expiry.h"
#include "hangup.h"
#include "linger.h"
#include "response.h"
#include "server.h"

static void seed(struct baseapi_worker *worker)
{
    if (getrandom(&worker->id_state, sizeof(worker->id_state), GRND_NONBLOCK) !=
        (ssize_t)sizeof(worker->id_state))
        worker->id_state = (uint64_t)(uintptr_t)worker ^ miniorm_epoll_now_ms(worker->loop) << 32;
}

struct baseapi_worker *baseapi__worker_new(struct baseapi_app *app, unsigned index,
                                           struct baseapi_error *error)
{
    struct baseapi_worker *worker = calloc(1, sizeof(*worker));
    struct miniorm_error cause = MINIORM_ERROR_INIT;

    if (worker == NULL) {
        (void)baseapi__fail(error, BASEAPI_ENOMEM, "cannot make a worker: out of memory");
        return NULL;
    }
    worker->app = app;
    worker->index = index;
    worker->listen_fd = -1;
    worker->inbox_end = &worker->inbox;
    pthread_mutex_init(&worker->inbox_lock, NULL);
    worker->scratch = baseapi__pattern_scratch_new();
    if (worker->scratch == NULL) {
        (void)baseapi__fail(error, BASEAPI_ENOMEM, "cannot make a worker: out of memory");
    } else if (miniorm_epoll_new(&worker->loop, &cause) != MINIORM_OK) {
        (void)baseapi__fail(error,
                            cause.status == MINIORM_ENOMEM ? BASEAPI_ENOMEM : BASEAPI_ERESOURCES,
                            "cannot make a worker: %s", cause.message);
    } else if (baseapi__hangups_new(worker, &worker->hangups, error) == BASEAPI_OK) {
        seed(worker);
        baseapi__expiry_prepare(worker);
        return worker;
    }
    baseapi__worker_free(worker);
    return NULL;
}

static void free_requests(struct baseapi_worker *worker)
{
    while (worker->requests != NULL) {
        worker->requests->holders = 1;
        baseapi__request_release(worker->requests);
    }
    while (worker->spare != NULL) {
        struct baseapi_request *next = worker->spare->next;

        arena_free(&worker->spare->arena);
        free(worker->spare);
        worker->spare = next;
    }
}

void baseapi__worker_free(struct baseapi_worker *worker)
{
    if (worker == NULL)
        return;
    free_requests(worker);
    if (worker->listen_fd >= 0)
        close(worker->listen_fd);
    baseapi__hangups_free(worker->hangups);
    miniorm_epoll_free(worker->loop);
    baseapi__pattern_scratch_free(worker->scratch);
    pthread_mutex_destroy(&worker->inbox_lock);
    free(worker);
}

static void set_state(struct baseapi_worker *worker, enum worker_state state)
{
    pthread_mutex_lock(&worker->app->lock);
    worker->state = state;
    pthread_cond_broadcast(&worker->app->changed);
    pthread_mutex_unlock(&worker->app->lock);
}

static void on_server_ready(void *data, int fd, unsigned events)
{
    struct baseapi_worker *worker = data;

    (void)fd;
    (void)events;
    worker->server_is_ready = true;
}

static enum baseapi_status open_client(struct baseapi_worker *worker, struct baseapi_error *error)
{
    struct miniorm_error cause = MINIORM_ERROR_INIT;

    if (worker->app->database == NULL ||
        miniorm_client_open(worker->app->database, miniorm_epoll_loop(worker->loop),
                            &worker->client, &cause) == MINIORM_OK)
        return BASEAPI_OK;
    (void)baseapi__fail(error, BASEAPI_EDATABASE, "cannot open a database client: %s",
                        cause.message);
    if (error->status == BASEAPI_EDATABASE)
        error->native_code = (int)cause.status;
    return BASEAPI_EDATABASE;
}

static enum baseapi_status start_hooks(struct baseapi_worker *worker, struct baseapi_error *error)
{
    const struct hook_node *node;
    enum baseapi_status status = BASEAPI_OK;

    for (node = worker->app->hooks; node != NULL && status == BASEAPI_OK; node = node->next) {
        if (node->hook.start != NULL)
            status = node->hook.start(worker, node->hook.data, error);
        if (status == BASEAPI_OK)
            worker->hooks_started++;
    }
    if (status != BASEAPI_OK)
        (void)baseapi__fail(error, status, "a worker's start hook failed");
    return status;
}

static void stop_hooks(struct baseapi_worker *worker)
{
    while (worker->hooks_started != 0) {
        const struct hook_node *node = worker->app->hooks;
        unsigned i;

        for (i = 1; i < worker->hooks_started; i++)
            node = node->next;
        if (node->hook.stop != NULL)
            node->hook.stop(worker, node->hook.data);
        worker->hooks_started--;
    }
}

static enum baseapi_status begin(struct baseapi_worker *worker)
{
    const struct miniorm_loop *loop = miniorm_epoll_loop(worker->loop);
    struct baseapi_error *error = &worker->start_error;
    enum baseapi_status status = open_client(worker, error);
    int failure;

    if (status == BASEAPI_OK)
        status = start_hooks(worker, error);
    if (status == BASEAPI_OK)
        status = baseapi__server_start(worker, &worker->server, error);
    if (status != BASEAPI_OK)
        return status;
    failure = loop->add_watch(loop->context, baseapi__server_fd(worker->server), MINIORM_READABLE,
                              on_server_ready, worker, &worker->server_watch);
    if (failure != 0)
        return baseapi__fail_errno(error, BASEAPI_ERESOURCES, failure,
                                   "cannot watch the HTTP server");
    return BASEAPI_OK;
}

static void end(struct baseapi_worker *worker)
{
    const struct miniorm_loop *loop = miniorm_epoll_loop(worker->loop);

    if (worker->server_watch != NULL)
        loop->remove_watch(loop->context, worker->server_watch);
    baseapi__server_stop(worker->server);
    baseapi__linger_end(worker);
    worker->server = NULL;
    miniorm_client_close(worker->client);
    worker->client = NULL;
    stop_hooks(worker);
}

static void *thread_main(void *data)
{
    struct baseapi_worker *worker = data;

    worker->self = pthread_self();
    worker->start_status = begin(worker);
    if (worker->start_status == BASEAPI_OK) {
        set_state(worker, WORKER_SERVING);
        baseapi__worker_serve(worker);
    }
    end(worker);
    set_state(worker, WORKER_ENDED);
    return NULL;
}

enum baseapi_status baseapi__worker_start(struct baseapi_worker *worker, int listen_fd,
                                          struct baseapi_error *error)
{
    sigset_t all;
    sigset_t kept;
    int failure;

    worker->listen_fd = listen_fd;
    /* Signals are the program's: its own threads take them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    failure = pthread_create(&worker->thread, NULL, thread_main, worker);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (failure != 0)
        return baseapi__fail_errno(error, BASEAPI_ERESOURCES, failure, "cannot start a worker");
    return BASEAPI_OK;
}

void baseapi__worker_order(struct baseapi_worker *worker, enum worker_order order)
{
    atomic_store(&worker->order, (int)order);
    miniorm_epoll_wake(worker->loop);
}

bool baseapi__worker_is_current(const struct baseapi_worker *worker)
{
    return pthread_equal(worker->self, pthread_self()) != 0;
}

void baseapi__worker_post(struct baseapi_worker *worker, struct baseapi_request *request,
                          enum mail mail)
{
    pthread_mutex_lock(&worker->inbox_lock);
    if (request->mail == MAIL_NONE) {
        request->next_mail = NULL;
        *worker->inbox_end = request;
        worker->inbox_end = &request->next_mail;
    }
    /* An answer outweighs a resume that was not read yet. */
    if (request->mail != MAIL_ANSWERED)
        request->mail = mail;
    pthread_mutex_unlock(&worker->inbox_lock);
    miniorm_epoll_wake(worker->loop);
}

unsigned baseapi_worker_index(const struct baseapi_worker *worker)
{
    return worker->index;
}

const struct miniorm_loop *baseapi_worker_loop(const struct baseapi_worker *worker)
{
    return miniorm_epoll_loop(worker->loop);
}

struct miniorm_client *baseapi_worker_database(const struct baseapi_worker *worker)
{
    return worker->client;
}
