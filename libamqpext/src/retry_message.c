/*
 * Messages of a retry engine: a copy of what was received, but for a few headers.
 *
 * Invariant: the body, the message id and all that the broker does not act upon are as received.
 */
#include "retry_message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "table.h"

/* The error structure is filled by the functions of tables. */
struct headers {
    const struct amqpext_table *received; /* where values are taken from: it does not change */
    struct amqpext_table *table;
    enum amqpext_status status; /* the first failure */
    struct amqpext_error *error;
};

static void set(struct headers *headers, const char *name, const struct amqpext_value *value)
{
    if (headers->status == AMQPEXT_OK)
        headers->status = amqpext_table_set(headers->table, name, value, headers->error);
}

/* Nothing for an empty text. */
static void set_text(struct headers *headers, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        amqpext_table_remove(headers->table, name);
    else if (headers->status == AMQPEXT_OK)
        headers->status = amqpext_table_set_text(headers->table, name, text, headers->error);
}

static void set_integer(struct headers *headers, const char *name, int64_t integer)
{
    const struct amqpext_value value = {.kind = AMQPEXT_KIND_INTEGER, .as.integer = integer};

    set(headers, name, &value);
}

static void set_time(struct headers *headers, const char *name, int64_t seconds)
{
    const struct amqpext_value value = {.kind = AMQPEXT_KIND_TIMESTAMP, .as.integer = seconds};

    set(headers, name, &value);
}

/* Moves a header that the broker would act upon out of its way. */
static void rename_header(struct headers *headers, const char *from, const char *to)
{
    const struct amqpext_value *value = amqpext_table_get(headers->received, from);

    if (value == NULL)
        return;
    set(headers, to, value);
    amqpext_table_remove(headers->table, from);
}

static bool has_died_in(const struct amqpext_value *death, const char *queue)
{
    const char *name =
        death->kind == AMQPEXT_KIND_TABLE ? amqpext_table_text(death->as.table, "queue") : NULL;

    return name != NULL && strcmp(name, queue) == 0;
}

/*
 * A broker before RabbitMQ 4.0 believes the history of deaths that a message brings along, takes
 * one that returns to a queue in which it has expired before for going round in circles, and drops
 * it.
 */
static void forget_deaths_in(struct headers *headers, const char *queue)
{
    const struct amqpext_value *deaths = amqpext_table_get(headers->received, "x-death");
    struct amqpext_value kept = {.kind = AMQPEXT_KIND_ARRAY};
    struct amqpext_value *items;
    size_t i;

    if (deaths == NULL || deaths->kind != AMQPEXT_KIND_ARRAY || deaths->as.array.count == 0)
        return;
    items = calloc(deaths->as.array.count, sizeof(*items));
    if (items == NULL) {
        headers->status = AMQPEXT_ENOMEM;
        return;
    }
    for (i = 0; i < deaths->as.array.count; i++) {
        if (!has_died_in(&deaths->as.array.items[i], queue))
            items[kept.as.array.count++] = deaths->as.array.items[i];
    }
    kept.as.array.items = items;
    set(headers, "x-death", &kept);
    free(items);
}

static int64_t first_seen(const struct amqpext_delivery *delivery)
{
    const uint64_t age_us = delivery->received_us == 0 ? 0 : monotonic_us() - delivery->received_us;

    return (int64_t)time(NULL) - (int64_t)(age_us / 1000000);
}

/* What both kinds have. */
static void add_origin(struct headers *headers, const struct amqpext_delivery *delivery)
{
    const struct amqpext_properties *properties = &delivery->content->properties;

    set_text(headers, HEADER_EXCHANGE, delivery->exchange);
    /* Also an empty one, so that the queue's name is not taken for it. */
    if (delivery->exchange[0] == '\0' && headers->status == AMQPEXT_OK)
        headers->status =
            amqpext_table_set_text(headers->table, HEADER_EXCHANGE, "", headers->error);
    if (headers->status == AMQPEXT_OK)
        headers->status = amqpext_table_set_text(headers->table, HEADER_ROUTING_KEY,
                                                 delivery->routing_key, headers->error);
    set_text(headers, HEADER_REASON, delivery->reason);
    if (amqpext_table_get(headers->table, HEADER_FIRST_SEEN) == NULL)
        set_time(headers, HEADER_FIRST_SEEN, first_seen(delivery));
    if (properties->user_id != NULL)
        set_text(headers, HEADER_USER_ID, properties->user_id);
    if (properties->expiration_ms != 0 && properties->expiration_ms <= INT64_MAX)
        set_integer(headers, HEADER_EXPIRATION, (int64_t)properties->expiration_ms);
    rename_header(headers, "CC", HEADER_CC);
    /* The broker counts for each message anew, and what came along would be counted twice. */
    amqpext_table_remove(headers->table, "x-delivery-count");
    amqpext_table_remove(headers->table, "x-acquired-count");
}

static struct headers begin(const struct amqpext_delivery *delivery, struct amqpext_error *error)
{
    struct headers headers = {.received = delivery->content->properties.headers, .error = error};

    headers.status = amqpext_table_new(&headers.table, error);
    if (headers.status == AMQPEXT_OK)
        headers.status = amqpext__table_merge(headers.table, headers.received, error);
    if (headers.status == AMQPEXT_OK)
        add_origin(&headers, delivery);
    return headers;
}

static enum amqpext_status finish(struct headers *headers, const struct amqpext_delivery *delivery,
                                  uint64_t pause_ms, struct retry_message *out)
{
    if (headers->status != AMQPEXT_OK) {
        amqpext_table_free(headers->table);
        return headers->status;
    }
    out->headers = headers->table;
    out->properties = delivery->content->properties;
    out->properties.size = sizeof(out->properties);
    out->properties.headers = headers->table;
    out->properties.user_id = NULL;
    out->properties.expiration_ms = pause_ms;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__retry_message_again(const struct amqpext_delivery *delivery,
                                                 const char *queue, uint64_t pause_ms,
                                                 struct retry_message *out,
                                                 struct amqpext_error *error)
{
    struct headers headers = begin(delivery, error);

    if (headers.status == AMQPEXT_OK) {
        set_integer(&headers, HEADER_ATTEMPT, (int64_t)delivery->attempt + 1);
        forget_deaths_in(&headers, queue);
    }
    return finish(&headers, delivery, pause_ms, out);
}

enum amqpext_status amqpext__retry_message_dead(const struct amqpext_delivery *delivery,
                                                const char *queue, struct retry_message *out,
                                                struct amqpext_error *error)
{
    struct headers headers = begin(delivery, error);

    if (headers.status == AMQPEXT_OK) {
        set_integer(&headers, HEADER_ATTEMPT, delivery->attempt);
        set_text(&headers, HEADER_QUEUE, queue);
        set_time(&headers, HEADER_DEAD_AT, (int64_t)time(NULL));
    }
    return finish(&headers, delivery, 0, out);
}

void amqpext__retry_message_free(struct retry_message *message)
{
    amqpext_table_free(message->headers);
}
