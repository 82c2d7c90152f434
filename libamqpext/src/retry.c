/*
 * Retry: decisions about messages that were not handled.
 *
 * Invariant: a message that this engine takes ends in another queue before its original is
 * acknowledged, or its original stays unsettled; one that cannot be copied to the dead letters is
 * rejected.
 */
#include "retry.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "link.h"
#include "log_only.h"
#include "retry_copier.h"

struct retry {
    struct retry_queues queues;
    struct copier *copier;
    struct endpoint log; /* nothing of it but the log is set */
    /* [I/O] */
    unsigned refused; /* combinations of extras, as amqpext__retry_extras has them */
    bool has_given_dead; /* the queue of dead letters is not ours to declare */
    enum retry_extras extras; /* of the plan that is carried out */
    /* Written with each plan, read while messages of its channel are handled. */
    _Atomic bool is_native; /* the broker delays what is given back */
    _Atomic bool has_place; /* the broker dead-letters what is rejected */
};

enum amqpext_status amqpext__retry_new(const struct amqpext_consumer_options *options,
                                       const struct amqpext_queue *queue, retry_done_fn done,
                                       void *data, struct retry **out, struct amqpext_error *error)
{
    struct retry *retry = calloc(1, sizeof(*retry));
    enum amqpext_status status;

    if (retry == NULL)
        return amqpext__fail_memory(error);
    retry->log = log_only(options->connection);
    status = amqpext__retry_queues_make(options->retry, queue, &retry->queues, error);
    if (status == AMQPEXT_OK) {
        const struct copier_setup setup = {.options = options,
                                           .queues = &retry->queues,
                                           .log = &retry->log,
                                           .done = done,
                                           .data = data};

        status = amqpext__copier_new(&setup, &retry->copier, error);
        if (status != AMQPEXT_OK)
            amqpext__retry_queues_free(&retry->queues);
    }
    if (status != AMQPEXT_OK) {
        free(retry);
        return status;
    }
    *out = retry;
    return AMQPEXT_OK;
}

/* A plan that starts anew after all combinations were refused begins with the first. */
static enum amqpext_status choose_extras(struct retry *retry, const struct broker *broker,
                                         struct amqpext_error *error)
{
    const struct retry_wishes *wishes = &retry->queues.wishes;

    if (!amqpext__retry_extras(wishes, broker, retry->refused, &retry->extras)) {
        retry->refused = 0;
        (void)amqpext__retry_extras(wishes, broker, 0, &retry->extras);
    }
    if (wishes->mode == AMQPEXT_RETRY_NATIVE && broker->major != 0 &&
        !amqpext__retry_has_delayed(broker))
        return amqpext__fail(error, AMQPEXT_EPRECONDITION,
                             "retry: %s has no delayed retry of its own; RabbitMQ 4.3 has",
                             broker->name);
    return AMQPEXT_OK;
}

static void keep_choice(struct retry *retry)
{
    const struct retry_wishes *wishes = &retry->queues.wishes;
    const struct amqpext_queue *main = retry->queues.main;

    atomic_store(&retry->is_native,
                 (retry->extras & EXTRA_DELAYED_RETRY) != 0 ||
                     (wishes->mode == AMQPEXT_RETRY_NATIVE && !wishes->is_declared));
    atomic_store(&retry->has_place,
                 (retry->extras & EXTRA_DEAD_LETTERS) != 0 || main->dead_letter_exchange != NULL ||
                     amqpext_table_get(main->arguments, "x-dead-letter-exchange") != NULL);
}

/* Pauses of the broker need no queues, unless a handler asks for one of its own. */
static struct retry_declared declared_for(const struct retry *retry, const struct broker *broker)
{
    return (struct retry_declared){
        .n_steps = atomic_load(&retry->is_native) ? 0 : retry->queues.steps.n_usual,
        .has_quorum_delays = amqpext__retry_has_quorum_delays(broker),
        .has_given_dead = retry->has_given_dead,
    };
}

static enum amqpext_status plan_own(struct retry *retry, const struct retry_declared *declared,
                                    struct plan *plan, int mark, struct amqpext_error *error)
{
    struct amqpext_queue queues[RETRY_QUEUES_MAX];
    const unsigned count = amqpext__retry_own_queues(&retry->queues, declared, queues);
    unsigned i;

    for (i = 0; i < count; i++) {
        const struct amqpext_queue *kept = arena_copy(&plan->arena, &queues[i], sizeof(queues[i]));

        if (kept == NULL)
            return amqpext__fail_memory(error);
        amqpext__plan_queue(plan, kept, mark);
    }
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__retry_plan(struct retry *retry, const struct broker *broker,
                                        struct plan *plan, int mark, struct amqpext_error *error)
{
    enum amqpext_status status = choose_extras(retry, broker, error);
    struct retry_declared declared;
    struct amqpext_queue queue;
    const struct amqpext_queue *kept;

    if (status != AMQPEXT_OK)
        return status;
    keep_choice(retry);
    declared = declared_for(retry, broker);
    amqpext__copier_set_declared(retry->copier, &declared);
    status = plan_own(retry, &declared, plan, -mark, error);
    if (status != AMQPEXT_OK)
        return status;
    /* The main queue last: steps that name no queue mean the one before them. */
    queue = amqpext__retry_main_queue(&retry->queues, retry->extras);
    kept = arena_copy(&plan->arena, &queue, sizeof(queue));
    if (kept == NULL)
        return amqpext__fail_memory(error);
    amqpext__plan_queue(plan, kept, mark);
    return AMQPEXT_OK;
}

void amqpext__retry_named(struct retry *retry, const char *name)
{
    amqpext__copier_set_main(retry->copier, name);
}

static bool try_less(struct retry *retry)
{
    const struct retry_wishes *wishes = &retry->queues.wishes;

    if (retry->extras == EXTRA_NOTHING) {
        retry->refused = 0;
        return false;
    }
    retry->refused |= 1u << retry->extras;
    /*
     * Where the program wants the broker's own delayed retry, it is the queue that has to change.
     */
    return wishes->mode != AMQPEXT_RETRY_NATIVE || !wishes->is_tried_again ||
           retry->extras == EXTRA_BOTH;
}

bool amqpext__retry_refused(struct retry *retry, const struct amqpext_queue *queue,
                            const struct amqpext_error *error)
{
    const char *dead = retry->queues.dead;

    if (error->status != AMQPEXT_EPRECONDITION)
        return false;
    if (strcmp(queue->name, retry->queues.main->name) == 0)
        return try_less(retry);
    /* Any queue can hold dead letters; one of a step has to be what it is meant to be. */
    if (dead == NULL || strcmp(queue->name, dead) != 0)
        return false;
    retry->has_given_dead = true;
    return true;
}

unsigned amqpext__retry_attempt(const struct content *content)
{
    const struct amqpext_table *headers = content->properties.headers;
    int64_t attempt = amqpext_table_integer(headers, HEADER_ATTEMPT, 1);
    int64_t failures = amqpext_table_integer(headers, "x-delivery-count", 0);

    /* Before RabbitMQ 4.3 it counted all returns, those of messages that were not tried too. */
    if (amqpext_table_get(headers, "x-acquired-count") == NULL)
        failures = 0;
    if (attempt < 1)
        attempt = 1;
    if (failures < 0)
        failures = 0;
    if (attempt > INT32_MAX || failures > INT32_MAX)
        return INT32_MAX;
    return (unsigned)attempt + (unsigned)failures;
}

/*
 * Any number will do, and nothing is kept for it: the moment and the tag, mixed (splitmix64).
 */
static uint32_t any_number(const struct amqpext_delivery *delivery)
{
    uint64_t number = monotonic_us() + delivery->tag * UINT64_C(0x9e3779b97f4a7c15);

    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(number >> 32);
}

static void choose_pause(const struct retry *retry, struct amqpext_delivery *delivery)
{
    const struct retry_steps *steps = &retry->queues.steps;
    struct copy *copy = &delivery->copy;

    if (delivery->has_retry_delay) {
        copy->pause_ms =
            delivery->retry_delay_ms < RETRY_PAUSE_MAX ? delivery->retry_delay_ms : RETRY_PAUSE_MAX;
        copy->step = amqpext__retry_step_for(steps, copy->pause_ms);
    } else {
        copy->step = amqpext__retry_step_after(steps, delivery->attempt);
        copy->pause_ms = amqpext__retry_jitter(steps, steps->ms[copy->step], any_number(delivery));
    }
    if (copy->pause_ms == 0)
        copy->goal = COPY_AGAIN;
    else
        copy->goal = retry->queues.has_name ? COPY_AGAIN_BY_STEP : COPY_AGAIN_FROM_HERE;
}

static bool is_whole(const struct amqpext_delivery *delivery)
{
    return delivery->content->body != NULL && !delivery->content->has_unreadable_headers;
}

/*
 * What was not received whole can be neither handled nor copied, whoever gets it. Were it left
 * unsettled, each of its kind would take a part of the prefetch for ever.
 */
static enum retry_decision leave_to_broker(const struct retry *retry,
                                           const struct amqpext_delivery *delivery)
{
    amqpext__log(&retry->log, AMQPEXT_LOG_ERROR,
                 "retry: a message %s and cannot be copied; it is rejected and %s",
                 delivery->content->body == NULL ? "is larger than max_message_bytes"
                                                 : "has headers beyond all limits",
                 atomic_load(&retry->has_place) ? "dead-lettered by its queue" : "lost");
    return RETRY_DISCARD;
}

enum retry_decision amqpext__retry_later(struct retry *retry, struct amqpext_delivery *delivery)
{
    if (delivery->attempt >= retry->queues.options.max_attempts)
        return amqpext__retry_bury(retry, delivery);
    if (atomic_load(&retry->is_native) && !delivery->has_retry_delay)
        return RETRY_GIVE_BACK;
    if (!is_whole(delivery))
        return leave_to_broker(retry, delivery);
    choose_pause(retry, delivery);
    amqpext__copier_add(retry->copier, delivery);
    return RETRY_COPYING;
}

enum retry_decision amqpext__retry_bury(struct retry *retry, struct amqpext_delivery *delivery)
{
    if (retry->queues.dead == NULL)
        return RETRY_DISCARD;
    if (!is_whole(delivery))
        return leave_to_broker(retry, delivery);
    delivery->copy.goal = COPY_DEAD;
    amqpext__log(&retry->log, AMQPEXT_LOG_WARNING, "retry: a message goes to %s in attempt %u: %s",
                 retry->queues.dead, delivery->attempt,
                 delivery->reason[0] != '\0' ? delivery->reason : "no reason");
    amqpext__copier_add(retry->copier, delivery);
    return RETRY_COPYING;
}

bool amqpext__retry_has_place(const struct retry *retry)
{
    return atomic_load(&retry->has_place);
}

void amqpext__retry_stopping(struct retry *retry)
{
    amqpext__copier_stopping(retry->copier);
}

void amqpext__retry_stop(struct retry *retry, uint64_t deadline_us)
{
    amqpext__copier_stop(retry->copier, deadline_us);
}

void amqpext__retry_free(struct retry *retry)
{
    if (retry == NULL)
        return;
    amqpext__copier_free(retry->copier);
    amqpext__retry_queues_free(&retry->queues);
    free(retry);
}
