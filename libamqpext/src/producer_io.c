/*
 * The producer on its I/O thread: what the link asks and tells, and telling outcomes.
 *
 * Order: ready, then method, content, gather and sent, then lost; turn and due_us at any time.
 * Invariant: confirms that were received are in the ledger before anything else changes it.
 */
#include "clock.h"
#include "error.h"
#include "outcome.h"
#include "plan.h"
#include "producer.h"

static enum amqpext_status write_plan(void *owner, const struct broker *broker, struct plan *plan,
                                      struct amqpext_error *error)
{
    const struct amqpext_producer *producer = owner;

    (void)broker;
    (void)error;
    /* The default exchange is there, and must not be declared. */
    if (producer->exchange.name[0] != '\0')
        amqpext__plan_exchange(plan, &producer->exchange, 0);
    amqpext__plan_topology(plan, &producer->topology, NULL, 0);
    amqpext__plan_confirm_select(plan);
    return AMQPEXT_OK;
}

/* Tells a thread that waits for the outcome. True: a callback remains to be told. */
static bool serve_wait(struct entry *entry)
{
    struct outcome_wait *wait = entry->wait;

    entry->wait = NULL;
    if (wait != NULL) {
        amqpext__outcome_fill(entry, &wait->outcome);
        wait->is_told = true;
        pthread_cond_signal(&wait->told);
    }
    return entry->done != NULL;
}

static void call_back(const struct entry *entry)
{
    struct amqpext_outcome outcome;

    amqpext__outcome_fill(entry, &outcome);
    entry->done(entry->data, &outcome);
}

/* Wakes those that flush once one of them has what it waits for: not for every outcome. */
static void serve_flushes(struct amqpext_producer *producer)
{
    if (amqpext__ledger_oldest(&producer->ledger) <= producer->flush_serial &&
        producer->n_told < producer->flush_told)
        return;
    /* Those that have to wait on say so again. */
    producer->flush_serial = producer->flush_told = UINT64_MAX;
    pthread_cond_broadcast(&producer->progress);
}

/* What has to be looked at when messages have left the ledger. The lock is held. */
static void make_progress(struct amqpext_producer *producer)
{
    if (producer->room.first != NULL)
        amqpext__room_serve(producer, monotonic_us());
    serve_flushes(producer);
}

static void run_job(struct job *job)
{
    struct entry *entry = (struct entry *)(void *)((char *)job - offsetof(struct entry, job));
    struct amqpext_producer *producer = entry->owner;
    bool is_due;

    call_back(entry);
    pthread_mutex_lock(&producer->lock);
    amqpext__ledger_release(&producer->ledger, entry);
    if (producer->callbacks != AMQPEXT_CALLBACKS_DISPATCH)
        producer->n_told++;
    make_progress(producer);
    is_due = amqpext__room_due_us(producer) < producer->asked_due_us;
    pthread_mutex_unlock(&producer->lock);
    if (is_due)
        producer->drive->wake(producer->engine);
}

/* Takes decided entries; those that only a thread waits for are done with. */
static struct entry *take(struct amqpext_producer *producer)
{
    struct entry *entry = amqpext__ledger_take_decided(&producer->ledger, LEDGER_TELL_MAX);
    struct entry *first = NULL;
    struct entry **end = &first;

    while (entry != NULL) {
        struct entry *next = entry->next;

        if (serve_wait(entry)) {
            *end = entry;
            end = &entry->next;
        } else {
            amqpext__ledger_release(&producer->ledger, entry);
        }
        entry = next;
    }
    *end = NULL;
    return first;
}

/* Returns how many. */
static size_t post_all(struct amqpext_producer *producer, struct entry *entry)
{
    size_t n = 0;

    for (; entry != NULL; n++) {
        struct entry *next = entry->next;

        /* One lane, so that outcomes are told in order. */
        entry->job = (struct job){.run = run_job, .lane = 1};
        amqpext__jobs_post(producer->jobs, &entry->job);
        entry = next;
    }
    return n;
}

static void release_all(struct amqpext_producer *producer, struct entry *entry)
{
    while (entry != NULL) {
        struct entry *next = entry->next;

        amqpext__ledger_release(&producer->ledger, entry);
        producer->n_told++;
        entry = next;
    }
}

void amqpext__producer_tell(struct amqpext_producer *producer)
{
    /* What callbacks decide by publishing waits for the next turn, or there might never be one. */
    size_t left = producer->ledger.n_untold;

    while (producer->ledger.decided != NULL && left != 0) {
        struct entry *first = take(producer);
        size_t n_posted = 0;
        struct entry *entry;

        left -= left < LEDGER_TELL_MAX ? left : LEDGER_TELL_MAX;
        make_progress(producer);
        if (first == NULL)
            continue;
        pthread_mutex_unlock(&producer->lock);
        if (producer->jobs != NULL) {
            n_posted = post_all(producer, first);
            first = NULL;
        }
        for (entry = first; entry != NULL; entry = entry->next)
            call_back(entry);
        pthread_mutex_lock(&producer->lock);
        release_all(producer, first);
        if (producer->callbacks == AMQPEXT_CALLBACKS_DISPATCH)
            producer->n_told += n_posted;
    }
    make_progress(producer);
}

/* Locks, and brings the ledger up to what was received. */
static struct ledger *enter(struct amqpext_producer *producer, uint64_t now_us)
{
    pthread_mutex_lock(&producer->lock);
    amqpext__confirms_apply(&producer->confirms, &producer->ledger, now_us);
    return &producer->ledger;
}

static void leave(struct amqpext_producer *producer)
{
    amqpext__producer_tell(producer);
    pthread_mutex_unlock(&producer->lock);
}

static void on_ready(void *owner, uint64_t epoch)
{
    struct amqpext_producer *producer = owner;
    const uint32_t frame_max = producer->drive->frame_max(producer->engine);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status;

    (void)epoch;
    pthread_mutex_lock(&producer->lock);
    atomic_store_explicit(&producer->frame_max, frame_max, memory_order_relaxed);
    status = amqpext__ledger_begin(&producer->ledger, frame_max, monotonic_us(), &error);
    leave(producer);
    if (status != AMQPEXT_OK)
        producer->drive->fail(producer->engine, &error);
}

static void on_lost(void *owner, const struct amqpext_error *error, bool is_channel_only)
{
    struct amqpext_producer *producer = owner;
    const uint64_t now_us = monotonic_us();
    struct ledger *ledger = enter(producer, now_us);
    const uint64_t refused = ledger->figures.refused;
    bool is_found;

    amqpext__ledger_lost(ledger, error, is_channel_only, now_us);
    /* However many such messages there are, those behind them go on. */
    is_found = ledger->figures.refused != refused;
    leave(producer);
    if (is_found)
        producer->drive->forgive(producer->engine);
}

static bool on_method(void *owner, const struct method *method)
{
    struct amqpext_producer *producer = owner;
    /* Tags are given on this thread only. */
    const struct ledger *ledger = &producer->ledger;
    const bool is_multiple = method->as.ack.is_multiple;
    uint64_t tag = method->as.ack.delivery_tag;

    if (method->kind != METHOD_BASIC_ACK && method->kind != METHOD_BASIC_NACK)
        return false;
    if (!amqpext__ledger_has_tag(ledger, tag, is_multiple))
        return false;
    if (tag == 0)
        tag = ledger->last_tag;
    if (tag == 0)
        return true;
    if (amqpext__confirms_are_full(&producer->confirms)) {
        (void)enter(producer, monotonic_us());
        leave(producer);
    }
    amqpext__confirms_add(&producer->confirms, tag, is_multiple, method->kind == METHOD_BASIC_NACK);
    return true;
}

static bool on_content(void *owner, struct content *content)
{
    struct amqpext_producer *producer = owner;
    const bool is_return = content->method.kind == METHOD_BASIC_RETURN;
    const char *id = content->properties.message_id;

    if (is_return && id != NULL) {
        amqpext__ledger_returned(enter(producer, monotonic_us()), id,
                                 content->method.as.returned.reply_code,
                                 content->method.as.returned.reply_text);
        leave(producer);
    }
    amqpext__content_free(content);
    return is_return;
}

static unsigned on_gather(void *owner, struct iovec *pieces, unsigned max)
{
    struct amqpext_producer *producer = owner;
    unsigned n;

    pthread_mutex_lock(&producer->lock);
    n = amqpext__ledger_gather(&producer->ledger, pieces, max);
    pthread_mutex_unlock(&producer->lock);
    return n;
}

static size_t on_sent(void *owner, size_t n)
{
    struct amqpext_producer *producer = owner;
    size_t missing;

    pthread_mutex_lock(&producer->lock);
    missing = amqpext__ledger_sent(&producer->ledger, n);
    pthread_mutex_unlock(&producer->lock);
    return missing;
}

static void on_turn(void *owner, uint64_t now_us)
{
    struct amqpext_producer *producer = owner;
    struct ledger *ledger = enter(producer, now_us);
    bool is_ending = producer->is_ending && !producer->is_finished;
    unsigned linger_ms;

    ledger->has_more = false;
    if (is_ending)
        amqpext__ledger_cancel_all(ledger, now_us);
    else
        amqpext__ledger_expire(ledger, now_us);
    linger_ms = producer->linger_ms;
    pace_note(&producer->pace, now_us, ledger->figures.confirm_latency.count, ledger->n_sent);
    leave(producer);
    if (is_ending) {
        producer->is_finished = true;
        producer->drive->finish(producer->engine, linger_ms);
    }
}

static uint64_t on_due(void *owner)
{
    struct amqpext_producer *producer = owner;
    uint64_t due_us;

    if (producer->confirms.count != 0)
        return 0;
    pthread_mutex_lock(&producer->lock);
    due_us = producer->ledger.decided != NULL ? 0 : amqpext__ledger_due_us(&producer->ledger);
    if (amqpext__room_due_us(producer) < due_us)
        due_us = amqpext__room_due_us(producer);
    producer->asked_due_us = due_us;
    pthread_mutex_unlock(&producer->lock);
    return due_us;
}

static unsigned on_leisure(void *owner)
{
    const struct amqpext_producer *producer = owner;

    return pace_leisure_us(&producer->pace);
}

static void on_state(void *owner, const struct amqpext_state_event *event)
{
    struct amqpext_producer *producer = owner;

    if (event->state == AMQPEXT_STATE_BLOCKED && producer->fail_when_blocked) {
        pthread_mutex_lock(&producer->lock);
        amqpext__room_clear(producer, AMQPEXT_EBLOCKED);
        pthread_mutex_unlock(&producer->lock);
    }
    if (amqpext__state_tell(&producer->teller, event))
        amqpext__jobs_notify(producer->jobs);
}

const struct link_owner amqpext__producer_owner = {
    .plan = write_plan,
    .ready = on_ready,
    .lost = on_lost,
    .method = on_method,
    .content = on_content,
    .gather = on_gather,
    .sent = on_sent,
    .turn = on_turn,
    .due_us = on_due,
    .leisure_us = on_leisure,
    .state = on_state,
};
