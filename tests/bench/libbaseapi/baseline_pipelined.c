/*
 * The hand-written program with pipelined libpq: one thread per core, each with its own epoll loop,
 * its own libmicrohttpd daemon in external-epoll mode on the shared port (SO_REUSEPORT) and one
 * connection to PostgreSQL in pipeline mode. Threads share nothing.
 *
 * A turn of the loop: wait; read what PostgreSQL answered, queue the answers and resume their HTTP
 * connections; let libmicrohttpd run, which suspends each new request and sends its statements;
 * end the statements of the turn with one Sync and flush. PostgreSQL answers in the order of the
 * statements, so a ring of expected results tells whose each one is.
 */
#include "baseline.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A request has two statements in flight at most; a power of two, so that counters may wrap. */
#define EXPECTED_MAX (2 * BASELINE_CONNECTIONS_MAX)

enum watched {
    WATCHED_DATABASE,
    WATCHED_HTTP,
    WATCHED_STOP,
};

/* A suspended request and what it still waits for. */
struct job {
    struct MHD_Connection *connection;
    struct baseline_request request;
    PGresult *books;
    PGresult *count;
    PGresult *authors;
    int waiting;
};

struct expected {
    struct job *job;
    PGresult **slot;
};

struct worker {
    pthread_t thread;
    const struct baseline_options *options;
    struct MHD_Daemon *daemon;
    PGconn *database;
    int epoll;
    int stop;
    bool watches_output;
    bool has_unsynced;
    bool has_failed;
    bool is_stopping;
    unsigned int syncs;
    unsigned int expected_first;
    unsigned int expected_end;
    struct expected expected[EXPECTED_MAX];
};

static bool statement_send(struct worker *worker, struct job *job, PGresult **slot,
                           const struct baseline_values *values)
{
    if (worker->expected_end - worker->expected_first == EXPECTED_MAX ||
        PQsendQueryPrepared(worker->database, values->name, values->count, values->values,
                            values->lengths, values->formats, 1) != 1) {
        return false;
    }
    worker->expected[worker->expected_end++ % EXPECTED_MAX] =
        (struct expected){.job = job, .slot = slot};
    worker->has_unsynced = true;
    job->waiting++;
    return true;
}

static bool request_send(struct worker *worker, struct job *job, enum baseline_statement statement,
                         PGresult **slot)
{
    struct baseline_values values;

    baseline_bind(statement, &job->request, &values);
    return statement_send(worker, job, slot, &values);
}

static bool authors_send(struct worker *worker, struct job *job)
{
    struct baseline_values values;

    baseline_bind_authors(job->books, &values);
    return statement_send(worker, job, &job->authors, &values);
}

static bool has_rows(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK;
}

static void answer_page(const struct job *job)
{
    struct baseline_text text = {.data = NULL};

    if (has_rows(job->books) && has_rows(job->count) &&
        (!job->request.has_authors || has_rows(job->authors))) {
        baseline_write_page(&text, job->books, job->count, job->authors);
        baseline_answer(job->connection, MHD_HTTP_OK, &text);
    } else {
        baseline_answer_error(job->connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
    }
}

static void answer_one(const struct job *job)
{
    struct baseline_text text = {.data = NULL};

    if (!has_rows(job->books)) {
        baseline_answer_error(job->connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
    } else if (PQntuples(job->books) == 0) {
        baseline_answer_error(job->connection, MHD_HTTP_NOT_FOUND);
    } else {
        baseline_write_book(&text, job->books);
        baseline_answer(job->connection, MHD_HTTP_OK, &text);
    }
}

static void job_finish(struct job *job)
{
    if (job->request.kind == BASELINE_ONE) {
        answer_one(job);
    } else {
        answer_page(job);
    }
    MHD_resume_connection(job->connection);
    PQclear(job->books);
    PQclear(job->count);
    PQclear(job->authors);
    free(job);
}

static void result_take(struct worker *worker, PGresult *result)
{
    struct expected expected = worker->expected[worker->expected_first++ % EXPECTED_MAX];
    struct job *job = expected.job;

    *expected.slot = result;
    job->waiting--;
    if (expected.slot == &job->books && job->request.has_authors && has_rows(result) &&
        authors_send(worker, job)) {
        return;
    }
    if (job->waiting == 0) {
        job_finish(job);
    }
}

static void results_read(struct worker *worker)
{
    while (worker->syncs > 0 && !PQisBusy(worker->database)) {
        PGresult *result = PQgetResult(worker->database);

        if (result == NULL) {
            if (PQstatus(worker->database) != CONNECTION_OK) {
                worker->has_failed = true;
                return;
            }
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            worker->syncs--;
            PQclear(result);
        } else if (worker->expected_first != worker->expected_end) {
            result_take(worker, result);
        } else {
            PQclear(result);
        }
    }
}

static bool job_start(struct worker *worker, struct job *job)
{
    if (job->request.kind == BASELINE_ONE) {
        return request_send(worker, job, BASELINE_SELECT_ONE, &job->books);
    }
    return request_send(worker, job, baseline_page_statement(&job->request), &job->books) &&
           request_send(worker, job, baseline_count_statement(&job->request), &job->count);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_length, void **request_context)
{
    struct worker *worker = context;
    struct job *job;

    (void)version;
    (void)upload;
    (void)upload_length;
    /* The first call comes when only the head is read; a reply there would give up keep-alive. */
    if (*request_context == NULL) {
        *request_context = worker;
        return MHD_YES;
    }
    /* libmicrohttpd must not be stopped with suspended connections. */
    if (worker->is_stopping) {
        return baseline_answer_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    }
    job = calloc(1, sizeof *job);
    if (job == NULL) {
        return MHD_NO;
    }
    job->connection = connection;
    job->request = baseline_request_read(connection, method, url);
    if (job->request.kind == BASELINE_UNKNOWN) {
        free(job);
        return baseline_answer_error(connection, MHD_HTTP_NOT_FOUND);
    }
    MHD_suspend_connection(connection);
    if (!job_start(worker, job)) {
        worker->has_failed = true;
    }
    return MHD_YES;
}

/* Waits for the database to take more exactly as long as something is left to send. */
static void output_flush(struct worker *worker)
{
    int left = PQflush(worker->database);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = WATCHED_DATABASE};

    if (left < 0) {
        worker->has_failed = true;
    } else if ((left == 1) != worker->watches_output) {
        worker->watches_output = left == 1;
        event.events |= worker->watches_output ? EPOLLOUT : 0U;
        epoll_ctl(worker->epoll, EPOLL_CTL_MOD, PQsocket(worker->database), &event);
    }
}

static void turn_end(struct worker *worker)
{
    if (worker->has_unsynced) {
        worker->has_unsynced = false;
        worker->syncs++;
        if (PQpipelineSync(worker->database) != 1) {
            worker->has_failed = true;
        }
        output_flush(worker);
    } else if (worker->watches_output) {
        output_flush(worker);
    }
}

static int turn_timeout(const struct worker *worker)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    if (MHD_get_timeout(worker->daemon, &timeout_ms) != MHD_YES) {
        return -1;
    }
    return timeout_ms > 1000 ? 1000 : (int)timeout_ms;
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    struct epoll_event events[3];
    bool is_stopping = false;

    while (!is_stopping && !worker->has_failed) {
        int count = epoll_wait(worker->epoll, events, 3, turn_timeout(worker));

        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 == WATCHED_STOP) {
                is_stopping = true;
            } else if (events[i].data.u32 == WATCHED_DATABASE) {
                worker->has_failed = PQconsumeInput(worker->database) != 1;
                results_read(worker);
            }
        }
        MHD_run(worker->daemon);
        turn_end(worker);
    }
    if (worker->has_failed) {
        fprintf(stderr, "the database failed: %s", PQerrorMessage(worker->database));
        _exit(1);
    }
    return NULL;
}

static bool watch(struct worker *worker, int descriptor, enum watched what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};

    return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

static bool http_open(struct worker *worker)
{
    struct sockaddr_in address = baseline_loopback(worker->options->port);
    const union MHD_DaemonInfo *info;

    worker->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG,
        worker->options->port, NULL, NULL, on_request, worker, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
        MHD_OPTION_CONNECTION_LIMIT, BASELINE_CONNECTIONS_MAX, MHD_OPTION_END);
    if (worker->daemon == NULL) {
        fprintf(stderr, "cannot listen on port %u\n", worker->options->port);
        return false;
    }
    info = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info != NULL && watch(worker, info->epoll_fd, WATCHED_HTTP);
}

static bool database_open(struct worker *worker)
{
    worker->database = baseline_connect(worker->options->database);
    return worker->database != NULL && PQsetnonblocking(worker->database, 1) == 0 &&
           PQenterPipelineMode(worker->database) == 1 &&
           watch(worker, PQsocket(worker->database), WATCHED_DATABASE);
}

static bool worker_start(struct worker *worker, const struct baseline_options *options)
{
    worker->options = options;
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return worker->epoll >= 0 && worker->stop >= 0 && watch(worker, worker->stop, WATCHED_STOP) &&
           database_open(worker) && http_open(worker) &&
           pthread_create(&worker->thread, NULL, worker_run, worker) == 0;
}

/* Requests still in flight are told that the server failed. */
static void worker_stop(struct worker *worker)
{
    eventfd_write(worker->stop, 1);
    pthread_join(worker->thread, NULL);
    worker->is_stopping = true;
    while (worker->expected_first != worker->expected_end) {
        result_take(worker, NULL);
    }
    MHD_run(worker->daemon);
    MHD_stop_daemon(worker->daemon);
    PQfinish(worker->database);
    close(worker->stop);
    close(worker->epoll);
}

int main(int argc, char **argv)
{
    struct baseline_options options = {.threads = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN)};
    struct worker *workers;

    if (!baseline_options_read(argc, argv, &options)) {
        return 1;
    }
    workers = calloc(options.threads, sizeof *workers);
    if (workers == NULL) {
        return 1;
    }
    baseline_block_signals();
    for (unsigned int i = 0; i < options.threads; i++) {
        if (!worker_start(&workers[i], &options)) {
            fprintf(stderr, "cannot start worker %u\n", i);
            return 1;
        }
    }
    baseline_wait_for_stop();
    for (unsigned int i = 0; i < options.threads; i++) {
        worker_stop(&workers[i]);
    }
    free(workers);
    return 0;
}
