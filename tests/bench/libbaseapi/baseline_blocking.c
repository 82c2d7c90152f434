/*
 * The hand-written program with blocking libpq: a few threads, each with its own libmicrohttpd
 * daemon (epoll, on the shared port by SO_REUSEPORT) and its own connection to PostgreSQL,
 * statements prepared, values in binary. A request is answered within the access handler; threads
 * share nothing and hand nothing to one another.
 */
#include "baseline.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * More than cores, because a thread that waits for PostgreSQL does nothing else. Four per core were
 * the fastest of 1 to 16, as fast as libmicrohttpd's own thread pool, and faster than handing
 * suspended requests to database threads through a queue.
 */
#define THREADS_PER_CORE 4U

struct worker {
    struct MHD_Daemon *daemon;
    PGconn *database;
};

/* Returns the rows, or NULL after a failure. */
static PGresult *rows_of(const struct worker *worker, const struct baseline_values *values)
{
    PGresult *result = PQexecPrepared(worker->database, values->name, values->count, values->values,
                                      values->lengths, values->formats, 1);

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        return result;
    }
    fprintf(stderr, "%s failed: %s", values->name, PQresultErrorMessage(result));
    PQclear(result);
    return NULL;
}

static PGresult *select_rows(const struct worker *worker, enum baseline_statement statement,
                             const struct baseline_request *request)
{
    struct baseline_values values;

    baseline_bind(statement, request, &values);
    return rows_of(worker, &values);
}

static PGresult *select_authors(const struct worker *worker, const PGresult *books)
{
    struct baseline_values values;

    baseline_bind_authors(books, &values);
    return rows_of(worker, &values);
}

static enum MHD_Result answer_one(const struct worker *worker, struct MHD_Connection *connection,
                                  const struct baseline_request *request)
{
    struct baseline_text text = {.data = NULL};
    PGresult *books = select_rows(worker, BASELINE_SELECT_ONE, request);
    bool is_found = books != NULL && PQntuples(books) == 1;
    bool has_failed = books == NULL;

    if (is_found) {
        baseline_write_book(&text, books);
    }
    PQclear(books);
    if (is_found) {
        return baseline_answer(connection, MHD_HTTP_OK, &text);
    }
    return baseline_answer_error(connection,
                                 has_failed ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_NOT_FOUND);
}

static enum MHD_Result answer_page(const struct worker *worker, struct MHD_Connection *connection,
                                   const struct baseline_request *request)
{
    struct baseline_text text = {.data = NULL};
    PGresult *books = select_rows(worker, baseline_page_statement(request), request);
    PGresult *count = select_rows(worker, baseline_count_statement(request), request);
    PGresult *authors = NULL;
    bool is_complete;

    if (books != NULL && request->has_authors) {
        authors = select_authors(worker, books);
    }
    is_complete = books != NULL && count != NULL && (authors != NULL || !request->has_authors);
    if (is_complete) {
        baseline_write_page(&text, books, count, authors);
    }
    PQclear(books);
    PQclear(count);
    PQclear(authors);
    return is_complete ? baseline_answer(connection, MHD_HTTP_OK, &text)
                       : baseline_answer_error(connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_length, void **request_context)
{
    struct worker *worker = context;
    struct baseline_request request;

    (void)version;
    (void)upload;
    (void)upload_length;
    /* The first call comes when only the head is read; a reply there would give up keep-alive. */
    if (*request_context == NULL) {
        *request_context = worker;
        return MHD_YES;
    }
    request = baseline_request_read(connection, method, url);
    switch (request.kind) {
    case BASELINE_ONE: return answer_one(worker, connection, &request);
    case BASELINE_PAGE: return answer_page(worker, connection, &request);
    case BASELINE_UNKNOWN: break;
    }
    return baseline_answer_error(connection, MHD_HTTP_NOT_FOUND);
}

static bool worker_start(struct worker *worker, const struct baseline_options *options)
{
    struct sockaddr_in address = baseline_loopback(options->port);

    worker->database = baseline_connect(options->database);
    if (worker->database == NULL) {
        return false;
    }
    worker->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ERROR_LOG,
                         options->port, NULL, NULL, on_request, worker, MHD_OPTION_SOCK_ADDR,
                         (struct sockaddr *)&address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                         MHD_OPTION_CONNECTION_LIMIT, BASELINE_CONNECTIONS_MAX, MHD_OPTION_END);
    return worker->daemon != NULL;
}

static void worker_stop(struct worker *worker)
{
    MHD_stop_daemon(worker->daemon);
    PQfinish(worker->database);
}

int main(int argc, char **argv)
{
    unsigned int cores = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
    struct baseline_options options = {.threads = THREADS_PER_CORE * cores};
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
