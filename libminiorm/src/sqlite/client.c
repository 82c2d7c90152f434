/*
 * Client: the loop's side of SQLite. It decides which request goes to which lane, and in which
 * order; the crew's threads do the work.
 *
 * Plain reads go to the readers, beside which the writer works (write-ahead log). Writes and
 * transactions stand in one line: a transaction owns the writer from its first request to its end,
 * and what comes meanwhile waits. Read-only transactions do the same on a lane of their own.
 *
 * Invariant: at most HANDED_MAX requests of a lane are with the crew, so that the others can be
 * given up at once and are counted as waiting.
 */
#include <errno.h>
#include <stdlib.h>

#include "../error.h"
#include "crew.h"

/* Enough to keep a lane's threads busy while the loop does something else. */
#define HANDED_MAX 64

/* A transaction's place, in its driver_data. */
struct place {
    struct miniorm__link pending; /* its requests, once its first is in line or it owns the lane */
    bool is_in_line; /* its first request is */
};

struct side {
    struct miniorm__link line; /* plain requests, and the first of each transaction */
    struct miniorm_async_transaction *owner;
    unsigned handed;
};

struct loop_side {
    struct miniorm__sqlite_crew *crew;
    struct side lanes[MINIORM__SQLITE_LANES];
    void *watch;
};

static struct loop_side *side_of(const struct miniorm_client *client)
{
    return client->driver_data;
}

static struct place *place_of(const struct miniorm_async_transaction *transaction)
{
    return transaction->driver_data;
}

static enum miniorm__sqlite_lane_kind lane_of(const struct miniorm_request *request)
{
    if (request->transaction != NULL)
        return request->transaction->options.read_only ? MINIORM__SQLITE_SNAPSHOT
                                                       : MINIORM__SQLITE_WRITER;
    return request->operation.traffic == MINIORM__READ ? MINIORM__SQLITE_READERS
                                                       : MINIORM__SQLITE_WRITER;
}

static bool is_end(const struct miniorm_request *request)
{
    return request->verb == MINIORM__COMMIT || request->verb == MINIORM__ROLLBACK;
}

/* The next request that may go to a lane, taken out of where it waited; NULL: none. */
static struct miniorm_request *next_request(struct side *lane)
{
    struct miniorm__link *link =
        miniorm__list_pop(lane->owner != NULL ? &place_of(lane->owner)->pending : &lane->line);
    struct miniorm_request *request;

    if (link == NULL)
        return NULL;
    request = MINIORM__OWNER(link, struct miniorm_request, link);
    if (request->transaction != NULL)
        lane->owner = is_end(request) ? NULL : request->transaction;
    return request;
}

static void pump_lane(struct loop_side *loop_side, enum miniorm__sqlite_lane_kind kind)
{
    struct side *lane = &loop_side->lanes[kind];
    struct miniorm_request *request;
    struct miniorm__link batch;

    miniorm__list_init(&batch);
    while (lane->handed < HANDED_MAX && (request = next_request(lane)) != NULL) {
        miniorm__request_sent(request);
        miniorm__list_append(&batch, &request->link);
        lane->handed++;
    }
    miniorm__sqlite_crew_hand(loop_side->crew, kind, &batch);
}

static void pump(struct miniorm_client *client)
{
    int kind;

    for (kind = 0; kind < MINIORM__SQLITE_LANES; kind++)
        pump_lane(side_of(client), (enum miniorm__sqlite_lane_kind)kind);
}

/* Passes on what a thread left in the request. */
static void complete(struct miniorm_request *request)
{
    const enum miniorm_status status =
        (enum miniorm_status)(request->driver_flags >> MINIORM__SQLITE_STATUS_SHIFT);
    struct miniorm_error *error = request->driver_data;

    if (status == MINIORM_OK) {
        miniorm__request_complete(request, status, request->driver_data, NULL);
    } else if (error == NULL) {
        miniorm__request_fail(request, MINIORM_ENOMEM, "out of memory");
    } else {
        miniorm__request_complete(request, status, NULL, error);
        free(error);
    }
}

static void complete_finished(struct miniorm_client *client, struct miniorm__link *finished)
{
    struct miniorm__link *link;

    while ((link = miniorm__list_pop(finished)) != NULL) {
        struct miniorm_request *request = MINIORM__OWNER(link, struct miniorm_request, link);

        side_of(client)->lanes[lane_of(request)].handed--;
        client->stats.syncs++;
        complete(request);
    }
}

static void on_finished(void *data, int fd, unsigned events)
{
    struct miniorm_client *client = data;
    struct miniorm__link finished;
    unsigned reconnects;

    (void)fd;
    (void)events;
    miniorm__list_init(&finished);
    miniorm__sqlite_crew_collect(side_of(client)->crew, &finished, &client->stats.connections,
                                 &reconnects);
    client->stats.reconnects = reconnects;
    complete_finished(client, &finished);
    pump(client);
    miniorm__client_dispatch(client);
}

static enum miniorm_status start(struct miniorm_client *client, struct loop_side *loop_side,
                                 struct miniorm_error *error)
{
    enum miniorm_status status =
        miniorm__sqlite_crew_start(client->database, &loop_side->crew, error);
    struct miniorm__link none;
    int failure;

    if (status != MINIORM_OK)
        return status;
    failure = client->loop.add_watch(client->loop.context, loop_side->crew->descriptor,
                                     MINIORM_READABLE, on_finished, client, &loop_side->watch);
    if (failure == 0)
        return MINIORM_OK;
    miniorm__list_init(&none);
    miniorm__sqlite_crew_stop(loop_side->crew, &none, &none);
    miniorm__sqlite_crew_free(loop_side->crew);
    return miniorm__fail_errno(error, failure == ENOMEM ? MINIORM_ENOMEM : MINIORM_ERESOURCES,
                               failure, "client: the loop cannot watch its descriptor");
}

static enum miniorm_status open_client(struct miniorm_client *client, struct miniorm_error *error)
{
    struct loop_side *loop_side = calloc(1, sizeof(*loop_side));
    enum miniorm_status status;
    int kind;

    if (loop_side == NULL)
        return miniorm__fail_memory(error);
    for (kind = 0; kind < MINIORM__SQLITE_LANES; kind++)
        miniorm__list_init(&loop_side->lanes[kind].line);
    status = start(client, loop_side, error);
    if (status != MINIORM_OK)
        free(loop_side);
    else
        client->driver_data = loop_side;
    return status;
}

static void cancel_all(struct miniorm__link *requests)
{
    struct miniorm__link *link;

    while ((link = miniorm__list_pop(requests)) != NULL)
        miniorm__request_fail(MINIORM__OWNER(link, struct miniorm_request, link),
                              MINIORM_ECANCELLED, "client: it was closed");
}

/* All that waits on this side. A transaction may be freed with its last request. */
static void gather_waiting(struct miniorm_client *client, struct miniorm__link *out)
{
    struct miniorm__link *link;
    int kind;

    for (kind = 0; kind < MINIORM__SQLITE_LANES; kind++)
        miniorm__sqlite_move_all(&side_of(client)->lanes[kind].line, out);
    for (link = client->transactions.next; link != &client->transactions; link = link->next)
        miniorm__sqlite_move_all(
            &place_of(MINIORM__OWNER(link, struct miniorm_async_transaction, link))->pending, out);
}

static void close_client(struct miniorm_client *client)
{
    struct loop_side *loop_side = side_of(client);
    struct miniorm__link finished;
    struct miniorm__link waiting;

    client->loop.remove_watch(client->loop.context, loop_side->watch);
    miniorm__list_init(&finished);
    miniorm__list_init(&waiting);
    miniorm__sqlite_crew_stop(loop_side->crew, &finished, &waiting);
    miniorm__sqlite_crew_free(loop_side->crew);
    client->stats.connections = 0;
    gather_waiting(client, &waiting);
    complete_finished(client, &finished);
    cancel_all(&waiting);
    free(loop_side);
    client->driver_data = NULL;
}

static void begin_transaction(struct miniorm_client *client,
                              struct miniorm_async_transaction *transaction)
{
    (void)client;
    miniorm__list_init(&place_of(transaction)->pending);
}

static void submit(struct miniorm_client *client, struct miniorm_request *request)
{
    struct side *lane = &side_of(client)->lanes[lane_of(request)];

    request->driver_flags = 0;
    request->driver_data = NULL;
    if (request->transaction != NULL && place_of(request->transaction)->is_in_line) {
        miniorm__list_append(&place_of(request->transaction)->pending, &request->link);
        return;
    }
    if (request->transaction != NULL)
        place_of(request->transaction)->is_in_line = true;
    miniorm__list_append(&lane->line, &request->link);
}

/* One of a transaction keeps its place even before it is handed over, because what follows it must
 * fail. */
static void abandon(struct miniorm_client *client, struct miniorm_request *request)
{
    if (request->is_sent) {
        if (!miniorm__sqlite_crew_abandon(side_of(client)->crew, request))
            return;
        side_of(client)->lanes[lane_of(request)].handed--;
    } else if (request->transaction != NULL) {
        request->driver_flags |= MINIORM__SQLITE_SKIP;
        return;
    } else {
        miniorm__list_remove(&request->link);
    }
    miniorm__request_complete(request, MINIORM_ECANCELLED, NULL, NULL);
}

const struct miniorm__client_driver miniorm__sqlite_client_driver = {
    .transaction_size = sizeof(struct place),
    .open = open_client,
    .close = close_client,
    .begin = begin_transaction,
    .submit = submit,
    .flush = pump,
    .abandon = abandon,
};
