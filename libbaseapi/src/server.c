/*
 * libmicrohttpd, in external epoll mode: the only file that knows it.
 *
 * Order: start, then run whenever the descriptor is readable or the timeout has passed, quiesce,
 * run on, stop. Connections are suspended only inside the access handler, and a resumed one is
 * looked at by the next run.
 * Invariant: no connection is suspended when the server is stopped, as libmicrohttpd would abort
 * the process.
 */
#include "server.h"

#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app_state.h"
#include "error.h"
#include "exchange.h"
#include "peers.h"
#include "problem.h"
#include "response.h"
#include "worker.h"

/*
 * Memory of one connection: it bounds the head of a request and of its answer. Up to 32 kB it comes
 * from malloc, beyond from mmap, which costs a page fault per page and connection; so the larger
 * size is taken only with larger limits.
 */
#define POOL_SIZE ((size_t)32 * 1024)
#define LARGE_POOL_SIZE ((size_t)64 * 1024)
/*
 * What heads may have of the smaller size: the rest is for the server's own records and the
 * answer's head.
 */
#define POOL_FOR_HEADS ((size_t)20 * 1024 + 512)
/* Rounds of accepting before the listening socket is closed; each takes ten connections. */
#define QUIESCE_ROUNDS 500
/* Room for an answer sent past the server. */
#define CANNED_SIZE 512

struct server {
    struct baseapi_worker *worker;
    struct MHD_Daemon *daemon;
    int fd;
    int listen_fd;
    struct sockaddr_storage entering; /* counted, but not yet a connection */
    bool is_entering;
    bool is_due; /* to run again, which libmicrohttpd's timeout does not tell */
};

static struct connection *context_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

/* Gives back the count of a connection that was accepted and then failed for want of memory. */
static void settle(struct server *server)
{
    if (server->is_entering)
        baseapi__peers_leave(server->worker->app->peers,
                             (const struct sockaddr *)&server->entering);
    server->is_entering = false;
}

static enum MHD_Result on_accept(void *data, const struct sockaddr *address, socklen_t size)
{
    struct server *server = data;

    settle(server);
    if (size > sizeof(server->entering) ||
        !baseapi__peers_enter(server->worker->app->peers, address)) {
        stats_add(&server->worker->stats.refused_connection, 1);
        return MHD_NO;
    }
    memcpy(&server->entering, address, size);
    server->is_entering = true;
    return MHD_YES;
}

static void open_connection(struct server *server, struct MHD_Connection *handle, void **context)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    *context = connection;
    /* Without memory for it, the connection is not counted and its requests are dropped. */
    if (connection == NULL)
        return;
    server->is_entering = false;
    connection->worker = server->worker;
    connection->handle = handle;
    connection->fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->address = server->entering;
    baseapi__connection_open(connection);
}

static void on_connection(void *data, struct MHD_Connection *handle, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = data;
    struct connection *connection = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        open_connection(server, handle, context);
        return;
    }
    /* Without descriptors it has stopped accepting: only a run after this one begins again. */
    server->is_due = true;
    if (connection != NULL) {
        baseapi__connection_close(connection);
        baseapi__peers_leave(server->worker->app->peers,
                             (const struct sockaddr *)&connection->address);
        free(connection);
        *context = NULL;
    }
}

/*
 * Called with the target before anything is cut from it or decoded. What it returns is the context
 * of the request; that it was called makes sure that on_completed will be.
 */
static void *on_request_line(void *data, const char *target, struct MHD_Connection *handle)
{
    struct connection *connection = context_of(handle);
    char *query;

    (void)data;
    if (connection == NULL)
        return NULL;
    baseapi__exchange_begin(connection, target != NULL ? target : "");
    /*
     * The query is taken apart by this library alone. Ending it here, in the server's own writable
     * buffer, spares the server to do so too, with an allocation for each argument.
     */
    query = target != NULL ? strchr(target, '?') : NULL;
    if (query != NULL && query[1] != '\0')
        query[1] = '\0';
    return connection;
}

/* Decoding is done after routing, by this library. */
static size_t keep_escapes(void *data, struct MHD_Connection *handle, char *text)
{
    (void)data;
    (void)handle;
    return strlen(text);
}

/*
 * Whether a field goes on in another line. libmicrohttpd 0.9.75 puts what stands there behind the
 * name, not the value, and moves the name to have room, so that a length or a coding is not seen
 * any more. The value of any other field follows its name where both were read.
 */
static bool is_continued(const char *name, size_t name_size, const char *value)
{
    const char *rest = name + name_size + 1;

    return (uintptr_t)value < (uintptr_t)rest || rest + strspn(rest, " \t") != value;
}

static enum MHD_Result on_field(void *data, enum MHD_ValueKind kind, const char *name,
                                size_t name_size, const char *value, size_t value_size)
{
    const struct header_field field = {
        .name = name,
        .value = value != NULL ? value : "",
        .name_size = name_size,
        .value_size = value_size,
        .is_continued = value != NULL && is_continued(name, name_size, value),
    };

    (void)kind;
    baseapi__exchange_add_field(data, &field);
    return MHD_YES;
}

static bool add_field(struct MHD_Response *reply, const char *name, const char *value)
{
    return MHD_add_response_header(reply, name, value) == MHD_YES;
}

static bool add_default(struct MHD_Response *reply, const struct baseapi_response *response,
                        const char *name, const char *value)
{
    return (response != NULL && baseapi_response_header(response, name) != NULL) ||
           add_field(reply, name, value);
}

static bool add_fields(struct MHD_Response *reply, const struct baseapi_request *request,
                       const struct baseapi_response *response, bool has_body)
{
    const struct response_field *field;

    for (field = response != NULL ? response->first : NULL; field != NULL; field = field->next) {
        if (!add_field(reply, field->name, field->value))
            return false;
    }
    if (request->close_after || request->worker->obeyed != ORDER_RUN) {
        if (!add_field(reply, "Connection", "close"))
            return false;
    }
    return (!has_body ||
            add_default(reply, response, "Content-Type", "application/json; charset=utf-8")) &&
           add_default(reply, response, "Cache-Control", "no-store") &&
           add_default(reply, response, "X-Request-Id", request->id);
}

/* The answer of the owner; its body goes to the server. */
static struct MHD_Response *make_reply(struct baseapi_request *request,
                                       struct baseapi_response *response)
{
    const bool has_body = baseapi__response_has_body(response->status) && response->body_size != 0;
    struct MHD_Response *reply;

    if (!has_body)
        baseapi__response_drop_body(response);
    if (response->free_body != NULL)
        reply = MHD_create_response_from_buffer_with_free_callback(
            response->body_size, response->body, response->free_body);
    else
        reply = MHD_create_response_from_buffer(response->body_size, response->body,
                                                MHD_RESPMEM_PERSISTENT);
    if (reply == NULL)
        return NULL;
    response->free_body = NULL;
    if (add_fields(reply, request, response, has_body))
        return reply;
    MHD_destroy_response(reply);
    return NULL;
}

static struct MHD_Response *make_canned(const struct baseapi_request *request,
                                        const struct canned *canned)
{
    const size_t size = strlen(canned->body);
    struct MHD_Response *reply =
        MHD_create_response_from_buffer(size, (void *)canned->body, MHD_RESPMEM_PERSISTENT);

    if (reply != NULL && add_fields(reply, request, NULL, true))
        return reply;
    if (reply != NULL)
        MHD_destroy_response(reply);
    return NULL;
}

static enum MHD_Result send_reply(struct MHD_Connection *handle, struct baseapi_request *request)
{
    const struct canned *canned = request->substitute;
    struct MHD_Response *reply = NULL;
    unsigned status = 0;
    size_t size = 0;
    enum MHD_Result result;

    if (canned == NULL) {
        reply = make_reply(request, request->response);
        status = request->response->status;
        size = request->response->body_size;
    }
    if (reply == NULL) {
        canned = canned != NULL ? canned : &baseapi__canned_no_memory;
        status = canned->status;
        size = strlen(canned->body);
        reply = make_canned(request, canned);
    }
    if (reply == NULL)
        return MHD_NO;
    if (strcmp(request->method, "HEAD") == 0)
        size = 0;
    baseapi__exchange_sending(request, status, size);
    result = MHD_queue_response(handle, status, reply);
    MHD_destroy_response(reply);
    return result;
}

static enum MHD_Result obey(struct MHD_Connection *handle, struct connection *connection,
                            enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_READ: return MHD_YES;
    case VERDICT_REPLY: return send_reply(handle, connection->request);
    case VERDICT_WAIT: MHD_suspend_connection(handle); return MHD_YES;
    case VERDICT_CLOSE: break;
    }
    return MHD_NO;
}

static enum verdict take_head(struct MHD_Connection *handle, struct baseapi_request *request,
                              const char *method, const char *version)
{
    const int count = MHD_get_connection_values_n(handle, MHD_HEADER_KIND, NULL, NULL);

    baseapi__exchange_expect_fields(request, count > 0 ? (size_t)count : 0);
    if (count > 0)
        (void)MHD_get_connection_values_n(handle, MHD_HEADER_KIND, on_field, request);
    return baseapi__exchange_head(request, method, version);
}

/* Called for the head, for each piece of the body, for the end, and again after each resume. */
static enum MHD_Result on_access(void *data, struct MHD_Connection *handle, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **context)
{
    struct connection *connection = *context;
    struct baseapi_request *request = connection != NULL ? connection->request : NULL;
    enum verdict verdict;

    (void)data;
    (void)url;
    if (request == NULL || connection->is_dead)
        return MHD_NO;
    if (request->stage == STAGE_LINE) {
        verdict = take_head(handle, request, method, version);
    } else if (*upload_size != 0) {
        verdict = baseapi__exchange_body(request, upload, *upload_size);
        *upload_size = 0;
    } else {
        verdict = baseapi__exchange_ready(request);
    }
    return obey(handle, connection, verdict);
}

static void on_completed(void *data, struct MHD_Connection *handle, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct connection *connection = *context;
    const union MHD_ConnectionInfo *info;

    (void)data;
    (void)code;
    *context = NULL;
    if (connection == NULL)
        return;
    info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_HTTP_STATUS);
    baseapi__exchange_end(connection, info != NULL ? info->http_status : 0);
}

static size_t pool_size(const struct baseapi_app_options *options)
{
    return options->max_target_bytes + options->max_header_bytes <= POOL_FOR_HEADS
               ? POOL_SIZE
               : LARGE_POOL_SIZE;
}

static struct MHD_Daemon *start_daemon(struct server *server)
{
    const struct baseapi_app_options *options = &server->worker->app->options;

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, on_accept, server, on_access,
        server, MHD_OPTION_LISTEN_SOCKET, server->worker->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        options->max_connections + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_size(options),
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, server, MHD_OPTION_END);
}

enum baseapi_status baseapi__server_start(struct baseapi_worker *worker, struct server **out,
                                          struct baseapi_error *error)
{
    struct server *server = calloc(1, sizeof(*server));
    const union MHD_DaemonInfo *info;

    if (server == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot start the HTTP server: out of memory");
    server->worker = worker;
    server->listen_fd = worker->listen_fd;
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        free(server);
        return baseapi__fail(error, BASEAPI_ESERVER,
                             "cannot start the HTTP server: libmicrohttpd refused");
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    server->fd = info->epoll_fd;
    worker->listen_fd = -1;
    *out = server;
    return BASEAPI_OK;
}

int baseapi__server_fd(const struct server *server)
{
    return server->fd;
}

int baseapi__server_timeout(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    if (server->is_due)
        return 0;
    if (MHD_get_timeout(server->daemon, &timeout_ms) != MHD_YES)
        return -1;
    return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
}

void baseapi__server_run(struct server *server)
{
    server->is_due = false;
    (void)MHD_run(server->daemon);
    settle(server);
}

void baseapi__server_quiesce(struct server *server)
{
    struct pollfd waiting = {.fd = server->listen_fd, .events = POLLIN};
    int rounds = QUIESCE_ROUNDS;

    if (server->listen_fd < 0)
        return;
    while (rounds-- > 0 && poll(&waiting, 1, 0) == 1)
        baseapi__server_run(server);
    (void)MHD_quiesce_daemon(server->daemon);
    (void)close(server->listen_fd);
    server->listen_fd = -1;
}

void baseapi__server_stop(struct server *server)
{
    if (server == NULL)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}

void baseapi__server_resume(struct connection *connection)
{
    connection->worker->server->is_due = true;
    MHD_resume_connection(connection->handle);
}

void baseapi__server_cut(struct connection *connection, const struct canned *canned)
{
    char text[CANNED_SIZE];
    int size;

    if (canned != NULL) {
        size =
            snprintf(text, sizeof(text),
                     "HTTP/1.1 %u %s\r\nConnection: close\r\n"
                     "Content-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     canned->status, canned->reason, strlen(canned->body), canned->body);
        if (size > 0 && (size_t)size < sizeof(text))
            (void)send(connection->fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    /* The server sees the end of the connection and closes it. */
    (void)shutdown(connection->fd, SHUT_RDWR);
}

uint64_t baseapi__server_taken(const struct connection *connection)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_acked;
}
