/*
 * The hand-written program with blocking libpq: libmicrohttpd's own thread pool, each thread with
 * its epoll loop and a connection to PostgreSQL of its own, statements prepared, values in binary.
 * A request is answered within the access handler; nothing is handed from thread to thread.
 *
 * The connections are opened before the port is, and each thread takes one when it sees its first
 * request, so that a server that answers at all has its statements prepared.
 */
#include "baseline.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Half of the time a thread waits for PostgreSQL. Two per core were the fastest among 1 to 32, and
 * faster than handing suspended requests to a pool of database threads through a queue.
 */
#define THREADS_PER_CORE 2U

static PGconn **connections;
static atomic_uint connections_taken;
static _Thread_local PGconn *own_connection;

static PGconn *connection_of_thread(void)
{
    if (own_connection == NULL) {
        own_connection = connections[atomic_fetch_add(&connections_taken, 1)];
    }
    return own_connection;
}

/* Returns the rows, or NULL after a failure. */
static PGresult *rows_of(const struct baseline_values *values)
{
    PGresult *result = PQexecPrepared(connection_of_thread(), values->name, values->count,
                                      values->values, values->lengths, values->formats, 1);

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        return result;
    }
    fprintf(stderr, "%s failed: %s", values->name, PQresultErrorMessage(result));
    PQclear(result);
    return NULL;
}

static PGresult *select_rows(enum baseline_statement statement,
                             const struct baseline_request *request)
{
    struct baseline_values values;

    baseline_bind(statement, request, &values);
    return rows_of(&values);
}

static PGresult *select_authors(const PGresult *books)
{
    struct baseline_values values;

    baseline_bind_authors(books, &values);
    return rows_of(&values);
}

static enum MHD_Result answer_one(struct MHD_Connection *connection,
                                  const struct baseline_request *request)
{
    struct baseline_text text = {.data = NULL};
    PGresult *books = select_rows(BASELINE_SELECT_ONE, request);
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

static enum MHD_Result answer_page(struct MHD_Connection *connection,
                                   const struct baseline_request *request)
{
    struct baseline_text text = {.data = NULL};
    PGresult *books = select_rows(baseline_page_statement(request), request);
    PGresult *count = select_rows(baseline_count_statement(request), request);
    PGresult *authors = NULL;
    bool is_complete;

    if (books != NULL && request->has_authors) {
        authors = select_authors(books);
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
    struct baseline_request request;

    (void)context;
    (void)version;
    (void)upload;
    (void)upload_length;
    /* The first call comes when only the head is read; a reply there would give up keep-alive. */
    if (*request_context == NULL) {
        *request_context = &connections;
        return MHD_YES;
    }
    request = baseline_request_read(connection, method, url);
    switch (request.kind) {
    case BASELINE_ONE: return answer_one(connection, &request);
    case BASELINE_PAGE: return answer_page(connection, &request);
    case BASELINE_UNKNOWN: break;
    }
    return baseline_answer_error(connection, MHD_HTTP_NOT_FOUND);
}

static bool connections_open(const struct baseline_options *options)
{
    connections = calloc(options->threads, sizeof(PGconn *));
    for (unsigned int i = 0; connections != NULL && i < options->threads; i++) {
        connections[i] = baseline_connect(options->database);
        if (connections[i] == NULL) {
            return false;
        }
    }
    return connections != NULL;
}

int main(int argc, char **argv)
{
    unsigned int cores = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
    struct baseline_options options = {.threads = THREADS_PER_CORE * cores};
    struct sockaddr_in address;
    struct MHD_Daemon *daemon;

    if (!baseline_options_read(argc, argv, &options) || !connections_open(&options)) {
        return 1;
    }
    baseline_block_signals();
    address = baseline_loopback(options.port);
    daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ERROR_LOG,
                         options.port, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR,
                         (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE, options.threads,
                         MHD_OPTION_CONNECTION_LIMIT, BASELINE_CONNECTIONS_MAX, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "cannot listen on port %u\n", options.port);
        return 1;
    }
    baseline_wait_for_stop();
    MHD_stop_daemon(daemon);
    for (unsigned int i = 0; i < options.threads; i++) {
        PQfinish(connections[i]);
    }
    free(connections);
    return 0;
}
