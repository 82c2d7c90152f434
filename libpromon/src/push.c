/*
 * Pushers: a group at a gateway, one push at a time, and the thread that pushes periodically.
 *
 * Order: new; push, delete, start, stop from any thread; free when no other uses it. A thread that
 * was started is told its end, makes the last push itself, and is awaited by who told it.
 * Invariant: `turn` is held by whoever pushes, `lock` never while something waits but on `wake`.
 */
#include <promon/push.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "monitor.h"
#include "options.h"
#include "push_clash.h"
#include "push_request.h"
#include "push_target.h"
#include "pusher.h"
#include "thread.h"
#include "wait.h"

enum { DEFAULT_INTERVAL_MS = 15000, DEFAULT_RETRY_DELAY_MS = 500, MAX_RETRY_DELAY_MS = 30000 };

enum periodic {
    AT_REST,
    PUSHES,
    ENDS /* and is awaited */
};

struct promon_pusher {
    struct promon *promon;
    struct promon_pusher *previous, *next; /* of the monitor's list */
    struct promon__push_target target;
    struct promon__push_cells cells;
    int64_t interval_ms, retry_delay_ms;
    unsigned retries;
    bool delete_on_free;
    pthread_mutex_t turn; /* page and gathered are of whoever holds it */
    struct promon_page page;
    struct promon__gathered gathered;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* is_over has changed */
    enum periodic periodic;
    pthread_t thread;
    bool ends_with_push;
    enum promon_status last_status; /* of the thread's last push, for who awaits it */
    struct promon_error last_error;
    atomic_bool is_over; /* the thread is to end, and what it sends */
    atomic_bool has_pushed; /* something of it may be at the gateway */
};

/* One push or deletion. */

static enum promon_status make_page(struct promon_pusher *pusher, struct promon_error *error)
{
    struct promon_request request = PROMON_REQUEST_INIT;

    request.format = PROMON_FORMAT_TEXT;
    request.accept_encoding = pusher->target.gzip ? "gzip" : NULL;
    return promon__expositor_page(pusher->promon->expositor, &request, &pusher->page, error);
}

static enum promon_status check_labels(struct promon_pusher *pusher, struct promon_error *error)
{
    struct promon__registry *registry = pusher->promon->registry;
    enum promon_status status = promon__registry_gather(registry, NULL, &pusher->gathered, error);

    if (status != PROMON_OK)
        return status;
    status = promon__push_check_labels(&pusher->gathered, &pusher->target, error);
    promon__registry_release(registry, &pusher->gathered);
    return status;
}

/* Half to three halves of what the attempt would wait without chance. */
static int64_t retry_pause_ns(const struct promon_pusher *pusher, unsigned attempt)
{
    int64_t pause_ms = pusher->retry_delay_ms;
    uint32_t chance = UINT32_MAX / 2;

    while (attempt-- > 0 && pause_ms < MAX_RETRY_DELAY_MS)
        pause_ms *= 2;
    if (pause_ms > MAX_RETRY_DELAY_MS)
        pause_ms = MAX_RETRY_DELAY_MS;
    (void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
    return (int64_t)((double)pause_ms * 1e6 * (0.5 + chance / (double)UINT32_MAX));
}

/* Whether the time passed without is_over being set; without `heeds` it does not matter. */
static bool sleep_until(struct promon_pusher *pusher, int64_t end_ns, bool heeds)
{
    bool is_over;

    pthread_mutex_lock(&pusher->lock);
    do
        is_over = heeds && atomic_load(&pusher->is_over);
    while (!is_over && condition_wait(&pusher->wake, &pusher->lock, end_ns));
    pthread_mutex_unlock(&pusher->lock);
    return !is_over;
}

/* Who pushes: the program, the pusher's thread, which may be ended, or its end, which is short. */
enum sender { BY_PROGRAM, BY_THREAD, BY_END };

static enum promon_status send(struct promon_pusher *pusher, struct promon__push_request *request,
                               enum sender sender, struct promon_error *error)
{
    const unsigned retries = sender == BY_END ? 0 : pusher->retries;
    struct promon_error attempt_error;
    enum promon_status status;
    bool may_pass;
    unsigned attempt;

    request->target = &pusher->target;
    request->is_cancelled = sender == BY_THREAD ? &pusher->is_over : NULL;
    for (attempt = 0;; attempt++) {
        attempt_error = (struct promon_error)PROMON_ERROR_INIT;
        promon_cell_inc(pusher->cells.attempts);
        status = promon__push_request(request, &may_pass, &attempt_error);
        if (status == PROMON_OK)
            return PROMON_OK;
        if (!may_pass || attempt >= retries ||
            !sleep_until(pusher, promon_now_ns() + retry_pause_ns(pusher, attempt),
                         sender == BY_THREAD))
            return promon__fail_copy(error, &attempt_error);
    }
}

static enum promon_status send_page(struct promon_pusher *pusher, enum sender sender,
                                    struct promon_error *error)
{
    struct promon__push_request request = {.method = "PUT"};

    if (pusher->target.mode == PROMON_PUSH_ADD)
        request.method = "POST";
    request.content_type = pusher->page.content_type;
    request.content_encoding = pusher->page.content_encoding;
    request.body = pusher->page.body;
    request.body_size = pusher->page.body_size;
    atomic_store(&pusher->has_pushed, true);
    return send(pusher, &request, sender, error);
}

static enum promon_status push(struct promon_pusher *pusher, enum sender sender,
                               struct promon_error *error)
{
    enum promon_status status;

    pthread_mutex_lock(&pusher->turn);
    status = check_labels(pusher, error);
    if (status == PROMON_OK)
        status = make_page(pusher, error);
    if (status == PROMON_OK)
        status = send_page(pusher, sender, error);
    pthread_mutex_unlock(&pusher->turn);
    if (status == PROMON_OK)
        promon_cell_set_to_current_time(pusher->cells.last_success);
    else
        promon_cell_inc(pusher->cells.failures);
    return status;
}

static enum promon_status delete_group(struct promon_pusher *pusher, enum sender sender,
                                       struct promon_error *error)
{
    struct promon__push_request request = {.method = "DELETE"};
    enum promon_status status;

    pthread_mutex_lock(&pusher->turn);
    status = send(pusher, &request, sender, error);
    pthread_mutex_unlock(&pusher->turn);
    return status;
}

enum promon_status promon_pusher_push(struct promon_pusher *pusher, struct promon_error *error)
{
    return push(pusher, BY_PROGRAM, error);
}

enum promon_status promon_pusher_delete(struct promon_pusher *pusher, struct promon_error *error)
{
    return delete_group(pusher, BY_PROGRAM, error);
}

/* Periodic pushes. */

static void push_and_log(struct promon_pusher *pusher)
{
    struct promon_error error = PROMON_ERROR_INIT;

    if (push(pusher, BY_THREAD, &error) != PROMON_OK && !atomic_load(&pusher->is_over))
        promon__log(&pusher->promon->log, PROMON_LOG_WARNING, "push: %s", error.message);
}

/* At a fixed rate; what a slow push has missed is not made up for. */
static void *run(void *data)
{
    struct promon_pusher *pusher = data;
    const int64_t interval_ns = pusher->interval_ms * PROMON__MILLISECOND_NS;
    int64_t due_ns = promon_now_ns();

    pthread_setname_np(pthread_self(), "promon-push");
    do {
        push_and_log(pusher);
        due_ns += interval_ns;
        if (due_ns < promon_now_ns())
            due_ns = promon_now_ns();
    } while (sleep_until(pusher, due_ns, true));
    if (pusher->ends_with_push)
        pusher->last_status = push(pusher, BY_END, &pusher->last_error);
    return NULL;
}

enum promon_status promon_pusher_start(struct promon_pusher *pusher, struct promon_error *error)
{
    enum promon_status status;

    pthread_mutex_lock(&pusher->lock);
    if (pusher->periodic != AT_REST) {
        status = promon__fail(error, PROMON_ESTATE, "the pusher pushes periodically already");
    } else {
        atomic_store(&pusher->is_over, false);
        pusher->last_status = PROMON_OK;
        pusher->last_error = (struct promon_error)PROMON_ERROR_INIT;
        status = promon__thread_start(&pusher->thread, run, pusher, error);
        if (status == PROMON_OK)
            pusher->periodic = PUSHES;
    }
    pthread_mutex_unlock(&pusher->lock);
    return status;
}

/* Whether pushes are to end by this call: the caller awaits it. */
static bool tell_end(struct promon_pusher *pusher, bool with_push)
{
    bool is_told;

    pthread_mutex_lock(&pusher->lock);
    is_told = pusher->periodic == PUSHES;
    if (is_told) {
        pusher->periodic = ENDS;
        pusher->ends_with_push = with_push;
        atomic_store(&pusher->is_over, true);
        pthread_cond_broadcast(&pusher->wake);
    }
    pthread_mutex_unlock(&pusher->lock);
    return is_told;
}

static enum promon_status await_end(struct promon_pusher *pusher, struct promon_error *error)
{
    enum promon_status status;

    pthread_join(pusher->thread, NULL);
    pthread_mutex_lock(&pusher->lock);
    status = pusher->last_status;
    if (status != PROMON_OK)
        promon__fail_copy(error, &pusher->last_error);
    pusher->periodic = AT_REST;
    pthread_mutex_unlock(&pusher->lock);
    return status;
}

enum promon_status promon_pusher_stop(struct promon_pusher *pusher, struct promon_error *error)
{
    if (!tell_end(pusher, true))
        return promon__fail(error, PROMON_ESTATE, "the pusher does not push periodically");
    return await_end(pusher, error);
}

void promon__pusher_end(struct promon_pusher *pusher)
{
    (void)tell_end(pusher, true);
}

enum promon_status promon__pusher_await(struct promon_pusher *pusher, struct promon_error *error)
{
    bool ends;

    pthread_mutex_lock(&pusher->lock);
    ends = pusher->periodic == ENDS;
    pthread_mutex_unlock(&pusher->lock);
    return ends ? await_end(pusher, error) : PROMON_OK;
}

/* Making and freeing. */

static void enter_list(struct promon_pusher *pusher)
{
    struct promon__pushers *pushers = &pusher->promon->pushers;

    pthread_mutex_lock(&pushers->lock);
    pusher->next = pushers->first;
    if (pusher->next != NULL)
        pusher->next->previous = pusher;
    pushers->first = pusher;
    pthread_mutex_unlock(&pushers->lock);
}

static void leave_list(struct promon_pusher *pusher)
{
    struct promon__pushers *pushers = &pusher->promon->pushers;

    pthread_mutex_lock(&pushers->lock);
    if (pusher->next != NULL)
        pusher->next->previous = pusher->previous;
    if (pusher->previous != NULL)
        pusher->previous->next = pusher->next;
    else
        pushers->first = pusher->next;
    pthread_mutex_unlock(&pushers->lock);
}

static void pusher_free(struct promon_pusher *pusher)
{
    promon__push_target_free(&pusher->target);
    promon__gathered_free(&pusher->gathered);
    promon_page_clear(&pusher->page);
    pthread_cond_destroy(&pusher->wake);
    pthread_mutex_destroy(&pusher->lock);
    pthread_mutex_destroy(&pusher->turn);
    free(pusher);
}

static enum promon_status check_times(const struct promon_push_options *options,
                                      struct promon_error *error)
{
    if (options->interval_ms < 0 || options->interval_ms > INT32_MAX)
        return promon__fail(error, PROMON_EINVALID, "push: interval is out of range");
    if (options->retry_delay_ms < 0 || options->retry_delay_ms > INT32_MAX)
        return promon__fail(error, PROMON_EINVALID, "push: retry_delay is out of range");
    return PROMON_OK;
}

static struct promon_pusher *allocate(struct promon *promon,
                                      const struct promon_push_options *options)
{
    struct promon_pusher *pusher = calloc(1, sizeof(*pusher));

    if (pusher == NULL)
        return NULL;
    pusher->promon = promon;
    pusher->page = (struct promon_page)PROMON_PAGE_INIT;
    pusher->interval_ms = options->interval_ms == 0 ? DEFAULT_INTERVAL_MS : options->interval_ms;
    pusher->retry_delay_ms =
        options->retry_delay_ms == 0 ? DEFAULT_RETRY_DELAY_MS : options->retry_delay_ms;
    pusher->retries = options->retries;
    pusher->delete_on_free = options->delete_on_free;
    pthread_mutex_init(&pusher->turn, NULL);
    pthread_mutex_init(&pusher->lock, NULL);
    promon__condition_init(&pusher->wake);
    return pusher;
}

enum promon_status promon_pusher_new(struct promon *promon,
                                     const struct promon_push_options *options,
                                     struct promon_pusher **out, struct promon_error *error)
{
    struct promon_push_options known = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;
    enum promon_status status = promon__options_copy(&known, sizeof(known), options, "push", error);

    if (status == PROMON_OK)
        status = check_times(&known, error);
    if (status != PROMON_OK)
        return status;
    pusher = allocate(promon, &known);
    if (pusher == NULL)
        return promon__fail_memory(error);
    status = promon__push_target_new(&known, &pusher->target, error);
    if (status == PROMON_OK)
        status = promon__push_metrics_cells(&promon->push_metrics, promon->registry,
                                            pusher->target.job, &pusher->cells, error);
    if (status != PROMON_OK) {
        pusher_free(pusher);
        return status;
    }
    enter_list(pusher);
    *out = pusher;
    return PROMON_OK;
}

void promon_pusher_free(struct promon_pusher *pusher)
{
    struct promon_error error = PROMON_ERROR_INIT;
    enum promon_status status;

    if (pusher == NULL)
        return;
    (void)tell_end(pusher, !pusher->delete_on_free);
    status = promon__pusher_await(pusher, &error);
    if (pusher->delete_on_free && atomic_load(&pusher->has_pushed))
        status = delete_group(pusher, BY_END, &error);
    if (status != PROMON_OK)
        promon__log(&pusher->promon->log, PROMON_LOG_WARNING, "push: %s", error.message);
    leave_list(pusher);
    pusher_free(pusher);
}

static void after_fork(struct promon_pusher *pusher)
{
    /* What somebody was writing when the fork came is left where it is. */
    if (pthread_mutex_trylock(&pusher->turn) != 0) {
        pusher->page = (struct promon_page)PROMON_PAGE_INIT;
        pusher->gathered = (struct promon__gathered){.memory = NULL};
    }
    pthread_mutex_init(&pusher->turn, NULL);
    pthread_mutex_init(&pusher->lock, NULL);
    promon__condition_init(&pusher->wake);
    pusher->periodic = AT_REST;
    atomic_store(&pusher->has_pushed, false);
}

void promon__pushers_after_fork(struct promon__pushers *pushers)
{
    struct promon_pusher *pusher;

    pthread_mutex_init(&pushers->lock, NULL);
    for (pusher = pushers->first; pusher != NULL; pusher = pusher->next)
        after_fork(pusher);
}

enum promon_status promon_push(struct promon *promon, const char *url, const char *job,
                               const char *const *grouping, struct promon_error *error)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher = NULL;
    enum promon_status status;

    options.url = url;
    options.job = job;
    options.grouping = grouping;
    status = promon_pusher_new(promon, &options, &pusher, error);
    if (status == PROMON_OK)
        status = promon_pusher_push(pusher, error);
    promon_pusher_free(pusher);
    return status;
}
