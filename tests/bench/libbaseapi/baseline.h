/*
 * What the two hand-written programs of the benchmark share: the three requests they answer, the
 * statements behind them and the JSON of the answers. How statements reach PostgreSQL, and on which
 * thread, is the difference between the programs and is not here.
 *
 * Order of use: baseline_options_read, then per connection baseline_connect; per request
 * baseline_request_read, baseline_bind for each statement the request needs, baseline_write_*,
 * baseline_answer.
 */
#ifndef BENCH_BASELINE_H
#define BENCH_BASELINE_H

#include <libpq-fe.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page is 100 rows by default and 1000 at most, as in the suite. */
#define BASELINE_LIMIT_DEFAULT 100
#define BASELINE_LIMIT_MAX 1000

/* Enough for the 64 connections of a run and for trying more by hand. */
#define BASELINE_CONNECTIONS_MAX 1024U

struct baseline_options {
    const char *database;
    uint16_t port;
    unsigned int threads;
};

enum baseline_kind {
    BASELINE_UNKNOWN,
    BASELINE_ONE,
    BASELINE_PAGE,
};

struct baseline_request {
    enum baseline_kind kind;
    int32_t id;
    int32_t limit;
    int32_t author_id;
    bool has_author_id;
    bool has_authors;
};

enum baseline_statement {
    BASELINE_SELECT_ONE,
    BASELINE_SELECT_PAGE,
    BASELINE_SELECT_COUNT,
    BASELINE_SELECT_PAGE_OF_AUTHOR,
    BASELINE_SELECT_COUNT_OF_AUTHOR,
    BASELINE_SELECT_AUTHORS,
};

/* Values of one execution, in binary; `array` holds the ids of BASELINE_SELECT_AUTHORS. */
struct baseline_values {
    const char *name;
    int count;
    const char *values[2];
    int lengths[2];
    int formats[2];
    uint32_t numbers[2];
    uint32_t array[5 + 2 * BASELINE_LIMIT_MAX];
};

/* A growing string; `has_failed` stays set once memory ran out. */
struct baseline_text {
    char *data;
    size_t length;
    size_t capacity;
    bool has_failed;
};

/* Reads --port, --database and --threads; on a wrong command line prints why and returns false. */
bool baseline_options_read(int argc, char **argv, struct baseline_options *out);

/* The server is reachable from this machine only. */
struct sockaddr_in baseline_loopback(uint16_t port);

/* Opens a connection and prepares all statements; on failure prints why and returns NULL. */
PGconn *baseline_connect(const char *database);

/* Recognises the request; BASELINE_UNKNOWN when it is none of those the benchmark sends. */
struct baseline_request baseline_request_read(struct MHD_Connection *connection, const char *method,
                                              const char *url);

enum baseline_statement baseline_page_statement(const struct baseline_request *request);
enum baseline_statement baseline_count_statement(const struct baseline_request *request);

/* Fills `out` for a statement made from the request; lives as long as `out` stays in place. */
void baseline_bind(enum baseline_statement statement, const struct baseline_request *request,
                   struct baseline_values *out);

/* Fills `out` with the authors of the books of `page`. */
void baseline_bind_authors(const PGresult *page, struct baseline_values *out);

/* The answers; `authors` is NULL without include. The text belongs to the caller until answered. */
void baseline_write_book(struct baseline_text *text, const PGresult *books);
void baseline_write_page(struct baseline_text *text, const PGresult *books, const PGresult *count,
                         const PGresult *authors);

/* Queues the text as answer and takes it over. */
enum MHD_Result baseline_answer(struct MHD_Connection *connection, unsigned int status,
                                struct baseline_text *text);

/* Queues the error document of a status (404, 500). */
enum MHD_Result baseline_answer_error(struct MHD_Connection *connection, unsigned int status);

/* Blocks the calling thread until the program is told to stop. Call baseline_block_signals first.
 */
void baseline_block_signals(void);
void baseline_wait_for_stop(void);

#endif
