/*
 * Clients on a libuv loop. Header-only: the program that includes this links libuv, libminiorm does
 * not.
 *
 *     struct miniorm_uv adapter;
 *     struct miniorm_loop table;
 *     miniorm_uv_init(&adapter, uv_default_loop(), &table);
 *     miniorm_client_open(database, &table, &client, NULL);
 *
 * A client that has something to wait for keeps uv_run() going. To end: close the clients,
 * miniorm_uv_close, and run the loop until it has nothing left; the adapter must live until then.
 *
 * Thread:  the loop's thread.
 */
#ifndef MINIORM_LOOP_UV_H
#define MINIORM_LOOP_UV_H

#include <uv.h>

#include <miniorm/loop.h>
#include <miniorm/loop_deferred.h>

MINIORM_BEGIN_DECLS

/* The members are the adapter's own. */
struct miniorm_uv {
    uv_loop_t *loop;
    uv_prepare_t before_sleep;
    uv_idle_t awake; /* active while calls are deferred: the loop does not sleep */
    struct miniorm_deferred deferred;
};

/* A watch or a timer. */
struct miniorm_uv_handle {
    union {
        uv_handle_t any;
        uv_poll_t poll;
        uv_timer_t timer;
    } uv;
    miniorm_ready_fn ready;
    miniorm_timer_fn expired;
    void *data;
    int fd;
};

MINIORM_INLINE void miniorm_uv_ready_(uv_poll_t *handle, int status, int events)
{
    struct miniorm_uv_handle *watch = (struct miniorm_uv_handle *)handle->data;
    unsigned ready = 0;

    if (status < 0 || (events & UV_READABLE) != 0)
        ready |= MINIORM_READABLE;
    if ((events & UV_WRITABLE) != 0)
        ready |= MINIORM_WRITABLE;
    watch->ready(watch->data, watch->fd, ready);
}

MINIORM_INLINE int miniorm_uv_set_watch_(void *context, void *handle, unsigned events)
{
    struct miniorm_uv_handle *watch = (struct miniorm_uv_handle *)handle;
    const int wanted = ((events & MINIORM_READABLE) != 0 ? UV_READABLE : 0) |
                       ((events & MINIORM_WRITABLE) != 0 ? UV_WRITABLE : 0);

    (void)context;
    if (wanted == 0)
        return -uv_poll_stop(&watch->uv.poll);
    return -uv_poll_start(&watch->uv.poll, wanted, miniorm_uv_ready_);
}

/* libuv frees nothing by itself, and a handle lives until its close callback. */
MINIORM_INLINE void miniorm_uv_free_(uv_handle_t *handle)
{
    free(handle->data);
}

MINIORM_INLINE void miniorm_uv_remove_(void *context, void *handle)
{
    (void)context;
    uv_close(&((struct miniorm_uv_handle *)handle)->uv.any, miniorm_uv_free_);
}

MINIORM_INLINE int miniorm_uv_add_watch_(void *context, int fd, unsigned events,
                                         miniorm_ready_fn ready, void *data, void **out)
{
    struct miniorm_uv *adapter = (struct miniorm_uv *)context;
    struct miniorm_uv_handle *watch = (struct miniorm_uv_handle *)calloc(1, sizeof(*watch));
    int failure;

    if (watch == NULL)
        return ENOMEM;
    watch->ready = ready;
    watch->data = data;
    watch->fd = fd;
    failure = uv_poll_init(adapter->loop, &watch->uv.poll, fd);
    if (failure != 0) {
        free(watch);
        return -failure;
    }
    watch->uv.poll.data = watch;
    failure = miniorm_uv_set_watch_(context, watch, events);
    if (failure != 0) {
        miniorm_uv_remove_(context, watch);
        return failure;
    }
    *out = watch;
    return 0;
}

MINIORM_INLINE void miniorm_uv_expired_(uv_timer_t *handle)
{
    struct miniorm_uv_handle *timer = (struct miniorm_uv_handle *)handle->data;

    timer->expired(timer->data);
}

MINIORM_INLINE int miniorm_uv_set_timer_(void *context, void *handle, uint64_t delay_ms)
{
    struct miniorm_uv_handle *timer = (struct miniorm_uv_handle *)handle;

    /* The loop's idea of now is that of the start of its turn. */
    uv_update_time(((struct miniorm_uv *)context)->loop);
    return -uv_timer_start(&timer->uv.timer, miniorm_uv_expired_, delay_ms, 0);
}

MINIORM_INLINE int miniorm_uv_add_timer_(void *context, uint64_t delay_ms, miniorm_timer_fn expired,
                                         void *data, void **out)
{
    struct miniorm_uv_handle *timer = (struct miniorm_uv_handle *)calloc(1, sizeof(*timer));

    if (timer == NULL)
        return ENOMEM;
    timer->expired = expired;
    timer->data = data;
    uv_timer_init(((struct miniorm_uv *)context)->loop, &timer->uv.timer);
    timer->uv.timer.data = timer;
    *out = timer;
    return miniorm_uv_set_timer_(context, timer, delay_ms);
}

MINIORM_INLINE void miniorm_uv_before_sleep_(uv_prepare_t *handle)
{
    struct miniorm_uv *adapter = (struct miniorm_uv *)handle->data;

    miniorm_deferred_run(&adapter->deferred);
    uv_idle_stop(&adapter->awake);
}

MINIORM_INLINE void miniorm_uv_nothing_(uv_idle_t *handle)
{
    (void)handle;
}

MINIORM_INLINE int miniorm_uv_defer_(void *context, miniorm_defer_fn call, void *data)
{
    struct miniorm_uv *adapter = (struct miniorm_uv *)context;
    const int failure = miniorm_deferred_add(&adapter->deferred, call, data);

    if (failure != 0)
        return failure;
    return -uv_idle_start(&adapter->awake, miniorm_uv_nothing_);
}

/* Makes `adapter` an adapter for `loop`, and *out the table to open clients with. Since: 0.1 */
MINIORM_INLINE void miniorm_uv_init(struct miniorm_uv *adapter, uv_loop_t *loop,
                                    struct miniorm_loop *out)
{
    memset(adapter, 0, sizeof(*adapter));
    adapter->loop = loop;
    uv_prepare_init(loop, &adapter->before_sleep);
    uv_idle_init(loop, &adapter->awake);
    adapter->before_sleep.data = adapter;
    uv_prepare_start(&adapter->before_sleep, miniorm_uv_before_sleep_);
    uv_unref((uv_handle_t *)&adapter->before_sleep);
    miniorm_deferred_loop(out, adapter);
    out->add_watch = miniorm_uv_add_watch_;
    out->set_watch = miniorm_uv_set_watch_;
    out->remove_watch = miniorm_uv_remove_;
    out->add_timer = miniorm_uv_add_timer_;
    out->set_timer = miniorm_uv_set_timer_;
    out->remove_timer = miniorm_uv_remove_;
    out->defer = miniorm_uv_defer_;
}

/*
 * Ends the adapter, after its clients were closed: deferred calls that are left are made. The loop
 * must turn once more before the adapter's memory is given up.
 *
 * Since:   0.1
 */
MINIORM_INLINE void miniorm_uv_close(struct miniorm_uv *adapter)
{
    miniorm_deferred_free(&adapter->deferred);
    uv_close((uv_handle_t *)&adapter->before_sleep, NULL);
    uv_close((uv_handle_t *)&adapter->awake, NULL);
}

MINIORM_END_DECLS

#endif
