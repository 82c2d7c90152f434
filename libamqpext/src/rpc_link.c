/*
 * The RPC client on its I/O thread.
 *
 * Invariant: a call is in `incoming`, or under way (in the list and its bucket), or over; its
 * request is in the queue while it is under way and not sent.
 */
#include <string.h>

#include "clock.h"
#include "error.h"
#include "plan.h"
#include "rpc_client.h"

/* Time for the goodbye to the broker; no call depends on it. */
enum { LINGER_MS = 500 };

static enum amqpext_status write_plan(void *owner, const struct broker *broker, struct plan *plan,
                                      struct amqpext_error *error)
{
    const struct consume consume = {
        .queue = "amq.rabbitmq.reply-to", .consumer_tag = "", .no_ack = true};

    (void)owner;
    (void)broker;
    (void)error;
    amqpext__plan_consume(plan, &consume, 1);
    return AMQPEXT_OK;
}

static struct rpc_call **bucket_of(struct amqpext_rpc_client *client, uint64_t number)
{
    return &client->buckets[number & (client->n_buckets - 1)];
}

static void add(struct amqpext_rpc_client *client, struct rpc_call *call)
{
    struct rpc_call **bucket = bucket_of(client, call->number);

    call->next = NULL;
    call->previous = client->last;
    if (client->last == NULL)
        client->first = call;
    else
        client->last->next = call;
    client->last = call;
    call->next_in_bucket = *bucket;
    *bucket = call;
    if (call->deadline_us < client->due_us)
        client->due_us = call->deadline_us;
}

static void take_out(struct amqpext_rpc_client *client, struct rpc_call *call)
{
    struct rpc_call **at = bucket_of(client, call->number);

    while (*at != call)
        at = &(*at)->next_in_bucket;
    *at = call->next_in_bucket;
    if (call->previous == NULL)
        client->first = call->next;
    else
        call->previous->next = call->next;
    if (call->next == NULL)
        client->last = call->previous;
    else
        call->next->previous = call->previous;
}

static void count(struct amqpext_rpc_client *client, const struct rpc_call *call)
{
    struct amqpext_rpc_stats *figures = &client->figures;

    switch (call->error.status) {
    case AMQPEXT_OK: figures->replies++; break;
    case AMQPEXT_EREMOTE: figures->errors++; break;
    case AMQPEXT_ERETURNED: figures->returned++; break;
    case AMQPEXT_ETIMEDOUT: figures->timeouts++; break;
    case AMQPEXT_ECONNECTION: figures->lost++; break;
    default: break;
    }
}

/* Its outcome is known. */
static void conclude(struct amqpext_rpc_client *client, struct rpc_call *call)
{
    bool is_waited_for;

    take_out(client, call);
    if (call->request != NULL)
        amqpext__rpc_queue_forget(&client->queue, call->request);
    pthread_mutex_lock(&client->lock);
    count(client, call);
    is_waited_for = call->is_waited_for;
    if (is_waited_for) {
        call->is_over = true;
        pthread_cond_signal(&call->over);
    }
    pthread_mutex_unlock(&client->lock);
    if (!is_waited_for)
        amqpext__jobs_post(client->jobs, &call->job);
}

static void conclude_with(struct amqpext_rpc_client *client, struct rpc_call *call,
                          const struct amqpext_error *error)
{
    (void)amqpext__fail_copy(&call->error, error);
    conclude(client, call);
}

/* Puts a call's request into the queue, as this connection wants it. */
static void fit(struct amqpext_rpc_client *client, struct rpc_call *call)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const uint32_t frame_max = amqpext__link_broker(client->link)->frame_max;

    if (call->request != NULL &&
        amqpext__rpc_request_fit(call->request, frame_max, &error) != AMQPEXT_OK)
        conclude_with(client, call, &error);
}

static void ready(void *owner, uint64_t epoch)
{
    struct amqpext_rpc_client *client = owner;
    struct rpc_call *call;
    struct rpc_call *next;

    (void)epoch;
    client->has_epoch = true;
    for (call = client->first; call != NULL; call = next) {
        next = call->next;
        fit(client, call);
    }
}

/* What was sent may have been carried out; what was not is sent on the next connection. */
static void lost(void *owner, const struct amqpext_error *error, bool is_channel_only)
{
    struct amqpext_rpc_client *client = owner;
    struct amqpext_error own = AMQPEXT_ERROR_INIT;
    struct rpc_call *call;
    struct rpc_call *next;

    if (is_channel_only)
        own = *error;
    else
        amqpext__fail(&own, AMQPEXT_ECONNECTION, "lost with the call under way: %s",
                      error->message);
    client->has_epoch = false;
    amqpext__rpc_queue_lost(&client->queue);
    for (call = client->first; call != NULL; call = next) {
        next = call->next;
        if (call->is_sent)
            conclude_with(client, call, &own);
    }
}

static bool method(void *owner, const struct method *method)
{
    struct amqpext_rpc_client *client = owner;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (method->kind != METHOD_BASIC_CANCEL)
        return false;
    amqpext__fail(&error, AMQPEXT_ECONNECTION, "the broker takes no replies for us any more");
    amqpext__link_reopen(client->link, &error);
    return true;
}

static struct rpc_call *find(struct amqpext_rpc_client *client, const char *correlation_id)
{
    const uint64_t number = amqpext__rpc_number(correlation_id);
    struct rpc_call *call = number == 0 ? NULL : *bucket_of(client, number);

    while (call != NULL && call->number != number)
        call = call->next_in_bucket;
    return call;
}

static void note_error(struct rpc_call *call, const struct content *content)
{
    const struct method *method = &content->method;
    const char *remote = amqpext_table_text(content->properties.headers, HEADER_ERROR);

    if (method->kind == METHOD_BASIC_RETURN)
        amqpext__fail_reply(&call->error, AMQPEXT_ERETURNED, method->as.returned.reply_code,
                            "nobody serves '%.*s': %.*s", (int)method->as.returned.routing_key.size,
                            method->as.returned.routing_key.data,
                            (int)method->as.returned.reply_text.size,
                            method->as.returned.reply_text.data);
    else if (remote != NULL)
        amqpext__fail(&call->error, AMQPEXT_EREMOTE, "%s", remote);
    else if (content->body == NULL)
        amqpext__fail(&call->error, AMQPEXT_ETOOLARGE,
                      "the reply has %zu bytes, more than max_message_bytes", content->body_size);
}

static void count_late(struct amqpext_rpc_client *client, const struct content *content)
{
    if (content->method.kind != METHOD_BASIC_DELIVER)
        return;
    pthread_mutex_lock(&client->lock);
    client->figures.late++;
    pthread_mutex_unlock(&client->lock);
}

/* A reply, or a request that came back. */
static bool content(void *owner, struct content *content)
{
    struct amqpext_rpc_client *client = owner;
    struct rpc_call *call = find(client, content->properties.correlation_id);

    if (call == NULL) {
        count_late(client, content);
        amqpext__content_free(content);
        return true;
    }
    note_error(call, content);
    if (content->method.kind == METHOD_BASIC_DELIVER)
        call->content = content;
    else
        amqpext__content_free(content);
    conclude(client, call);
    return true;
}

static bool too_large(void *owner, const struct content *content)
{
    struct amqpext_rpc_client *client = owner;
    struct rpc_call *call = find(client, content->properties.correlation_id);

    if (call == NULL) {
        count_late(client, content);
        return true;
    }
    note_error(call, content);
    conclude(client, call);
    return true;
}

static unsigned gather(void *owner, struct iovec *pieces, unsigned max)
{
    struct amqpext_rpc_client *client = owner;

    return amqpext__rpc_queue_gather(&client->queue, pieces, max);
}

static size_t sent(void *owner, size_t n)
{
    struct amqpext_rpc_client *client = owner;

    return amqpext__rpc_queue_sent(&client->queue, n);
}

/* Calls that programs have made meanwhile. */
static void take_in(struct amqpext_rpc_client *client)
{
    struct rpc_call *call;
    struct rpc_call *next;

    pthread_mutex_lock(&client->lock);
    call = client->incoming_first;
    client->incoming_first = client->incoming_last = NULL;
    pthread_mutex_unlock(&client->lock);
    for (; call != NULL; call = next) {
        next = call->next;
        add(client, call);
        amqpext__rpc_queue_add(&client->queue, call->request);
        if (client->has_epoch)
            fit(client, call);
    }
}

static void fail_late(struct amqpext_rpc_client *client, struct rpc_call *call)
{
    struct amqpext_error why;

    pthread_mutex_lock(&client->lock);
    why = client->last_error;
    pthread_mutex_unlock(&client->lock);
    if (why.status == AMQPEXT_OK || call->is_sent)
        amqpext__fail(&call->error, AMQPEXT_ETIMEDOUT, "no reply after %u ms", call->timeout_ms);
    else
        amqpext__fail(&call->error, AMQPEXT_ETIMEDOUT, "not sent in %u ms: %s", call->timeout_ms,
                      why.message);
    conclude(client, call);
}

/* Looks at all calls, at most as often as one of them may be late. */
static void expire(struct amqpext_rpc_client *client, uint64_t now_us)
{
    struct rpc_call *call;
    struct rpc_call *next;
    uint64_t due_us = NEVER;

    if (now_us < client->due_us)
        return;
    client->due_us = NEVER;
    for (call = client->first; call != NULL; call = next) {
        next = call->next;
        if (call->deadline_us <= now_us)
            fail_late(client, call);
        else if (call->deadline_us < due_us)
            due_us = call->deadline_us;
    }
    if (due_us < client->due_us)
        client->due_us = due_us;
}

static void finish(struct amqpext_rpc_client *client)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, AMQPEXT_ECANCELLED, "the client is closing");
    while (client->first != NULL)
        conclude_with(client, client->first, &error);
    client->is_finished = true;
    amqpext__link_finish(client->link, LINGER_MS);
}

static void turn(void *owner, uint64_t now_us)
{
    struct amqpext_rpc_client *client = owner;
    bool is_closing;

    if (client->is_finished)
        return;
    pthread_mutex_lock(&client->lock);
    is_closing = client->is_closing;
    pthread_mutex_unlock(&client->lock);
    take_in(client);
    expire(client, now_us);
    if (is_closing)
        finish(client);
}

static uint64_t due(void *owner)
{
    const struct amqpext_rpc_client *client = owner;

    return client->is_finished ? NEVER : client->due_us;
}

static void state(void *owner, const struct amqpext_state_event *event)
{
    struct amqpext_rpc_client *client = owner;

    pthread_mutex_lock(&client->lock);
    if (event->error != NULL && event->error->status != AMQPEXT_OK)
        client->last_error = *event->error;
    else if (event->state == AMQPEXT_STATE_READY)
        memset(&client->last_error, 0, sizeof(client->last_error));
    pthread_mutex_unlock(&client->lock);
    if (amqpext__state_tell(&client->teller, event))
        amqpext__jobs_notify(client->jobs);
}

const struct link_owner amqpext__rpc_owner = {
    .plan = write_plan,
    .ready = ready,
    .lost = lost,
    .method = method,
    .content = content,
    .too_large = too_large,
    .gather = gather,
    .sent = sent,
    .turn = turn,
    .due_us = due,
    .state = state,
};
