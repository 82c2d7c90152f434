/*
 * Making and freeing a producer, part by part.
 *
 * Order: make; whatever it is used for; free, after which nothing is left of it.
 * Invariant: a producer that is half made can be freed.
 */
#include <stdlib.h>

#include "endpoint.h"
#include "error.h"
#include "options.h"
#include "producer.h"
#include "wait.h"

/*
 * A lock that is held for less than a microsecond, mostly, is worth a short wait without sleeping,
 * where the C library offers that.
 */
static int init_lock(pthread_mutex_t *lock)
{
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
    pthread_mutexattr_t attributes;
    int failure = pthread_mutexattr_init(&attributes);

    if (failure != 0)
        return failure;
    (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    failure = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return failure;
#else
    return pthread_mutex_init(lock, NULL);
#endif
}

static int init_locks(struct amqpext_producer *producer)
{
    int failure = init_lock(&producer->lock);

    if (failure != 0)
        return failure;
    failure = pthread_mutex_init(&producer->close_lock, NULL);
    if (failure == 0) {
        failure = condition_init(&producer->progress);
        if (failure == 0)
            return 0;
        pthread_mutex_destroy(&producer->close_lock);
    }
    pthread_mutex_destroy(&producer->lock);
    return failure;
}

void amqpext__producer_unmake(struct amqpext_producer *producer)
{
    if (producer->engine != NULL)
        producer->drive->free(producer->engine);
    amqpext__jobs_free(producer->jobs);
    if (producer->has_teller)
        amqpext__state_end(&producer->teller);
    amqpext__ledger_free(&producer->ledger);
    pthread_cond_destroy(&producer->progress);
    pthread_mutex_destroy(&producer->close_lock);
    pthread_mutex_destroy(&producer->lock);
    arena_free(&producer->arena);
    free(producer);
}

/* The drive and what depends on its endpoint, which is the drive's from here on. */
static enum amqpext_status drive_in(struct amqpext_producer *producer, drive_new_fn drive_new,
                                    void *data, struct endpoint *endpoint,
                                    const struct ledger_limits *limits, struct amqpext_error *error)
{
    const struct endpoint *kept;
    enum amqpext_status status = drive_new(producer, endpoint, data, error);

    if (status != AMQPEXT_OK)
        return status;
    kept = producer->drive->endpoint(producer->engine);
    producer->max_message_bytes = kept->max_message_bytes;
    atomic_init(&producer->frame_max, kept->frame_max);
    amqpext__ledger_init(&producer->ledger, limits, kept->frame_max);
    status = amqpext__state_init(&producer->teller, kept,
                                 producer->callbacks == AMQPEXT_CALLBACKS_DISPATCH, error);
    producer->has_teller = status == AMQPEXT_OK;
    return status;
}

static enum amqpext_status fill(struct amqpext_producer *producer,
                                const struct amqpext_producer_options *options,
                                drive_new_fn drive_new, void *data, struct amqpext_error *error)
{
    struct ledger_limits limits;
    struct endpoint endpoint;
    enum amqpext_status status = amqpext__producer_configure(producer, options, &limits, error);

    if (status == AMQPEXT_OK && producer->callbacks != AMQPEXT_CALLBACKS_IO_THREAD)
        status = amqpext__jobs_new(producer->callbacks, 1, &producer->jobs, error);
    if (status == AMQPEXT_OK)
        status = amqpext__endpoint_make(options->url, options->connection, &endpoint, error);
    if (status == AMQPEXT_OK)
        status = drive_in(producer, drive_new, data, &endpoint, &limits, error);
    return status;
}

enum amqpext_status amqpext__producer_make(const struct amqpext_producer_options *options,
                                           drive_new_fn drive_new, void *data,
                                           struct amqpext_producer **out,
                                           struct amqpext_error *error)
{
    struct amqpext_producer_options copy;
    struct amqpext_producer *producer;
    enum amqpext_status status =
        amqpext__options_copy(&copy, sizeof(copy), options, "producer options", error);
    int failure;

    if (status != AMQPEXT_OK)
        return status;
    producer = calloc(1, sizeof(*producer));
    if (producer == NULL)
        return amqpext__fail_memory(error);
    failure = init_locks(producer);
    if (failure != 0) {
        free(producer);
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no lock");
    }
    amqpext__message_ids_init(&producer->ids);
    producer->flush_serial = producer->flush_told = UINT64_MAX;
    status = fill(producer, &copy, drive_new, data, error);
    if (status == AMQPEXT_OK)
        *out = producer;
    else
        amqpext__producer_unmake(producer);
    return status;
}
