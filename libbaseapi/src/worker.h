/*
 * Workers: threads with a loop, a server and everything that belongs to one of them alone.
 */
#ifndef BASEAPI_SRC_WORKER_H
#define BASEAPI_SRC_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <miniorm/epoll.h>

#include <baseapi/app.h>

#include "deadlines.h"
#include "exchange.h"
#include "stats.h"

/*
 * Different handler_timeout_ms of one app, its own included: each is a list that every turn looks
 * at.
 */
#define MAX_TIMEOUT_CLASSES 8

struct hangups;
struct server;

enum worker_order {
    ORDER_RUN = 0,
    ORDER_DRAIN, /* finish what runs */
    ORDER_CUT /* finish nothing */
};

enum worker_state { WORKER_STARTING = 0, WORKER_SERVING, WORKER_ENDED };

struct baseapi_worker {
    struct baseapi_app *app;
    unsigned index;
    pthread_t thread; /* for the app, to join */
    pthread_t self; /* the same, written by the thread before it serves */
    struct miniorm_epoll *loop;
    struct miniorm_client *client;
    struct server *server;
    struct hangups *hangups;
    void *server_watch;
    bool server_is_ready; /* its descriptor was seen readable */
    struct pattern_scratch *scratch;
    int listen_fd; /* the server's once it has started */
    uint64_t id_state;
    uint64_t now_ms;

    atomic_int order;
    enum worker_order obeyed;
    enum worker_state state; /* under the app's lock */
    enum baseapi_status start_status;
    struct baseapi_error start_error;
    bool was_cut; /* requests were given up at the end */
    unsigned hooks_started;

    struct deadline_list header, body, send, idle, watch, linger;
    unsigned lingering_count;
    struct deadline_list handler[MAX_TIMEOUT_CLASSES];
    struct connection *connections;
    size_t connection_count;
    struct baseapi_request *requests; /* all that are held by anybody */
    struct baseapi_request *spare; /* freed ones, to be used again */
    size_t spare_count;

    pthread_mutex_t inbox_lock;
    struct baseapi_request *inbox, **inbox_end;

    struct worker_stats stats;
};

struct baseapi_worker *baseapi__worker_new(struct baseapi_app *app, unsigned index,
                                           struct baseapi_error *error);

/* Frees a worker whose thread has ended, with the requests nobody answered. NULL is allowed. */
void baseapi__worker_free(struct baseapi_worker *worker);

/*
 * Starts the thread and returns at once; the app is told when it serves or has failed. Takes
 * `listen_fd` over.
 */
enum baseapi_status baseapi__worker_start(struct baseapi_worker *worker, int listen_fd,
                                          struct baseapi_error *error);

/* Any thread: tells a worker to drain or to cut. */
void baseapi__worker_order(struct baseapi_worker *worker, enum worker_order order);

bool baseapi__worker_is_current(const struct baseapi_worker *worker);

/* Any thread: gives a request back to its worker. */
void baseapi__worker_post(struct baseapi_worker *worker, struct baseapi_request *request,
                          enum mail mail);

/* Serves until ordered to end; on the worker's thread. */
void baseapi__worker_serve(struct baseapi_worker *worker);

#endif
