/*
 * Clients on a libevent base. Header-only: the program that includes this links libevent,
 * libminiorm does not.
 *
 *     struct miniorm_event adapter;
 *     struct miniorm_loop table;
 *     if (miniorm_event_init(&adapter, base, &table) == 0)
 *         miniorm_client_open(database, &table, &client, NULL);
 *
 * To end: close the clients, then miniorm_event_close, then free the base.
 *
 * Thread:  the thread that runs the base.
 */
#ifndef MINIORM_LOOP_EVENT_H
#define MINIORM_LOOP_EVENT_H

#include <stdlib.h>
#include <sys/time.h>

#include <event2/event.h>

#include <miniorm/loop.h>
#include <miniorm/loop_deferred.h>

MINIORM_BEGIN_DECLS

/* The members are the adapter's own. */
struct miniorm_event {
    struct event_base *base;
    struct event *turn_end; /* made active while calls are deferred */
    struct miniorm_deferred deferred;
};

/* A watch or a timer. */
struct miniorm_event_handle {
    struct event *event; /* NULL: watched for nothing */
    miniorm_ready_fn ready;
    miniorm_timer_fn expired;
    void *data;
    int fd;
};

MINIORM_INLINE void miniorm_event_ready_(evutil_socket_t fd, short events, void *data)
{
    struct miniorm_event_handle *watch = (struct miniorm_event_handle *)data;
    unsigned ready = 0;

    if ((events & EV_READ) != 0)
        ready |= MINIORM_READABLE;
    if ((events & EV_WRITE) != 0)
        ready |= MINIORM_WRITABLE;
    watch->ready(watch->data, (int)fd, ready);
}

MINIORM_INLINE int miniorm_event_set_watch_(void *context, void *handle, unsigned events)
{
    struct miniorm_event *adapter = (struct miniorm_event *)context;
    struct miniorm_event_handle *watch = (struct miniorm_event_handle *)handle;
    const int read = (events & MINIORM_READABLE) != 0 ? EV_READ : 0;
    const int wanted = read | ((events & MINIORM_WRITABLE) != 0 ? EV_WRITE : 0);

    if (watch->event != NULL)
        event_del(watch->event);
    if (wanted == 0)
        return 0;
    if (watch->event == NULL)
        watch->event = event_new(adapter->base, watch->fd, (short)(wanted | EV_PERSIST),
                                 miniorm_event_ready_, watch);
    else
        event_assign(watch->event, adapter->base, watch->fd, (short)(wanted | EV_PERSIST),
                     miniorm_event_ready_, watch);
    return watch->event == NULL || event_add(watch->event, NULL) != 0 ? ENOMEM : 0;
}

MINIORM_INLINE void miniorm_event_remove_(void *context, void *pointer)
{
    struct miniorm_event_handle *handle = (struct miniorm_event_handle *)pointer;

    (void)context;
    if (handle->event != NULL)
        event_free(handle->event);
    free(handle);
}

MINIORM_INLINE int miniorm_event_add_watch_(void *context, int fd, unsigned events,
                                            miniorm_ready_fn ready, void *data, void **out)
{
    struct miniorm_event_handle *watch = (struct miniorm_event_handle *)calloc(1, sizeof(*watch));
    int failure;

    if (watch == NULL)
        return ENOMEM;
    watch->ready = ready;
    watch->data = data;
    watch->fd = fd;
    failure = miniorm_event_set_watch_(context, watch, events);
    if (failure != 0) {
        miniorm_event_remove_(context, watch);
        return failure;
    }
    *out = watch;
    return 0;
}

MINIORM_INLINE void miniorm_event_expired_(evutil_socket_t fd, short events, void *data)
{
    struct miniorm_event_handle *timer = (struct miniorm_event_handle *)data;

    (void)fd;
    (void)events;
    timer->expired(timer->data);
}

MINIORM_INLINE int miniorm_event_set_timer_(void *context, void *handle, uint64_t delay_ms)
{
    struct miniorm_event_handle *timer = (struct miniorm_event_handle *)handle;
    struct timeval delay;

    (void)context;
    delay.tv_sec = (time_t)(delay_ms / 1000);
    delay.tv_usec = (suseconds_t)(delay_ms % 1000 * 1000);
    return event_add(timer->event, &delay) != 0 ? ENOMEM : 0;
}

MINIORM_INLINE int miniorm_event_add_timer_(void *context, uint64_t delay_ms,
                                            miniorm_timer_fn expired, void *data, void **out)
{
    struct miniorm_event *adapter = (struct miniorm_event *)context;
    struct miniorm_event_handle *timer = (struct miniorm_event_handle *)calloc(1, sizeof(*timer));

    if (timer == NULL)
        return ENOMEM;
    timer->expired = expired;
    timer->data = data;
    timer->event = event_new(adapter->base, -1, 0, miniorm_event_expired_, timer);
    if (timer->event == NULL || miniorm_event_set_timer_(context, timer, delay_ms) != 0) {
        miniorm_event_remove_(context, timer);
        return ENOMEM;
    }
    *out = timer;
    return 0;
}

MINIORM_INLINE void miniorm_event_turn_end_(evutil_socket_t fd, short events, void *data)
{
    (void)fd;
    (void)events;
    miniorm_deferred_run(&((struct miniorm_event *)data)->deferred);
}

MINIORM_INLINE int miniorm_event_defer_(void *context, miniorm_defer_fn call, void *data)
{
    struct miniorm_event *adapter = (struct miniorm_event *)context;
    const int failure = miniorm_deferred_add(&adapter->deferred, call, data);

    /* Active events run behind those that were active before, and before the base sleeps. */
    if (failure == 0 && adapter->deferred.count == 1)
        event_active(adapter->turn_end, EV_TIMEOUT, 0);
    return failure;
}

/*
 * Makes `adapter` an adapter for `base`, and *out the table to open clients with. Returns 0, or
 * ENOMEM. End it with miniorm_event_close.
 *
 * Since:   0.1
 */
MINIORM_INLINE int miniorm_event_init(struct miniorm_event *adapter, struct event_base *base,
                                      struct miniorm_loop *out)
{
    memset(adapter, 0, sizeof(*adapter));
    adapter->base = base;
    adapter->turn_end = event_new(base, -1, 0, miniorm_event_turn_end_, adapter);
    if (adapter->turn_end == NULL)
        return ENOMEM;
    miniorm_deferred_loop(out, adapter);
    out->add_watch = miniorm_event_add_watch_;
    out->set_watch = miniorm_event_set_watch_;
    out->remove_watch = miniorm_event_remove_;
    out->add_timer = miniorm_event_add_timer_;
    out->set_timer = miniorm_event_set_timer_;
    out->remove_timer = miniorm_event_remove_;
    out->defer = miniorm_event_defer_;
    return 0;
}

/*
 * Ends the adapter, after its clients were closed: deferred calls that are left are made.
 *
 * Since:   0.1
 */
MINIORM_INLINE void miniorm_event_close(struct miniorm_event *adapter)
{
    miniorm_deferred_free(&adapter->deferred);
    event_free(adapter->turn_end);
}

MINIORM_END_DECLS

#endif
