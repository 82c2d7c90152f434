/*
 * A producer's connection to a broker: the link as its drive.
 *
 * Order: as link.h says.
 */
#include "link.h"
#include "producer.h"

static enum amqpext_status start(void *engine, struct amqpext_error *error)
{
    return amqpext__link_start(engine, error);
}

static void wake(void *engine)
{
    amqpext__link_wake(engine);
}

static enum amqpext_status wait_ready(void *engine, unsigned timeout_ms,
                                      struct amqpext_error *error)
{
    return amqpext__link_wait_ready(engine, timeout_ms, error);
}

static bool is_ready(const void *engine)
{
    return amqpext__link_is_ready(engine);
}

static bool is_blocked(const void *engine)
{
    return amqpext__link_is_blocked(engine);
}

static bool is_own_thread(const void *engine)
{
    return amqpext__link_is_own_thread(engine);
}

static bool is_started(const void *engine)
{
    return amqpext__link_is_started(engine);
}

static const struct endpoint *endpoint_of(const void *engine)
{
    return amqpext__link_endpoint(engine);
}

static uint32_t frame_max(const void *engine)
{
    /* Of what is only read. */
    return amqpext__link_broker((struct link *)(uintptr_t)engine)->frame_max;
}

static void stats(const void *engine, struct amqpext_connection_stats *out)
{
    amqpext__link_stats(engine, out);
}

static void fail(void *engine, const struct amqpext_error *error)
{
    amqpext__link_fail(engine, error);
}

static void forgive(void *engine)
{
    amqpext__link_forgive(engine);
}

static void finish(void *engine, unsigned linger_ms)
{
    amqpext__link_finish(engine, linger_ms);
}

static void join(void *engine)
{
    amqpext__link_join(engine);
}

static void free_link(void *engine)
{
    amqpext__link_free(engine);
}

static const struct drive link_drive = {
    .start = start,
    .wake = wake,
    .wait_ready = wait_ready,
    .is_ready = is_ready,
    .is_blocked = is_blocked,
    .is_own_thread = is_own_thread,
    .is_started = is_started,
    .endpoint = endpoint_of,
    .frame_max = frame_max,
    .stats = stats,
    .fail = fail,
    .forgive = forgive,
    .finish = finish,
    .join = join,
    .free = free_link,
};

static enum amqpext_status new_link(struct amqpext_producer *producer, struct endpoint *endpoint,
                                    void *data, struct amqpext_error *error)
{
    struct link *link = NULL;
    const enum amqpext_status status =
        amqpext__link_new(endpoint, &amqpext__producer_owner, producer, &link, error);

    (void)data;
    if (status != AMQPEXT_OK)
        return status;
    producer->drive = &link_drive;
    producer->engine = link;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_producer_new(const struct amqpext_producer_options *options,
                                         struct amqpext_producer **out, struct amqpext_error *error)
{
    return amqpext__producer_make(options, new_link, NULL, out, error);
}
