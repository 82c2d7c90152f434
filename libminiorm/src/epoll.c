/*
 * The loop over epoll: watches, timers, deferred calls and a wake from other threads.
 *
 * Order: new, turns, free. Operations of the table may be called between turns and inside
 * callbacks; a turn may not be called inside a callback. Invariant: a watch that is removed while
 * events are being delivered stays in memory, marked, until all of them are, because the kernel may
 * have reported it already.
 */
#include <miniorm/epoll.h>

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "timers.h"

/* Events taken from the kernel at once; what is left over comes with the next turn. */
#define EVENTS_PER_TURN 256
#define FIRST_DEFERRED ((size_t)32)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

struct watch {
    int fd;
    bool is_in_epoll; /* not while it watches for nothing: the kernel reports errors regardless */
    bool is_removed;
    miniorm_ready_fn ready;
    void *data;
    struct watch *previous, *next;
};

struct deferred {
    miniorm_defer_fn call;
    void *data;
};

struct miniorm_epoll {
    struct miniorm_loop table;
    int fd;
    int wake_fd;
    atomic_bool is_woken;
    bool is_delivering;
    uint64_t now_ns;
    struct watch *watches;
    struct watch *removed;
    struct timers timers;
    struct deferred *deferred;
    size_t deferred_count;
    size_t deferred_capacity;
};

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint32_t to_epoll(unsigned events)
{
    return (events & MINIORM_READABLE ? (uint32_t)EPOLLIN : 0) |
           (events & MINIORM_WRITABLE ? (uint32_t)EPOLLOUT : 0);
}

static unsigned from_epoll(uint32_t events)
{
    return (events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? MINIORM_READABLE : 0U) |
           (events & EPOLLOUT ? MINIORM_WRITABLE : 0U);
}

static int set_watch(void *context, void *handle, unsigned events)
{
    struct miniorm_epoll *loop = context;
    struct watch *watch = handle;
    struct epoll_event event = {.events = to_epoll(events), .data = {.ptr = watch}};
    int operation = watch->is_in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (events == 0) {
        if (!watch->is_in_epoll)
            return 0;
        operation = EPOLL_CTL_DEL;
    }
    if (epoll_ctl(loop->fd, operation, watch->fd, &event) != 0)
        return errno;
    watch->is_in_epoll = events != 0;
    return 0;
}

static int add_watch(void *context, int fd, unsigned events, miniorm_ready_fn ready, void *data,
                     void **out)
{
    struct miniorm_epoll *loop = context;
    struct watch *watch = calloc(1, sizeof(*watch));
    int failure;

    if (watch == NULL)
        return ENOMEM;
    watch->fd = fd;
    watch->ready = ready;
    watch->data = data;
    failure = set_watch(loop, watch, events);
    if (failure != 0) {
        free(watch);
        return failure;
    }
    watch->next = loop->watches;
    if (loop->watches != NULL)
        loop->watches->previous = watch;
    loop->watches = watch;
    *out = watch;
    return 0;
}

static void remove_watch(void *context, void *handle)
{
    struct miniorm_epoll *loop = context;
    struct watch *watch = handle;

    (void)set_watch(loop, watch, 0);
    if (watch->next != NULL)
        watch->next->previous = watch->previous;
    if (watch->previous != NULL)
        watch->previous->next = watch->next;
    else
        loop->watches = watch->next;
    if (!loop->is_delivering) {
        free(watch);
        return;
    }
    watch->is_removed = true;
    watch->next = loop->removed;
    loop->removed = watch;
}

static int set_timer(void *context, void *handle, uint64_t delay_ms)
{
    struct miniorm_epoll *loop = context;
    const uint64_t now_ns = clock_ns();
    const uint64_t longest_ms = (UINT64_MAX - now_ns) / NS_PER_MS;

    if (delay_ms > longest_ms)
        delay_ms = longest_ms;
    miniorm__timers_set(&loop->timers, handle, now_ns + delay_ms * NS_PER_MS);
    return 0;
}

static int add_timer(void *context, uint64_t delay_ms, miniorm_timer_fn expired, void *data,
                     void **out)
{
    struct miniorm_epoll *loop = context;
    struct timer *timer = miniorm__timers_add(&loop->timers, expired, data);

    if (timer == NULL)
        return ENOMEM;
    *out = timer;
    return set_timer(loop, timer, delay_ms);
}

static void remove_timer(void *context, void *handle)
{
    struct miniorm_epoll *loop = context;

    miniorm__timers_remove(&loop->timers, handle);
}

static int defer(void *context, miniorm_defer_fn call, void *data)
{
    struct miniorm_epoll *loop = context;

    if (loop->deferred_count == loop->deferred_capacity) {
        const size_t capacity =
            loop->deferred_capacity == 0 ? FIRST_DEFERRED : loop->deferred_capacity * 2;
        struct deferred *deferred = realloc(loop->deferred, capacity * sizeof(*deferred));

        if (deferred == NULL)
            return ENOMEM;
        loop->deferred = deferred;
        loop->deferred_capacity = capacity;
    }
    loop->deferred[loop->deferred_count++] = (struct deferred){.call = call, .data = data};
    return 0;
}

static void run_deferred(struct miniorm_epoll *loop)
{
    size_t i;

    /* By index: a call may defer another and so move the array. */
    for (i = 0; i < loop->deferred_count; i++) {
        const struct deferred next = loop->deferred[i];

        next.call(next.data);
    }
    loop->deferred_count = 0;
}

static int open_descriptors(struct miniorm_epoll *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};

    loop->wake_fd = -1;
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->fd < 0)
        return errno;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0)
        return errno;
    return epoll_ctl(loop->fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0 ? 0 : errno;
}

enum miniorm_status miniorm_epoll_new(struct miniorm_epoll **out, struct miniorm_error *error)
{
    struct miniorm_epoll *loop = calloc(1, sizeof(*loop));
    int failure;

    if (loop == NULL)
        return miniorm__fail_memory(error);
    failure = open_descriptors(loop);
    if (failure != 0) {
        miniorm_epoll_free(loop);
        return miniorm__fail_errno(error, MINIORM_ERESOURCES, failure, "cannot make an event loop");
    }
    loop->table = (struct miniorm_loop){
        .size = sizeof(loop->table),
        .context = loop,
        .add_watch = add_watch,
        .set_watch = set_watch,
        .remove_watch = remove_watch,
        .add_timer = add_timer,
        .set_timer = set_timer,
        .remove_timer = remove_timer,
        .defer = defer,
    };
    loop->now_ns = clock_ns();
    *out = loop;
    return MINIORM_OK;
}

static void free_watches(struct watch *watch)
{
    while (watch != NULL) {
        struct watch *next = watch->next;

        free(watch);
        watch = next;
    }
}

void miniorm_epoll_free(struct miniorm_epoll *loop)
{
    if (loop == NULL)
        return;
    /* A deferred call may be what frees its data. */
    run_deferred(loop);
    free_watches(loop->watches);
    free_watches(loop->removed);
    miniorm__timers_free(&loop->timers);
    free(loop->deferred);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    if (loop->fd >= 0)
        close(loop->fd);
    free(loop);
}

const struct miniorm_loop *miniorm_epoll_loop(struct miniorm_epoll *loop)
{
    return &loop->table;
}

static void take_wake(struct miniorm_epoll *loop)
{
    uint64_t count;

    /* First the descriptor, then the flag: a wake between the two belongs to this turn, which ends
     * now. */
    if (read(loop->wake_fd, &count, sizeof(count)) > 0)
        atomic_exchange(&loop->is_woken, false);
}

static void deliver(struct miniorm_epoll *loop, const struct epoll_event *events, int count)
{
    int i;

    loop->is_delivering = true;
    for (i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;

        if (watch == NULL)
            take_wake(loop);
        else if (!watch->is_removed && watch->is_in_epoll)
            watch->ready(watch->data, watch->fd, from_epoll(events[i].events));
    }
    loop->is_delivering = false;
    free_watches(loop->removed);
    loop->removed = NULL;
}

/* The shorter of what the caller allows and what the timers leave. */
static int wait_ms(const struct miniorm_epoll *loop, int timeout_ms)
{
    const int own = miniorm_epoll_timeout(loop);

    if (timeout_ms < 0)
        return own;
    return own < 0 || timeout_ms < own ? timeout_ms : own;
}

enum miniorm_status miniorm_epoll_turn(struct miniorm_epoll *loop, int timeout_ms,
                                       struct miniorm_error *error)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count;
    int failure;

    run_deferred(loop);
    count = epoll_wait(loop->fd, events, EVENTS_PER_TURN, wait_ms(loop, timeout_ms));
    failure = count < 0 ? errno : 0;
    loop->now_ns = clock_ns();
    if (failure != 0 && failure != EINTR)
        return miniorm__fail_errno(error, MINIORM_ERESOURCES, failure, "cannot wait for events");
    deliver(loop, events, count);
    miniorm__timers_expire(&loop->timers, loop->now_ns);
    run_deferred(loop);
    return MINIORM_OK;
}

int miniorm_epoll_timeout(const struct miniorm_epoll *loop)
{
    const uint64_t due_ns = miniorm__timers_next(&loop->timers);
    uint64_t now_ns;
    uint64_t left_ms;

    if (loop->deferred_count != 0)
        return 0;
    if (due_ns == UINT64_MAX)
        return -1;
    now_ns = clock_ns();
    if (due_ns <= now_ns)
        return 0;
    /* Rounded up, or the turns before a timer would spin. */
    left_ms = (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int miniorm_epoll_fd(const struct miniorm_epoll *loop)
{
    return loop->fd;
}

void miniorm_epoll_wake(struct miniorm_epoll *loop)
{
    const uint64_t one = 1;
    const int kept = errno;

    if (!atomic_exchange(&loop->is_woken, true)) {
        /* It cannot block: the flag keeps the counter at one. */
        if (write(loop->wake_fd, &one, sizeof(one)) < 0)
            atomic_store(&loop->is_woken, false);
    }
    errno = kept;
}

uint64_t miniorm_epoll_now_ms(const struct miniorm_epoll *loop)
{
    return loop->now_ns / NS_PER_MS;
}
