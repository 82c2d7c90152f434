/* The thread of the fake broker: one poll() over the listener and all connections. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/fake_internal.h"
#include "support/loopback.h"

enum { READ_SIZE = 65536, LONGEST_WAIT_MS = 1000, POOL_PAGE = 65536 };

uint64_t fake_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void fake_lock(struct fake_broker *broker)
{
    pthread_mutex_lock(&broker->lock);
}

void fake_unlock(struct fake_broker *broker)
{
    pthread_mutex_unlock(&broker->lock);
}

void fake_wake(struct fake_broker *broker)
{
    const uint64_t one = 1;

    if (write(broker->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
        abort();
}

struct fake_connection *fake_connection(struct fake_broker *broker, unsigned number)
{
    struct fake_connection *found = NULL;
    size_t i;

    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++) {
        struct fake_connection *connection = &broker->connections[i];

        if (connection->fd < 0 || connection->ends_by_reset)
            continue;
        if (number == 0 ? found == NULL || connection->number > found->number
                        : connection->number == number)
            found = connection;
    }
    return found;
}

static void end_connection(struct fake_broker *broker, struct fake_connection *connection)
{
    size_t i;

    if (connection->ends_by_reset)
        loopback_reset(connection->fd);
    else
        close(connection->fd);
    connection->fd = -1;
    buffer_free(&connection->input);
    buffer_free(&connection->output);
    for (i = 0; i < FAKE_CHANNELS_MAX; i++)
        fake_channel_reset(&connection->channels[i]);
    pthread_cond_broadcast(&broker->received);
}

static struct fake_connection *free_place(struct fake_broker *broker)
{
    size_t i;

    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++) {
        if (broker->connections[i].fd < 0)
            return &broker->connections[i];
    }
    return NULL;
}

static void accept_one(struct fake_broker *broker)
{
    const int fd = loopback_accept(broker->listener);
    struct fake_connection *connection = fd < 0 ? NULL : free_place(broker);

    if (connection == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    *connection = (struct fake_connection){
        .fd = fd, .number = ++broker->n_connections, .frame_max = 131072, .sent_us = fake_now_us()};
    fake_note(broker, connection, FAKE_ACCEPTED);
}

static void read_some(struct fake_broker *broker, struct fake_connection *connection)
{
    const ssize_t n =
        recv(connection->fd, buffer_room(&connection->input, READ_SIZE), READ_SIZE, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        connection->input.size += (size_t)n;
        fake_take_input(broker, connection);
        return;
    }
    connection->has_ended_input = true;
    fake_note(broker, connection, FAKE_GONE);
    end_connection(broker, connection);
}

/* How much of the output may be sent now; sets *due_us when more may be later. */
static size_t sendable(const struct fake_broker *broker, const struct fake_connection *connection,
                       uint64_t now_us, uint64_t *due_us)
{
    size_t size = connection->output.size;

    if (size == 0 || broker->stops_writing || connection->is_half_closed)
        return 0;
    if (now_us < connection->held_until_us) {
        if (connection->held_until_us < *due_us)
            *due_us = connection->held_until_us;
        return 0;
    }
    if (broker->trickle_bytes != 0 && size > broker->trickle_bytes)
        size = broker->trickle_bytes;
    return size;
}

static void write_some(struct fake_broker *broker, struct fake_connection *connection)
{
    uint64_t due_us = UINT64_MAX;
    const uint64_t now_us = fake_now_us();
    const size_t size = sendable(broker, connection, now_us, &due_us);
    ssize_t n = 0;

    if (size != 0)
        n = send(connection->fd, connection->output.data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        buffer_take(&connection->output, (size_t)n);
        connection->sent_us = now_us;
        if (broker->trickle_bytes != 0)
            connection->held_until_us = now_us + (uint64_t)broker->trickle_ms * 1000;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        fake_note(broker, connection, FAKE_GONE);
        end_connection(broker, connection);
        return;
    }
    if (connection->ends_when_sent && connection->output.size == 0)
        end_connection(broker, connection);
}

static void beat(struct fake_broker *broker, struct fake_connection *connection, uint64_t *due_us)
{
    const uint64_t next_us = connection->sent_us + (uint64_t)connection->heartbeat_s * 500000;
    const uint64_t now_us = fake_now_us();

    if (connection->heartbeat_s == 0 || broker->stops_heartbeats || broker->stops_writing ||
        broker->options.keeps_silent || connection->is_closing)
        return;
    if (next_us <= now_us) {
        connection->sent_us = now_us;
        fake_put_frame(broker, connection, 8, 0, NULL, 0);
    } else if (next_us < *due_us) {
        *due_us = next_us;
    }
}

static short wanted(const struct fake_broker *broker, struct fake_connection *connection,
                    uint64_t *due_us)
{
    short events = 0;

    if (!broker->stops_reading && !connection->has_ended_input)
        events |= POLLIN;
    if (sendable(broker, connection, fake_now_us(), due_us) != 0 ||
        (connection->ends_when_sent && connection->output.size == 0))
        events |= POLLOUT;
    return events;
}

/* Fills `events`: wake, listener, connections; returns for how many milliseconds to wait. */
static int prepare(struct fake_broker *broker, struct pollfd *events)
{
    uint64_t due_us = UINT64_MAX, now_us;
    size_t i;

    events[0] = (struct pollfd){.fd = broker->wake, .events = POLLIN};
    events[1].fd = broker->refuses_connections ? -1 : broker->listener;
    events[1].events = POLLIN;
    events[1].revents = 0;
    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++) {
        struct fake_connection *connection = &broker->connections[i];

        events[2 + i] = (struct pollfd){.fd = connection->fd};
        if (connection->fd < 0)
            continue;
        beat(broker, connection, &due_us);
        events[2 + i].events = wanted(broker, connection, &due_us);
        /* Nothing wanted, yet an error would be reported again and again. */
        if (events[2 + i].events == 0)
            events[2 + i].fd = -1;
    }
    now_us = fake_now_us();
    if (due_us >= now_us + LONGEST_WAIT_MS * 1000)
        return LONGEST_WAIT_MS;
    return due_us <= now_us ? 0 : (int)((due_us - now_us) / 1000) + 1;
}

static void handle(struct fake_broker *broker, const struct pollfd *events)
{
    uint64_t woken;
    size_t i;

    if (events[0].revents != 0 && read(broker->wake, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
        abort();
    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++) {
        struct fake_connection *connection = &broker->connections[i];
        const struct pollfd *event = &events[2 + i];

        if (connection->fd >= 0 && connection->ends_by_reset)
            end_connection(broker, connection);
        if (event->revents != 0 && connection->fd == event->fd && connection->fd >= 0 &&
            !broker->stops_reading && (event->revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            read_some(broker, connection);
        if (connection->fd >= 0)
            write_some(broker, connection);
    }
    if (events[1].revents != 0 && !broker->refuses_connections)
        accept_one(broker);
}

static void *run(void *data)
{
    struct fake_broker *broker = data;
    struct pollfd events[2 + FAKE_CONNECTIONS_MAX];
    bool is_stopping = false;
    int wait_ms;

    while (!is_stopping) {
        fake_lock(broker);
        wait_ms = prepare(broker, events);
        fake_unlock(broker);
        if (poll(events, 2 + FAKE_CONNECTIONS_MAX, wait_ms) < 0 && errno != EINTR)
            abort();
        fake_lock(broker);
        handle(broker, events);
        is_stopping = broker->is_stopping;
        fake_unlock(broker);
    }
    return NULL;
}

static void make_locks(struct fake_broker *broker)
{
    pthread_mutexattr_t recursive;
    pthread_condattr_t monotonic;

    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&broker->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&broker->received, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct fake_broker *fake_broker_new(const struct fake_broker_options *options)
{
    struct fake_broker *broker = hidden_memory(sizeof(*broker));
    size_t i;

    if (options != NULL)
        broker->options = *options;
    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++)
        broker->connections[i].fd = -1;
    make_locks(broker);
    init_amqp_pool(&broker->pool, POOL_PAGE);
    broker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    broker->listener = loopback_listen(&broker->port);
    snprintf(broker->url, sizeof(broker->url), "amqp://guest:guest@127.0.0.1:%u/",
             (unsigned)broker->port);
    if (broker->wake < 0 || pthread_create(&broker->thread, NULL, run, broker) != 0)
        abort();
    return broker;
}

void fake_broker_free(struct fake_broker *broker)
{
    size_t i;

    if (broker == NULL)
        return;
    fake_lock(broker);
    broker->is_stopping = true;
    fake_wake(broker);
    fake_unlock(broker);
    pthread_join(broker->thread, NULL);
    for (i = 0; i < FAKE_CONNECTIONS_MAX; i++) {
        if (broker->connections[i].fd >= 0)
            end_connection(broker, &broker->connections[i]);
    }
    close(broker->listener);
    close(broker->wake);
    buffer_free(&broker->transcript);
    empty_amqp_pool(&broker->pool);
    pthread_cond_destroy(&broker->received);
    pthread_mutex_destroy(&broker->lock);
    free(broker);
}

uint16_t fake_broker_port(const struct fake_broker *broker)
{
    return broker->port;
}

const char *fake_broker_url(const struct fake_broker *broker)
{
    return broker->url;
}

static struct fake_rule *make_rule(struct fake_broker *broker, amqp_method_number_t method)
{
    size_t i;

    for (i = 0; i < FAKE_RULES_MAX; i++) {
        if (broker->rules[i].method == method || broker->rules[i].method == 0) {
            broker->rules[i].method = method;
            return &broker->rules[i];
        }
    }
    abort();
}

void fake_broker_ignore(struct fake_broker *broker, amqp_method_number_t method, bool ignored)
{
    fake_lock(broker);
    make_rule(broker, method)->ignored = ignored;
    fake_unlock(broker);
}

void fake_broker_refuse(struct fake_broker *broker, amqp_method_number_t method, uint16_t code,
                        const char *text, unsigned times)
{
    struct fake_rule *rule;

    fake_lock(broker);
    rule = make_rule(broker, method);
    rule->code = code;
    rule->times = times;
    snprintf(rule->text, sizeof(rule->text), "%s", text);
    fake_unlock(broker);
}

static void set_flag(struct fake_broker *broker, bool *flag, bool value)
{
    fake_lock(broker);
    *flag = value;
    fake_wake(broker);
    fake_unlock(broker);
}

void fake_broker_confirm_by_itself(struct fake_broker *broker, bool confirms)
{
    set_flag(broker, &broker->leaves_confirms, !confirms);
}

void fake_broker_stop_reading(struct fake_broker *broker, bool stopped)
{
    set_flag(broker, &broker->stops_reading, stopped);
}

void fake_broker_stop_writing(struct fake_broker *broker, bool stopped)
{
    set_flag(broker, &broker->stops_writing, stopped);
}

void fake_broker_send_heartbeats(struct fake_broker *broker, bool sends)
{
    set_flag(broker, &broker->stops_heartbeats, !sends);
}

void fake_broker_delay(struct fake_broker *broker, unsigned ms)
{
    fake_lock(broker);
    broker->delay_ms = ms;
    fake_unlock(broker);
}

void fake_broker_trickle(struct fake_broker *broker, size_t bytes, unsigned ms)
{
    fake_lock(broker);
    broker->trickle_bytes = bytes;
    broker->trickle_ms = ms;
    fake_wake(broker);
    fake_unlock(broker);
}

void fake_broker_refuse_connections(struct fake_broker *broker, bool refuses)
{
    fake_lock(broker);
    if (refuses && !broker->refuses_connections)
        loopback_refuse(broker->listener);
    else if (!refuses && broker->refuses_connections)
        loopback_resume(broker->listener);
    broker->refuses_connections = refuses;
    fake_wake(broker);
    fake_unlock(broker);
}

bool fake_broker_drop(struct fake_broker *broker, unsigned connection, enum fake_drop how)
{
    struct fake_connection *found;

    fake_lock(broker);
    found = fake_connection(broker, connection);
    if (found != NULL && how == FAKE_DROP_RESET) {
        found->ends_by_reset = true;
    } else if (found != NULL && how == FAKE_DROP_HALF) {
        shutdown(found->fd, SHUT_WR);
        found->is_half_closed = true;
    } else if (found != NULL) {
        found->ends_when_sent = true;
    }
    fake_wake(broker);
    fake_unlock(broker);
    return found != NULL;
}
