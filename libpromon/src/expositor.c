/*
 * Expositor: the page of metrics.
 *
 * One page is made at a time, for the request that leads it; the registry's copy and the memory of
 * the compressor are used again each time. A request that comes while a page is being made waits
 * for its turn, and those that want the same meanwhile share it: it has not been begun, so that
 * nobody gets values that are older than his request. Who shares copies the leader's page, who
 * stays until all have done so. Nothing is allocated once all buffers have their size.
 *
 * Invariant: `waiting` holds the leaders in the order they came; they live on the stacks of their
 * callers. The lock is never held while a page is made or copied.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "error.h"
#include "exposition.h"
#include "page_buffers.h"
#include "query_names.h"
#include "registry.h"

struct turn {
    struct turn *next;
    enum promon_format format;
    bool has_gzip;
    const char *query; /* never NULL */
    struct promon_page *page;
    enum promon_status status;
    struct promon_error error;
    unsigned n_sharing;
    bool is_done;
};

struct promon__expositor {
    struct promon__registry *registry;
    bool created;
    struct promon__gathered gathered; /* of the turn */
    struct promon__compressor *compressor; /* of the turn; NULL before the first gzip */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_busy;
    struct turn *waiting;
};

enum promon_status promon__expositor_new(struct promon__registry *registry, bool created,
                                         struct promon__expositor **out, struct promon_error *error)
{
    struct promon__expositor *expositor = calloc(1, sizeof(*expositor));

    if (expositor == NULL)
        return promon__fail_memory(error);
    expositor->registry = registry;
    expositor->created = created;
    pthread_mutex_init(&expositor->lock, NULL);
    pthread_cond_init(&expositor->changed, NULL);
    *out = expositor;
    return PROMON_OK;
}

void promon__expositor_free(struct promon__expositor *expositor)
{
    if (expositor == NULL)
        return;
    promon__gathered_free(&expositor->gathered);
    promon__compressor_free(expositor->compressor);
    pthread_cond_destroy(&expositor->changed);
    pthread_mutex_destroy(&expositor->lock);
    free(expositor);
}

/* Requests of other threads do not exist in the child. */
void promon__expositor_after_fork(struct promon__expositor *expositor)
{
    pthread_mutex_init(&expositor->lock, NULL);
    pthread_cond_init(&expositor->changed, NULL);
    /* What a thread was writing when the fork came is left where it is. */
    if (expositor->is_busy)
        expositor->gathered = (struct promon__gathered){.memory = NULL};
    expositor->is_busy = false;
    expositor->waiting = NULL;
}

static void write_page(const struct promon__expositor *expositor, enum promon_format format,
                       struct text *body)
{
    const struct promon__gathered *gathered = &expositor->gathered;

    switch (format) {
    case PROMON_FORMAT_OPENMETRICS_1:
        promon__write_openmetrics(body, gathered, expositor->created);
        break;
    case PROMON_FORMAT_OPENMETRICS_2: promon__write_openmetrics_2(body, gathered); break;
    case PROMON_FORMAT_PROTOBUF: promon__write_protobuf(body, gathered); break;
    default: promon__write_text(body, gathered); break;
    }
}

static enum promon_status gather_and_write(struct promon__expositor *expositor, struct turn *turn,
                                           struct text *body)
{
    struct promon__query_names names;
    const char *const *list = promon__query_names(&names, turn->query);
    enum promon_status status =
        promon__registry_gather(expositor->registry, list, &expositor->gathered, &turn->error);

    if (status != PROMON_OK)
        return status;
    write_page(expositor, turn->format, body);
    promon__registry_release(expositor->registry, &expositor->gathered);
    return body->failed ? promon__fail_memory(&turn->error) : PROMON_OK;
}

/* Without memory for it, the page goes out as it is. */
static bool compress(struct promon__expositor *expositor, struct promon_page_buffers *buffers)
{
    if (expositor->compressor == NULL &&
        promon__compressor_new(&expositor->compressor, NULL) != PROMON_OK)
        return false;
    return promon__compress(expositor->compressor, &buffers->encoded, buffers->body.data,
                            buffers->body.size);
}

/* What is sent of the page that the turn has made. */
static struct text *sent(const struct turn *turn)
{
    struct promon_page_buffers *buffers = turn->page->buffers;

    return turn->has_gzip ? &buffers->encoded : &buffers->body;
}

static void make_page(struct promon__expositor *expositor, struct turn *turn)
{
    struct promon_page_buffers *buffers = turn->page->buffers;

    turn->status = gather_and_write(expositor, turn, &buffers->body);
    if (turn->status == PROMON_OK && turn->has_gzip)
        turn->has_gzip = compress(expositor, buffers);
}

/* A turn that has not begun and gives the same. */
static struct turn *find_shared(struct promon__expositor *expositor, const struct turn *wanted)
{
    struct turn *turn = expositor->waiting;

    while (turn != NULL && !(turn->format == wanted->format && turn->has_gzip == wanted->has_gzip &&
                             strcmp(turn->query, wanted->query) == 0))
        turn = turn->next;
    return turn;
}

static void wait_for_change(struct promon__expositor *expositor)
{
    pthread_cond_wait(&expositor->changed, &expositor->lock);
}

static void lead(struct promon__expositor *expositor, struct turn *turn)
{
    struct turn **last = &expositor->waiting;

    while (*last != NULL)
        last = &(*last)->next;
    *last = turn;
    while (expositor->is_busy || expositor->waiting != turn)
        wait_for_change(expositor);
    expositor->waiting = turn->next;
    expositor->is_busy = true;
    pthread_mutex_unlock(&expositor->lock);
    make_page(expositor, turn);
    pthread_mutex_lock(&expositor->lock);
    expositor->is_busy = false;
    turn->is_done = true;
    pthread_cond_broadcast(&expositor->changed);
    while (turn->n_sharing != 0)
        wait_for_change(expositor);
}

static void copy_page(struct turn *turn, const struct turn *leader)
{
    turn->status = leader->status;
    turn->error = leader->error;
    turn->has_gzip = leader->has_gzip;
    if (turn->status != PROMON_OK)
        return;
    text_bytes(sent(turn), sent(leader)->data, sent(leader)->size);
    if (sent(turn)->failed)
        turn->status = promon__fail_memory(&turn->error);
}

static void share(struct promon__expositor *expositor, struct turn *leader, struct turn *turn)
{
    leader->n_sharing++;
    while (!leader->is_done)
        wait_for_change(expositor);
    pthread_mutex_unlock(&expositor->lock);
    copy_page(turn, leader);
    pthread_mutex_lock(&expositor->lock);
    if (--leader->n_sharing == 0)
        pthread_cond_broadcast(&expositor->changed);
}

static void take_turn(struct promon__expositor *expositor, struct turn *turn)
{
    struct turn *leader;

    pthread_mutex_lock(&expositor->lock);
    leader = find_shared(expositor, turn);
    if (leader == NULL)
        lead(expositor, turn);
    else
        share(expositor, leader, turn);
    pthread_mutex_unlock(&expositor->lock);
}

static enum promon_status end_page(const struct turn *turn, const struct promon_request *request,
                                   struct promon_error *error)
{
    const char *type = promon__content_type(turn->format, request->accept);
    const enum promon_status status = promon__page_end(turn->page, 200, type, error);

    if (status != PROMON_OK)
        return status;
    turn->page->vary = "Accept, Accept-Encoding";
    if (turn->has_gzip) {
        turn->page->content_encoding = "gzip";
        turn->page->body = sent(turn)->data;
        turn->page->body_size = sent(turn)->size;
    }
    return PROMON_OK;
}

enum promon_status promon__expositor_page(struct promon__expositor *expositor,
                                          const struct promon_request *request,
                                          struct promon_page *page, struct promon_error *error)
{
    struct turn turn = {
        .format = request->format != PROMON_FORMAT_NEGOTIATED
                      ? request->format
                      : promon__negotiate_format(request->accept),
        .has_gzip = promon__negotiate_gzip(request->accept_encoding),
        .query = request->query != NULL ? request->query : "",
        .page = page,
    };

    if (promon__page_begin(page) == NULL)
        return promon__fail_memory(error);
    take_turn(expositor, &turn);
    if (turn.status != PROMON_OK)
        return promon__fail_copy(error, &turn.error);
    return end_page(&turn, request, error);
}
