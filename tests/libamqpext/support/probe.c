/* The owner of a link that tests look through. */
#include "test.h"

#include "support/probe.h"

#include <pthread.h>
#include <stdio.h>

#include "protocol/send.h"
#include "wait.h"

enum { EVENTS_MAX = 4096, MESSAGES_MAX = 4096, FRAME_MAX = 131072, WIRE_MAX = 40000000 };

struct probe {
    struct link *link;
    struct probe_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct probe_event *events;
    size_t n_events;
    void (*run)(struct probe *probe, void *data);
    void *run_data;
    /* Messages: their bytes, their ends, and how far the network is. */
    struct text wire;
    size_t ends[MESSAGES_MAX];
    size_t n_messages, first, sent;
    bool is_finished;
    unsigned long turns;
};

static void note(struct probe *probe, const struct probe_event *event)
{
    pthread_mutex_lock(&probe->lock);
    if (probe->n_events < EVENTS_MAX) {
        probe->events[probe->n_events] = *event;
        probe->events[probe->n_events++].time_us = monotonic_us();
    }
    pthread_cond_broadcast(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
}

static enum amqpext_status plan(void *owner, const struct broker *broker, struct plan *plan,
                                struct amqpext_error *error)
{
    struct probe *probe = owner;
    struct probe_event event = {.kind = PROBE_PLAN};

    snprintf(event.text, sizeof(event.text), "%s", broker->name);
    note(probe, &event);
    if (probe->options.plan == NULL)
        return AMQPEXT_OK;
    return probe->options.plan(probe->options.data, plan, error);
}

static void copy_text(struct probe_event *event, struct bytes text)
{
    snprintf(event->text, sizeof(event->text), "%.*s", (int)text.size,
             text.size == 0 ? "" : text.data);
}

static void step_done(void *owner, const struct step *step, const struct method *method)
{
    struct probe_event event = {
        .kind = PROBE_STEP_DONE, .mark = step->mark, .method = method->kind};

    if (method->kind == METHOD_QUEUE_DECLARE_OK)
        copy_text(&event, method->as.queue_declare_ok.queue);
    note(owner, &event);
}

static bool step_failed(void *owner, const struct step *step, const struct amqpext_error *error)
{
    struct probe *probe = owner;
    struct probe_event event = {.kind = PROBE_STEP_FAILED, .mark = step->mark, .error = *error};

    note(probe, &event);
    if (probe->options.changes_mind == 0)
        return false;
    probe->options.changes_mind--;
    return true;
}

static void ready(void *owner, uint64_t epoch)
{
    struct probe *probe = owner;
    const struct probe_event event = {.kind = PROBE_READY, .epoch = epoch};

    assert_true(amqpext__link_epoch(probe->link) == epoch);
    note(probe, &event);
}

static void lost(void *owner, const struct amqpext_error *error, bool is_channel_only)
{
    struct probe *probe = owner;
    const struct probe_event event = {
        .kind = PROBE_LOST, .error = *error, .is_channel_only = is_channel_only};

    pthread_mutex_lock(&probe->lock);
    probe->first = probe->n_messages;
    probe->sent = probe->wire.size;
    pthread_mutex_unlock(&probe->lock);
    note(probe, &event);
}

static bool take_method(void *owner, const struct method *method)
{
    struct probe *probe = owner;
    struct probe_event event = {.kind = PROBE_METHOD, .method = method->kind};

    if (method->kind == METHOD_BASIC_ACK || method->kind == METHOD_BASIC_NACK)
        event.tag = method->as.ack.delivery_tag;
    if (method->kind == METHOD_BASIC_DELIVER)
        event.tag = method->as.deliver.delivery_tag;
    note(probe, &event);
    return !probe->options.refuses_methods;
}

static bool take_content(void *owner, struct content *content)
{
    struct probe_event event = {.kind = PROBE_CONTENT,
                                .method = content->method.kind,
                                .tag = content->method.as.deliver.delivery_tag,
                                .size = content->body_size};

    copy_text(&event, (struct bytes){content->body, content->body_size});
    amqpext__content_free(content);
    note(owner, &event);
    return true;
}

static unsigned gather(void *owner, struct iovec *pieces, unsigned max)
{
    struct probe *probe = owner;
    unsigned n = 0;
    size_t i, start;

    pthread_mutex_lock(&probe->lock);
    start = probe->sent;
    for (i = probe->first; i < probe->n_messages && n < max; i++) {
        pieces[n].iov_base = probe->wire.data + start;
        pieces[n++].iov_len = probe->ends[i] - start;
        start = probe->ends[i];
    }
    pthread_mutex_unlock(&probe->lock);
    return n;
}

static size_t sent(void *owner, size_t n)
{
    struct probe *probe = owner;
    size_t missing = 0, begin;

    pthread_mutex_lock(&probe->lock);
    probe->sent += n;
    while (probe->first < probe->n_messages && probe->ends[probe->first] <= probe->sent)
        probe->first++;
    begin = probe->first == 0 ? 0 : probe->ends[probe->first - 1];
    if (probe->first < probe->n_messages && probe->sent > begin)
        missing = probe->ends[probe->first] - probe->sent;
    pthread_cond_broadcast(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    return missing;
}

static void turn(void *owner, uint64_t now_us)
{
    struct probe *probe = owner;
    void (*run)(struct probe * probe, void *data);

    (void)now_us;
    pthread_mutex_lock(&probe->lock);
    probe->turns++;
    run = probe->run;
    pthread_mutex_unlock(&probe->lock);
    if (run == NULL)
        return;
    run(probe, probe->run_data);
    pthread_mutex_lock(&probe->lock);
    probe->run = NULL;
    pthread_cond_broadcast(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
}

static uint64_t due_us(void *owner)
{
    (void)owner;
    return NEVER;
}

static unsigned leisure_us(void *owner)
{
    const struct probe *probe = owner;

    return probe->options.leisure_us;
}

static void take_state(void *owner, const struct amqpext_state_event *state)
{
    struct probe_event event = {
        .kind = PROBE_STATE,
        .state = state->state,
        .previous = state->previous,
        .is_permanent = state->is_permanent,
        .retry_in_ms = state->retry_in_ms,
        .error = *state->error,
    };

    snprintf(event.text, sizeof(event.text), "%s", state->host);
    note(owner, &event);
}

static const struct link_owner OWNER = {
    .plan = plan,
    .step_done = step_done,
    .step_failed = step_failed,
    .ready = ready,
    .lost = lost,
    .method = take_method,
    .content = take_content,
    .gather = gather,
    .sent = sent,
    .turn = turn,
    .due_us = due_us,
    .leisure_us = leisure_us,
    .state = take_state,
};

struct probe *probe_new(const struct probe_options *options)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;

    assert_non_null(probe);
    probe->events = calloc(EVENTS_MAX, sizeof(*probe->events));
    assert_non_null(probe->events);
    /* Memory that nobody touches costs nothing. */
    assert_non_null(text_reserve(&probe->wire, WIRE_MAX));
    probe->options = *options;
    probe->options.connection.size = sizeof(options->connection);
    pthread_mutex_init(&probe->lock, NULL);
    condition_init(&probe->changed);
    if (amqpext__endpoint_make(options->url, &probe->options.connection, &endpoint, &error) !=
        AMQPEXT_OK)
        fail_msg("%s", error.message);
    assert_int_equal(amqpext__link_new(&endpoint, &OWNER, probe, &probe->link, &error), AMQPEXT_OK);
    return probe;
}

struct probe *probe_start(const struct probe_options *options)
{
    struct probe *probe = probe_new(options);

    assert_int_equal(amqpext__link_start(probe->link, NULL), AMQPEXT_OK);
    return probe;
}

struct link *probe_link(struct probe *probe)
{
    return probe->link;
}

struct amqpext_connection_stats probe_stats(struct probe *probe)
{
    struct amqpext_connection_stats stats;

    amqpext__link_stats(probe->link, &stats);
    return stats;
}

unsigned long probe_turns(struct probe *probe)
{
    unsigned long turns;

    pthread_mutex_lock(&probe->lock);
    turns = probe->turns;
    pthread_mutex_unlock(&probe->lock);
    return turns;
}

void probe_free(struct probe *probe)
{
    if (!probe->is_finished && amqpext__link_is_started(probe->link))
        probe_finish(probe, 1000);
    amqpext__link_free(probe->link);
    pthread_cond_destroy(&probe->changed);
    pthread_mutex_destroy(&probe->lock);
    text_free(&probe->wire);
    free(probe->events);
    free(probe);
}

static size_t count(struct probe *probe, enum probe_kind kind, enum amqpext_state state, size_t n,
                    struct probe_event *out)
{
    size_t found = 0, i;

    for (i = 0; i < probe->n_events; i++) {
        if (probe->events[i].kind != kind || (state != 0 && probe->events[i].state != state))
            continue;
        if (++found == n)
            *out = probe->events[i];
    }
    return found;
}

static void show(struct probe *probe)
{
    size_t i;

    for (i = 0; i < probe->n_events; i++) {
        const struct probe_event *event = &probe->events[i];

        print_message("# %zu: kind %d mark %d epoch %u method %d state %d retry %u %s %s\n", i,
                      event->kind, event->mark, (unsigned)event->epoch, event->method, event->state,
                      event->retry_in_ms, event->text, event->error.message);
    }
}

static struct probe_event wait_for(struct probe *probe, enum probe_kind kind,
                                   enum amqpext_state state, size_t n)
{
    const uint64_t deadline_us = monotonic_us() + PROBE_PATIENCE_S * UINT64_C(1000000);
    struct probe_event event = {.kind = kind};
    bool is_there;

    pthread_mutex_lock(&probe->lock);
    while (!(is_there = count(probe, kind, state, n, &event) >= n) &&
           condition_wait(&probe->changed, &probe->lock, deadline_us))
        continue;
    pthread_mutex_unlock(&probe->lock);
    if (!is_there) {
        show(probe);
        fail_msg("event %d, state %d, did not come %zu times", kind, state, n);
    }
    return event;
}

struct probe_event probe_wait(struct probe *probe, enum probe_kind kind, size_t n)
{
    return wait_for(probe, kind, 0, n);
}

struct probe_event probe_wait_state(struct probe *probe, enum amqpext_state state, size_t n)
{
    return wait_for(probe, PROBE_STATE, state, n);
}

size_t probe_count(struct probe *probe, enum probe_kind kind)
{
    struct probe_event event;
    size_t n;

    pthread_mutex_lock(&probe->lock);
    n = count(probe, kind, 0, 0, &event);
    pthread_mutex_unlock(&probe->lock);
    return n;
}

size_t probe_count_state(struct probe *probe, enum amqpext_state state)
{
    struct probe_event event;
    size_t n;

    pthread_mutex_lock(&probe->lock);
    n = count(probe, PROBE_STATE, state, 0, &event);
    pthread_mutex_unlock(&probe->lock);
    return n;
}

void probe_publish(struct probe *probe, size_t size)
{
    char *body = calloc(1, size + 1);
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct publish publish = {.exchange = "", .routing_key = "key", .properties = &properties};
    size_t room;

    assert_non_null(body);
    memset(body, 'x', size);
    publish.body = body;
    publish.body_size = size;
    room = amqpext__publish_size(&publish, FRAME_MAX);
    pthread_mutex_lock(&probe->lock);
    /* What is being sent must stay where it is. */
    assert_true(probe->n_messages < MESSAGES_MAX);
    assert_true(room <= probe->wire.capacity - probe->wire.size);
    probe->wire.size += amqpext__publish_write(probe->wire.data + probe->wire.size, room,
                                               LINK_CHANNEL, &publish, FRAME_MAX);
    probe->ends[probe->n_messages++] = probe->wire.size;
    pthread_mutex_unlock(&probe->lock);
    free(body);
    amqpext__link_wake(probe->link);
}

void probe_wait_sent(struct probe *probe)
{
    const uint64_t deadline_us = monotonic_us() + PROBE_PATIENCE_S * UINT64_C(1000000);
    bool is_in_time = true, is_sent;

    pthread_mutex_lock(&probe->lock);
    while (probe->first != probe->n_messages && is_in_time)
        is_in_time = condition_wait(&probe->changed, &probe->lock, deadline_us);
    is_sent = probe->first == probe->n_messages;
    pthread_mutex_unlock(&probe->lock);
    assert_true(is_sent);
}

void probe_run(struct probe *probe, void (*run)(struct probe *probe, void *data), void *data)
{
    const uint64_t deadline_us = monotonic_us() + PROBE_PATIENCE_S * UINT64_C(1000000);
    bool is_in_time = true;

    pthread_mutex_lock(&probe->lock);
    probe->run = run;
    probe->run_data = data;
    pthread_mutex_unlock(&probe->lock);
    amqpext__link_wake(probe->link);
    pthread_mutex_lock(&probe->lock);
    while (probe->run != NULL && is_in_time)
        is_in_time = condition_wait(&probe->changed, &probe->lock, deadline_us);
    pthread_mutex_unlock(&probe->lock);
    assert_true(is_in_time);
}

static void finish(struct probe *probe, void *data)
{
    amqpext__link_finish(probe->link, *(unsigned *)data);
}

void probe_finish(struct probe *probe, unsigned linger_ms)
{
    probe->is_finished = true;
    probe_run(probe, finish, &linger_ms);
    amqpext__link_join(probe->link);
}
