/*
 * Connections: from the accepted socket to its end, and the head of each request on the way into
 * the request's memory.
 */
#include <arpa/inet.h>
#include <string.h>

#include "app_state.h"
#include "exchange.h"
#include "hangup.h"
#include "worker.h"

/* A client of IPv4 is printed as such, also on a socket that listens for both protocols. */
static void print_peer(struct connection *connection)
{
    const struct sockaddr_storage *address = &connection->address;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    const void *bytes = NULL;
    int family = address->ss_family;

    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    } else if (family == AF_INET6) {
        family = IN6_IS_ADDR_V4MAPPED(v6) ? AF_INET : AF_INET6;
        bytes = family == AF_INET ? &v6->s6_addr[12] : v6->s6_addr;
    }
    if (bytes == NULL ||
        inet_ntop(family, bytes, connection->peer, sizeof(connection->peer)) == NULL)
        connection->peer[0] = '\0';
}

void baseapi__connection_open(struct connection *connection)
{
    struct baseapi_worker *worker = connection->worker;

    print_peer(connection);
    connection->next = worker->connections;
    if (worker->connections != NULL)
        worker->connections->previous = connection;
    worker->connections = connection;
    worker->connection_count++;
    stats_add(&worker->stats.connections, 1);
    stats_add(&worker->stats.active_connections, 1);
    baseapi__deadline_set(&connection->deadline, &worker->header, worker->now_ms);
    baseapi__hangup_watch(connection);
}

void baseapi__connection_close(struct connection *connection)
{
    struct baseapi_worker *worker = connection->worker;

    baseapi__exchange_end(connection, 0);
    baseapi__deadline_clear(&connection->deadline);
    baseapi__deadline_clear(&connection->watch);
    baseapi__hangup_unwatch(connection);
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        worker->connections = connection->next;
    worker->connection_count--;
    stats_add(&worker->stats.active_connections, -1);
}

void baseapi__exchange_expect_fields(struct baseapi_request *request, size_t count)
{
    const size_t limit = request->worker->app->options.max_header_count;

    request->field_capacity = count < limit ? count : limit;
    request->fields =
        arena_alloc(&request->arena, request->field_capacity * sizeof(*request->fields));
    request->has_no_memory |= request->fields == NULL;
    request->is_head_too_large = count > limit;
}

/*
 * Size of a value without the white space at its end, which is no part of it (RFC 9110, section
 * 5.5). That of Transfer-Encoding keeps it: the server underneath compares the whole, so the guard
 * must do so too.
 */
static size_t value_size(const struct header_field *field)
{
    size_t size = field->value_size;

    if (baseapi__field_is(field, "Transfer-Encoding", sizeof("Transfer-Encoding") - 1))
        return size;
    while (size != 0 && (field->value[size - 1] == ' ' || field->value[size - 1] == '\t'))
        size--;
    return size;
}

/* Name and value, one behind the other, each with its terminator. */
static bool copy_field(struct arena *arena, const struct header_field *field,
                       struct header_field *out)
{
    const size_t size = value_size(field);
    char *name = arena_alloc(arena, field->name_size + size + 2);
    char *value;

    if (name == NULL)
        return false;
    value = name + field->name_size + 1;
    memcpy(name, field->name, field->name_size);
    name[field->name_size] = '\0';
    memcpy(value, field->value, size);
    value[size] = '\0';
    *out = *field;
    out->name = name;
    out->value = value;
    out->value_size = size;
    return true;
}

void baseapi__exchange_add_field(struct baseapi_request *request, const struct header_field *field)
{
    const size_t limit = request->worker->app->options.max_header_bytes;

    if (request->has_no_memory || request->field_count == request->field_capacity)
        return;
    /* ": " and the end of the line count, so that many empty fields are not free. */
    request->field_bytes += field->name_size + field->value_size + 4;
    if (request->field_bytes > limit) {
        request->is_head_too_large = true;
        return;
    }
    if (copy_field(&request->arena, field, &request->fields[request->field_count]))
        request->field_count++;
    else
        request->has_no_memory = true;
}
