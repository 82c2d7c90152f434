/* The transcript of the fake broker: what was received, and waiting for it. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "support/fake_internal.h"

static const char *name_of(amqp_method_number_t method)
{
    switch (method) {
    case FAKE_ACCEPTED: return "(accepted)";
    case FAKE_PROTOCOL_HEADER: return "(protocol header)";
    case FAKE_HEARTBEAT: return "(heartbeat)";
    case FAKE_GONE: return "(gone)";
    default: return amqp_method_name(method) == NULL ? "?" : amqp_method_name(method);
    }
}

struct received *fake_received_new(struct fake_broker *broker, const struct fake_connection *from,
                                   uint16_t channel, amqp_method_number_t method)
{
    struct received *received = amqp_pool_alloc(&broker->pool, sizeof(*received));

    if (received == NULL)
        abort();
    *received = (struct received){
        .connection = from->number, .channel = channel, .method = method, .body = ""};
    return received;
}

void fake_received_add(struct fake_broker *broker, struct received *received)
{
    received->time_us = fake_now_us();
    buffer_add(&broker->transcript, &received, sizeof(received));
    pthread_cond_broadcast(&broker->received);
}

void fake_note(struct fake_broker *broker, const struct fake_connection *from,
               amqp_method_number_t method)
{
    fake_received_add(broker, fake_received_new(broker, from, 0, method));
}

void fake_set_fault(struct fake_broker *broker, const struct fake_connection *from,
                    const char *format, ...)
{
    va_list arguments;
    int size;

    if (broker->fault[0] != '\0')
        return;
    size = snprintf(broker->fault, sizeof(broker->fault), "connection %u: ", from->number);
    va_start(arguments, format);
    vsnprintf(broker->fault + size, sizeof(broker->fault) - (size_t)size, format, arguments);
    va_end(arguments);
}

static const struct received *entry(const struct fake_broker *broker, size_t i)
{
    const struct received *received = NULL;

    if ((i + 1) * sizeof(received) <= broker->transcript.size)
        memcpy(&received, broker->transcript.data + i * sizeof(received), sizeof(received));
    return received;
}

static size_t count(const struct fake_broker *broker, amqp_method_number_t method, size_t limit,
                    const struct received **last)
{
    const struct received *received;
    size_t i, n = 0;

    for (i = 0; n < limit && (received = entry(broker, i)) != NULL; i++) {
        if (received->method == method) {
            *last = received;
            n++;
        }
    }
    return n;
}

const struct received *fake_broker_find(struct fake_broker *broker, amqp_method_number_t method,
                                        size_t n)
{
    const struct received *last = NULL;
    size_t found;

    fake_lock(broker);
    found = count(broker, method, n, &last);
    fake_unlock(broker);
    return found == n ? last : NULL;
}

size_t fake_broker_count(struct fake_broker *broker, amqp_method_number_t method)
{
    const struct received *last = NULL;
    size_t found;

    fake_lock(broker);
    found = count(broker, method, SIZE_MAX, &last);
    fake_unlock(broker);
    return found;
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += (long)(ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    return end;
}

/* The n-th of its kind, or NULL when the time is over. */
static const struct received *wait_for(struct fake_broker *broker, amqp_method_number_t method,
                                       size_t n, unsigned ms)
{
    const struct timespec end = in_ms(ms);
    const struct received *last = NULL;
    bool is_there, is_late = false;

    fake_lock(broker);
    while (!(is_there = count(broker, method, n, &last) == n) && !is_late)
        is_late = pthread_cond_timedwait(&broker->received, &broker->lock, &end) == ETIMEDOUT;
    fake_unlock(broker);
    return is_there ? last : NULL;
}

const struct received *fake_broker_wait(struct fake_broker *broker, amqp_method_number_t method,
                                        size_t n)
{
    const struct received *received = wait_for(broker, method, n, FAKE_BROKER_PATIENCE_S * 1000);

    if (received == NULL) {
        fake_broker_show(broker);
        fail_msg("%s did not come %zu times", name_of(method), n);
    }
    return received;
}

bool fake_broker_stays_at(struct fake_broker *broker, amqp_method_number_t method, size_t n,
                          unsigned ms)
{
    return fake_broker_count(broker, method) == n && wait_for(broker, method, n + 1, ms) == NULL;
}

const char *fake_broker_fault(struct fake_broker *broker)
{
    const char *fault;

    fake_lock(broker);
    fault = broker->fault[0] == '\0' ? NULL : broker->fault;
    fake_unlock(broker);
    return fault;
}

size_t fake_broker_outstanding(struct fake_broker *broker, unsigned connection)
{
    struct fake_connection *found;
    size_t i, n = 0;

    fake_lock(broker);
    found = fake_connection(broker, connection);
    for (i = 0; found != NULL && i < FAKE_CHANNELS_MAX; i++)
        n += found->channels[i].outstanding.size / sizeof(uint64_t);
    fake_unlock(broker);
    return n;
}

static void show_one(const struct received *received, uint64_t start_us)
{
    printf("# %8.3f ms  connection %u  channel %u  %s",
           (double)(received->time_us - start_us) / 1e3, received->connection, received->channel,
           name_of(received->method));
    if (received->method == AMQP_BASIC_PUBLISH_METHOD) {
        const amqp_basic_publish_t *publish = received->decoded;

        printf(" exchange '%.*s' key '%.*s' %zu bytes", (int)publish->exchange.len,
               (const char *)publish->exchange.bytes, (int)publish->routing_key.len,
               (const char *)publish->routing_key.bytes, received->body_size);
    } else if (received->method == AMQP_QUEUE_DECLARE_METHOD) {
        const amqp_queue_declare_t *declare = received->decoded;

        printf(" '%.*s'", (int)declare->queue.len, (const char *)declare->queue.bytes);
    }
    printf("\n");
}

void fake_broker_show(struct fake_broker *broker)
{
    const struct received *received;
    size_t i;

    fake_lock(broker);
    for (i = 0; (received = entry(broker, i)) != NULL; i++)
        show_one(received, entry(broker, 0)->time_us);
    if (broker->fault[0] != '\0')
        printf("# fault: %s\n", broker->fault);
    fake_unlock(broker);
}

bool fake_bytes_are(amqp_bytes_t bytes, const char *text)
{
    return bytes.len == strlen(text) &&
           (bytes.len == 0 || memcmp(bytes.bytes, text, bytes.len) == 0);
}

const amqp_field_value_t *fake_table_get(const amqp_table_t *table, const char *name)
{
    int i;

    for (i = 0; i < table->num_entries; i++) {
        if (fake_bytes_are(table->entries[i].key, name))
            return &table->entries[i].value;
    }
    return NULL;
}
