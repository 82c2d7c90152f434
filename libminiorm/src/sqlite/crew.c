/*
 * Crew: queues between the loop's thread and the threads that execute.
 *
 * Order: start; hand, abandon, collect; stop; free.
 * Invariant: a handed request is in one place: in its lane, with a thread as `current`, or among
 * the finished. The descriptor is written to once for everything that finishes before the next
 * collect.
 */
#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../error.h"
#include "worker.h"

/* Takes the next request of the lane, or waits for one; NULL: the crew stops. */
static struct miniorm_request *take(struct miniorm__sqlite_worker *worker, bool *is_skipped)
{
    struct miniorm__sqlite_crew *crew = worker->crew;
    struct miniorm__sqlite_lane *lane = &crew->lanes[worker->lane];
    struct miniorm_request *request = NULL;

    (void)pthread_mutex_lock(&crew->lock);
    while (!crew->is_stopping && miniorm__list_is_empty(&lane->queue))
        (void)pthread_cond_wait(&lane->filled, &crew->lock);
    if (!crew->is_stopping) {
        request = MINIORM__OWNER(miniorm__list_pop(&lane->queue), struct miniorm_request, link);
        request->driver_flags |= MINIORM__SQLITE_RUNNING;
        *is_skipped = (request->driver_flags & MINIORM__SQLITE_SKIP) != 0;
        worker->current = request;
        atomic_store(&worker->is_cancelled, false);
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return request;
}

/* What collect finds: the result, or a copy of the error, in driver_data. */
static void note_outcome(struct miniorm_request *request, enum miniorm_status status,
                         struct miniorm_result *result, const struct miniorm_error *error)
{
    struct miniorm_error *copy = NULL;

    if (status != MINIORM_OK && (copy = malloc(sizeof(*copy))) != NULL)
        *copy = *error;
    request->driver_data = status == MINIORM_OK ? (void *)result : (void *)copy;
}

static void finish(struct miniorm__sqlite_worker *worker, struct miniorm_request *request,
                   enum miniorm_status status)
{
    static const uint64_t one = 1;
    struct miniorm__sqlite_crew *crew = worker->crew;
    bool must_notify;

    (void)pthread_mutex_lock(&crew->lock);
    worker->current = NULL;
    request->driver_flags = (unsigned)status << MINIORM__SQLITE_STATUS_SHIFT;
    miniorm__list_append(&crew->finished, &request->link);
    must_notify = !crew->is_notified;
    crew->is_notified = true;
    (void)pthread_mutex_unlock(&crew->lock);
    /* An eventfd refuses a write only when its counter is full, and then it is readable. */
    if (must_notify && write(crew->descriptor, &one, sizeof(one)) < 0)
        return;
}

static void *serve_lane(void *data)
{
    struct miniorm__sqlite_worker *worker = data;
    struct miniorm_request *request;
    bool is_skipped = false;

    while ((request = take(worker, &is_skipped)) != NULL) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct miniorm_result *result = NULL;
        const enum miniorm_status status =
            miniorm__sqlite_worker_run(worker, request, is_skipped, &result, &error);

        note_outcome(request, status, result, &error);
        finish(worker, request, status);
    }
    miniorm__sqlite_worker_end(worker);
    return NULL;
}

static enum miniorm_status start_worker(struct miniorm__sqlite_crew *crew,
                                        enum miniorm__sqlite_lane_kind lane,
                                        struct miniorm_error *error)
{
    struct miniorm__sqlite_worker *worker = &crew->workers[crew->n_workers];
    sigset_t all;
    sigset_t before;
    int failure;

    worker->crew = crew;
    worker->lane = lane;
    atomic_init(&worker->is_cancelled, false);
    /* Signals are for the threads of the program. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&worker->thread, NULL, serve_lane, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return miniorm__fail_errno(error, MINIORM_ERESOURCES, failure, "client: no thread");
    crew->n_workers++;
    return MINIORM_OK;
}

static enum miniorm_status start_workers(struct miniorm__sqlite_crew *crew, unsigned n_readers,
                                         struct miniorm_error *error)
{
    enum miniorm_status status = start_worker(crew, MINIORM__SQLITE_WRITER, error);
    unsigned i;

    if (status == MINIORM_OK)
        status = start_worker(crew, MINIORM__SQLITE_SNAPSHOT, error);
    for (i = 0; status == MINIORM_OK && i < n_readers; i++)
        status = start_worker(crew, MINIORM__SQLITE_READERS, error);
    return status;
}

static struct miniorm__sqlite_crew *new_crew(struct miniorm_database *database, unsigned n_workers)
{
    struct miniorm__sqlite_crew *crew = calloc(1, sizeof(*crew));
    int i;

    if (crew == NULL)
        return NULL;
    crew->workers = calloc(n_workers, sizeof(*crew->workers));
    if (crew->workers == NULL) {
        free(crew);
        return NULL;
    }
    crew->database = database;
    crew->descriptor = -1;
    (void)pthread_mutex_init(&crew->lock, NULL);
    miniorm__list_init(&crew->finished);
    for (i = 0; i < MINIORM__SQLITE_LANES; i++) {
        miniorm__list_init(&crew->lanes[i].queue);
        (void)pthread_cond_init(&crew->lanes[i].filled, NULL);
    }
    return crew;
}

enum miniorm_status miniorm__sqlite_crew_start(struct miniorm_database *database,
                                               struct miniorm__sqlite_crew **out,
                                               struct miniorm_error *error)
{
    const unsigned n_readers = database->options.client_connections;
    struct miniorm__sqlite_crew *crew = new_crew(database, 2 + n_readers);
    struct miniorm__link none;
    enum miniorm_status status;

    if (crew == NULL)
        return miniorm__fail_memory(error);
    crew->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    status = crew->descriptor < 0
                 ? miniorm__fail_errno(error, MINIORM_ERESOURCES, errno, "client: no descriptor")
                 : start_workers(crew, n_readers, error);
    if (status != MINIORM_OK) {
        miniorm__list_init(&none);
        miniorm__sqlite_crew_stop(crew, &none, &none);
        miniorm__sqlite_crew_free(crew);
        return status;
    }
    *out = crew;
    return MINIORM_OK;
}

void miniorm__sqlite_move_all(struct miniorm__link *from, struct miniorm__link *to)
{
    if (miniorm__list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    miniorm__list_init(from);
}

/* Interrupts what a thread does, also where it waits for its turn. Under the lock. */
static void interrupt(struct miniorm__sqlite_worker *worker)
{
    struct miniorm__sqlite_source *source = worker->crew->database->driver_data;

    atomic_store(&worker->is_cancelled, true);
    miniorm__sqlite_gate_wake(&source->gate);
}

void miniorm__sqlite_crew_stop(struct miniorm__sqlite_crew *crew, struct miniorm__link *finished,
                               struct miniorm__link *unstarted)
{
    unsigned i;

    (void)pthread_mutex_lock(&crew->lock);
    crew->is_stopping = true;
    for (i = 0; i < crew->n_workers; i++)
        interrupt(&crew->workers[i]);
    for (i = 0; i < MINIORM__SQLITE_LANES; i++)
        (void)pthread_cond_broadcast(&crew->lanes[i].filled);
    (void)pthread_mutex_unlock(&crew->lock);
    for (i = 0; i < crew->n_workers; i++)
        (void)pthread_join(crew->workers[i].thread, NULL);
    crew->n_workers = 0;
    miniorm__sqlite_move_all(&crew->finished, finished);
    for (i = 0; i < MINIORM__SQLITE_LANES; i++)
        miniorm__sqlite_move_all(&crew->lanes[i].queue, unstarted);
}

void miniorm__sqlite_crew_free(struct miniorm__sqlite_crew *crew)
{
    int i;

    for (i = 0; i < MINIORM__SQLITE_LANES; i++)
        (void)pthread_cond_destroy(&crew->lanes[i].filled);
    (void)pthread_mutex_destroy(&crew->lock);
    if (crew->descriptor >= 0)
        (void)close(crew->descriptor);
    free(crew->workers);
    free(crew);
}

void miniorm__sqlite_crew_hand(struct miniorm__sqlite_crew *crew,
                               enum miniorm__sqlite_lane_kind kind, struct miniorm__link *requests)
{
    struct miniorm__sqlite_lane *lane = &crew->lanes[kind];
    struct miniorm__link *link;
    unsigned n = 0;

    if (miniorm__list_is_empty(requests))
        return;
    (void)pthread_mutex_lock(&crew->lock);
    for (link = requests->next; link != requests; link = link->next) {
        MINIORM__OWNER(link, struct miniorm_request, link)->driver_flags |= MINIORM__SQLITE_HANDED;
        n++;
    }
    miniorm__sqlite_move_all(requests, &lane->queue);
    if (n == 1)
        (void)pthread_cond_signal(&lane->filled);
    else
        (void)pthread_cond_broadcast(&lane->filled);
    (void)pthread_mutex_unlock(&crew->lock);
}

void miniorm__sqlite_crew_collect(struct miniorm__sqlite_crew *crew, struct miniorm__link *out,
                                  unsigned *connections, unsigned *reconnects)
{
    uint64_t count;

    /*
     * First the descriptor, then the list: what finishes between the two makes it readable again.
     */
    (void)pthread_mutex_lock(&crew->lock);
    if (crew->is_notified && read(crew->descriptor, &count, sizeof(count)) > 0)
        crew->is_notified = false;
    miniorm__sqlite_move_all(&crew->finished, out);
    *connections = crew->n_connections;
    *reconnects = crew->n_reconnects;
    (void)pthread_mutex_unlock(&crew->lock);
}

static void interrupt_request(struct miniorm__sqlite_crew *crew,
                              const struct miniorm_request *request)
{
    unsigned i;

    for (i = 0; i < crew->n_workers; i++) {
        if (crew->workers[i].current == request)
            interrupt(&crew->workers[i]);
    }
}

bool miniorm__sqlite_crew_abandon(struct miniorm__sqlite_crew *crew,
                                  struct miniorm_request *request)
{
    bool is_out = false;

    (void)pthread_mutex_lock(&crew->lock);
    if ((request->driver_flags & MINIORM__SQLITE_RUNNING) != 0) {
        interrupt_request(crew, request);
    } else if ((request->driver_flags & MINIORM__SQLITE_HANDED) != 0) {
        if (request->transaction == NULL) {
            miniorm__list_remove(&request->link);
            is_out = true;
        } else {
            request->driver_flags |= MINIORM__SQLITE_SKIP;
        }
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return is_out;
}
