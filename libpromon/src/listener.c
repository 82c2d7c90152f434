/*
 * Listener: libmicrohttpd with a pool of threads that each have an epoll of their own.
 *
 * Order: start, stop.
 * A request is read in two calls: at the first one its head is complete and may be refused, which
 * closes the connection; at the second one it is answered. The page of a connection serves all of
 * its answers, one after the other, so that a scraper that stays costs no allocation of pages.
 * Invariant: what a peer can make the listener hold is bounded by connections, bytes of a head and
 * time.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "listener_clients.h"
#include "listener_guard.h"

/* Of one connection: it bounds the head of a request and of its answer. */
#define CONNECTION_BYTES ((size_t)16 * 1024)
#define BACKLOG 128
/* How long a stop waits for answers under way. */
#define DRAIN_NS INT64_C(900000000)

struct promon__listener {
    promon__respond_fn respond;
    void *data;
    struct MHD_Daemon *daemon;
    struct promon__clients *clients;
    int fd; /* the daemon's, which closes it */
    unsigned port;
    atomic_bool is_stopping;
};

static struct promon__client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static enum MHD_Result on_accept(void *data, const struct sockaddr *address, socklen_t size)
{
    struct promon__listener *listener = data;

    (void)address;
    (void)size;
    return atomic_load(&listener->is_stopping) ? MHD_NO : MHD_YES;
}

/* Without memory a connection has no client, and its first request ends it. */
static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct promon__listener *listener = data;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = promon__clients_enter(listener->clients, info->connect_fd);
    } else if (*context != NULL) {
        promon__clients_leave(listener->clients, *context);
        *context = NULL;
    }
}

/*
 * Called with the target as it was sent. The query is taken apart by this library alone: ending it
 * here, in the server's own writable buffer, spares the server to do so too.
 */
static void *on_request_line(void *data, const char *target, struct MHD_Connection *connection)
{
    struct promon__client *client = client_of(connection);
    char *query = strchr(target, '?');
    size_t size = strlen(target);

    (void)data;
    if (client == NULL)
        return NULL;
    client->is_head_read = false;
    client->is_target_long = size > PROMON_MAX_HEADER_BYTES;
    if (client->is_target_long)
        size = PROMON_MAX_HEADER_BYTES;
    memcpy(client->target, target, size);
    client->target[size] = '\0';
    if (query != NULL && query[1] != '\0')
        query[1] = '\0';
    return client;
}

static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

/*
 * The value of a field follows its name where both were read, but for one that goes on in another
 * line: libmicrohttpd moves the name of that.
 */
static bool is_continued(const char *name, size_t name_size, const char *value)
{
    const char *rest = name + name_size + 1;

    return (uintptr_t)value < (uintptr_t)rest || rest + strspn(rest, " \t") != value;
}

static enum MHD_Result on_field(void *data, enum MHD_ValueKind kind, const char *name,
                                size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    promon__head_field(data, name, name_size, value == NULL ? "" : value, value_size,
                       value != NULL && is_continued(name, name_size, value));
    return MHD_YES;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return value[0] == '\0' || MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct promon_page *page)
{
    return add_header(response, "Content-Type", page->content_type) &&
           add_header(response, "Content-Encoding", page->content_encoding) &&
           add_header(response, "Allow", page->allow) &&
           add_header(response, "Cache-Control", page->cache_control) &&
           add_header(response, "Vary", page->vary) &&
           add_header(response, "Content-Security-Policy", page->security_policy) &&
           add_header(response, "X-Content-Type-Options", "nosniff");
}

/* Answers with the page, whose body stays where it is until the answer is through. */
static enum MHD_Result send_page(struct promon__listener *listener,
                                 struct MHD_Connection *connection, struct promon__client *client,
                                 bool is_last)
{
    struct promon_page *page = &client->page;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        page->body_size, (void *)(uintptr_t)page->body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    if (add_headers(response, page) && (!is_last || add_header(response, "Connection", "close"))) {
        promon__clients_begin(listener->clients, client, page->body_size);
        result = MHD_queue_response(connection, (unsigned)page->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct promon__listener *listener, struct MHD_Connection *connection,
                              struct promon__client *client, const char *why)
{
    struct promon_page *page = &client->page;

    promon_page_clear(page);
    page->status = client->is_target_long ? 414 : 400;
    page->content_type = "text/plain; charset=utf-8";
    page->body = why;
    page->body_size = strlen(why);
    return send_page(listener, connection, client, true);
}

static enum MHD_Result read_head(struct promon__listener *listener,
                                 struct MHD_Connection *connection, struct promon__client *client,
                                 const char *method, const char *version)
{
    struct promon__head head = {.hosts = 0};
    const char *refusal;

    client->is_head_read = true;
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_field, &head);
    refusal = client->is_target_long ? "the target is too long"
                                     : promon__head_refusal(&head, method, client->target, version);
    return refusal == NULL ? MHD_YES : refuse(listener, connection, client, refusal);
}

static enum MHD_Result answer(struct promon__listener *listener, struct MHD_Connection *connection,
                              struct promon__client *client, const char *method)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    char *query = strchr(client->target, '?');

    if (query != NULL)
        *query++ = '\0';
    request.method = method;
    request.path = client->target;
    request.query = query;
    request.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
    request.accept_encoding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
    promon__clients_begin(listener->clients, client, 0);
    (void)listener->respond(listener->data, &request, &client->page);
    return send_page(listener, connection, client, atomic_load(&listener->is_stopping));
}

static enum MHD_Result on_access(void *data, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **context)
{
    struct promon__client *client = *context;

    (void)url;
    (void)upload;
    if (client == NULL || *upload_size != 0)
        return MHD_NO;
    if (!client->is_head_read)
        return read_head(data, connection, client, method, version);
    return answer(data, connection, client, method);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct promon__listener *listener = data;

    (void)connection;
    (void)code;
    if (*context != NULL)
        promon__clients_end(listener->clients, *context);
    *context = NULL;
}

/* The address is numeric; returns the size of what is filled in. */
static socklen_t fill_address(const struct promon_listen_options *options,
                              struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    const uint16_t port =
        htons(options->port == PROMON_PORT_ANY ? 0 : (uint16_t)(unsigned)options->port);

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, options->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        return sizeof(*v4);
    }
    (void)inet_pton(AF_INET6, options->address, &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    return sizeof(*v6);
}

static enum promon_status fail_listen(const struct promon_listen_options *options, int fd,
                                      struct promon_error *error)
{
    const int number = errno;
    char what[INET6_ADDRSTRLEN + 64];

    snprintf(what, sizeof(what), "cannot listen on address %s, port %d", options->address,
             options->port == PROMON_PORT_ANY ? 0 : options->port);
    if (fd >= 0)
        (void)close(fd);
    return promon__fail_errno(error, PROMON_ELISTEN, number, what);
}

/* An address of IPv6 takes IPv4 too where it is for all ("::"). */
static enum promon_status open_socket(const struct promon_listen_options *options, int *out,
                                      unsigned *port, struct promon_error *error)
{
    struct sockaddr_storage address;
    socklen_t size = fill_address(options, &address);
    const int yes = 1, no = 0;
    const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fail_listen(options, fd, error);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return fail_listen(options, fd, error);
    *port =
        ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
                                            : ((struct sockaddr_in *)(void *)&address)->sin_port);
    *out = fd;
    return PROMON_OK;
}

static struct MHD_Daemon *start_threads(struct promon__listener *listener,
                                        const struct promon_listen_options *options)
{
    const unsigned threads =
        options->threads < options->max_connections ? options->threads : options->max_connections;

    return MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, on_accept, listener,
        on_access, listener, MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_THREAD_POOL_SIZE,
        threads > 1 ? threads : 0U, MHD_OPTION_CONNECTION_LIMIT, options->max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->max_connections_per_ip,
        MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, listener, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, listener, MHD_OPTION_END);
}

/* The server's threads take no signals; its sends raise none. */
static enum promon_status start_daemon(struct promon__listener *listener,
                                       const struct promon_listen_options *options,
                                       struct promon_error *error)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    listener->daemon = start_threads(listener, options);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (listener->daemon != NULL)
        return PROMON_OK;
    (void)close(listener->fd);
    return promon__fail(error, PROMON_ERESOURCES, "the threads of the listener cannot be started");
}

enum promon_status promon__listener_start(const struct promon_listen_options *options,
                                          promon__respond_fn respond, void *data,
                                          struct promon__listener **out, struct promon_error *error)
{
    struct promon__listener *listener = calloc(1, sizeof(*listener));
    enum promon_status status;

    if (listener == NULL)
        return promon__fail_memory(error);
    listener->fd = -1;
    listener->respond = respond;
    listener->data = data;
    status = promon__clients_new(options->idle_timeout_s, &listener->clients, error);
    if (status == PROMON_OK)
        status = open_socket(options, &listener->fd, &listener->port, error);
    if (status == PROMON_OK)
        status = start_daemon(listener, options, error);
    if (status == PROMON_OK) {
        *out = listener;
    } else {
        promon__clients_free(listener->clients);
        free(listener);
    }
    return status;
}

void promon__listener_stop(struct promon__listener *listener)
{
    if (listener == NULL)
        return;
    atomic_store(&listener->is_stopping, true);
    promon__clients_drain(listener->clients, DRAIN_NS);
    MHD_stop_daemon(listener->daemon);
    promon__clients_free(listener->clients);
    free(listener);
}

void promon__listener_after_fork(struct promon__listener *listener)
{
    if (listener == NULL)
        return;
    (void)close(listener->fd);
    promon__clients_after_fork(listener->clients);
}

unsigned promon__listener_port(const struct promon__listener *listener)
{
    return listener->port;
}
