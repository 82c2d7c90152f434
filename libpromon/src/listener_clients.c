/*
 * Listener clients: a list with a deadline each, and a thread that looks at it once a second while
 * there are any.
 *
 * The timeout of the server underneath begins anew with each byte, so that a client that sends one
 * now and then would hold its connection for ever. Here a request has to be complete within the
 * timeout since the connection, or the answer before it; and an answer has to be read at a least
 * rate. Who is late is shut down, which the server sees as the end of the connection.
 */
#include "listener_clients.h"

#include <promon/cell.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "thread.h"

#define SECOND_NS INT64_C(1000000000)
/* Slower than any line on which somebody would scrape. */
#define LEAST_BYTES_PER_S 4096

struct promon__clients {
    int64_t timeout_ns;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* one has come, an answer has ended, or it is over */
    struct promon__client *first;
    unsigned answers; /* under way */
    bool is_over;
};

static void cut_late_ones(struct promon__clients *clients, int64_t now_ns)
{
    struct promon__client *client;

    for (client = clients->first; client != NULL; client = client->next) {
        if (now_ns > client->deadline_ns)
            (void)shutdown(client->fd, SHUT_RDWR);
    }
}

static void wait_until(struct promon__clients *clients, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(until_ns / SECOND_NS),
                                   .tv_nsec = (long)(until_ns % SECOND_NS)};

    (void)pthread_cond_timedwait(&clients->changed, &clients->lock, &until);
}

static void *watch(void *data)
{
    struct promon__clients *clients = data;

    pthread_setname_np(pthread_self(), "promon-listen");
    pthread_mutex_lock(&clients->lock);
    while (!clients->is_over) {
        const int64_t next_ns = promon_now_ns() + SECOND_NS;

        if (clients->first == NULL)
            pthread_cond_wait(&clients->changed, &clients->lock);
        while (!clients->is_over && promon_now_ns() < next_ns)
            wait_until(clients, next_ns);
        cut_late_ones(clients, promon_now_ns());
    }
    pthread_mutex_unlock(&clients->lock);
    return NULL;
}

static void destroy(struct promon__clients *clients)
{
    pthread_cond_destroy(&clients->changed);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}

enum promon_status promon__clients_new(unsigned timeout_s, struct promon__clients **out,
                                       struct promon_error *error)
{
    struct promon__clients *clients = calloc(1, sizeof(*clients));
    enum promon_status status;

    if (clients == NULL)
        return promon__fail_memory(error);
    clients->timeout_ns = timeout_s * SECOND_NS;
    pthread_mutex_init(&clients->lock, NULL);
    promon__condition_init(&clients->changed);
    status = promon__thread_start(&clients->thread, watch, clients, error);
    if (status == PROMON_OK)
        *out = clients;
    else
        destroy(clients);
    return status;
}

void promon__clients_free(struct promon__clients *clients)
{
    if (clients == NULL)
        return;
    pthread_mutex_lock(&clients->lock);
    clients->is_over = true;
    pthread_cond_broadcast(&clients->changed);
    pthread_mutex_unlock(&clients->lock);
    pthread_join(clients->thread, NULL);
    destroy(clients);
}

struct promon__client *promon__clients_enter(struct promon__clients *clients, int fd)
{
    struct promon__client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->fd = fd;
    client->page = (struct promon_page)PROMON_PAGE_INIT;
    client->deadline_ns = promon_now_ns() + clients->timeout_ns;
    pthread_mutex_lock(&clients->lock);
    client->next = clients->first;
    if (client->next != NULL)
        client->next->previous = client;
    else
        pthread_cond_broadcast(&clients->changed);
    clients->first = client;
    pthread_mutex_unlock(&clients->lock);
    return client;
}

void promon__clients_begin(struct promon__clients *clients, struct promon__client *client,
                           size_t size)
{
    pthread_mutex_lock(&clients->lock);
    client->deadline_ns =
        promon_now_ns() + clients->timeout_ns + (int64_t)(size / LEAST_BYTES_PER_S) * SECOND_NS;
    clients->answers += !client->is_answered;
    client->is_answered = true;
    pthread_mutex_unlock(&clients->lock);
}

/* With the lock. */
static void end_answer(struct promon__clients *clients, struct promon__client *client)
{
    if (!client->is_answered)
        return;
    client->is_answered = false;
    if (--clients->answers == 0)
        pthread_cond_broadcast(&clients->changed);
}

void promon__clients_end(struct promon__clients *clients, struct promon__client *client)
{
    pthread_mutex_lock(&clients->lock);
    client->deadline_ns = promon_now_ns() + clients->timeout_ns;
    end_answer(clients, client);
    pthread_mutex_unlock(&clients->lock);
}

void promon__clients_leave(struct promon__clients *clients, struct promon__client *client)
{
    pthread_mutex_lock(&clients->lock);
    end_answer(clients, client);
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        clients->first = client->next;
    pthread_mutex_unlock(&clients->lock);
    promon_page_clear(&client->page);
    free(client);
}

void promon__clients_drain(struct promon__clients *clients, int64_t longest_ns)
{
    const int64_t until_ns = promon_now_ns() + longest_ns;

    pthread_mutex_lock(&clients->lock);
    while (clients->answers != 0 && promon_now_ns() < until_ns)
        wait_until(clients, until_ns);
    pthread_mutex_unlock(&clients->lock);
}

void promon__clients_after_fork(struct promon__clients *clients)
{
    const struct promon__client *client;

    /* Somebody may have been changing the list. */
    if (pthread_mutex_trylock(&clients->lock) != 0)
        return;
    for (client = clients->first; client != NULL; client = client->next)
        (void)close(client->fd);
}
