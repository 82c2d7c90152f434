/*
 * Clients on a loop for tests: calls whose outcomes are noted, and turning the loop until they are
 * there.
 */
#ifndef LIVE_ASYNC_H
#define LIVE_ASYNC_H

#include "test.h"

#include <miniorm/epoll.h>
#include <miniorm/miniorm.h>

/* Longest wait for anything: a test that reaches it fails. */
#define ASYNC_PATIENCE_MS 60000

struct async {
    struct miniorm_database *database;
    struct miniorm_epoll *loop;
    struct miniorm_client *client;
};

/* What became of one submit. */
struct call {
    unsigned outcomes; /* how often the completion was called: once, or the test fails */
    enum miniorm_status status;
    struct miniorm_error error;
    size_t rows;
    uint64_t affected;
    int64_t number; /* of the first cell, if it is an integer */
    uint64_t ended_ms;
    unsigned place; /* among all outcomes, from 1 */
    struct miniorm_request *request;
};

/* Opens a database on the server of the environment, with a client; `options` may be NULL. */
void async_open(struct async *async, const struct miniorm_database_options *options);
void async_open_url(struct async *async, const char *url,
                    const struct miniorm_database_options *options);
void async_close(struct async *async);

/* Submits a statement; with `timeout_ms` as its deadline if that is not 0. */
void async_read(struct async *async, struct call *call, const char *sql, unsigned timeout_ms);
void async_write(struct async *async, struct call *call, const char *sql, unsigned timeout_ms);
enum miniorm_status async_submit(struct async *async, struct call *call,
                                 struct miniorm_query *query, unsigned timeout_ms);
void async_step(struct miniorm_async_transaction *transaction, struct call *call, const char *sql);

/* The completion of a call. */
void async_done(void *data, enum miniorm_status status, struct miniorm_result *result,
                const struct miniorm_error *error);

/* Turns the loop until all of these calls have an outcome. */
void async_wait(struct async *async, const struct call *calls, size_t count);
/* Turns the loop for so long. */
void async_turn_for(struct async *async, unsigned ms);

/* Reads, waits and returns the number; the statement must succeed. */
int64_t async_ask(struct async *async, const char *sql);
/* Runs a statement on a connection of its own and waits; it must succeed. */
void async_execute(const char *sql);

struct miniorm_client_stats async_stats(const struct async *async);

#define assert_status(call, expected) async_assert_status((call), (expected), __FILE__, __LINE__)
void async_assert_status(const struct call *call, enum miniorm_status expected, const char *file,
                         int line);

/* Milliseconds of the monotonic clock. */
uint64_t async_now_ms(void);

#endif
