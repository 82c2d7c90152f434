#include "raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

bool raw_is_ok(int status, const char *what)
{
    if (status != AMQP_STATUS_OK)
        fprintf(stderr, "%s: %s\n", what, amqp_error_string2(status));
    return status == AMQP_STATUS_OK;
}

static void tell_reply(const char *what, unsigned code, amqp_bytes_t text)
{
    fprintf(stderr, "%s: %u %.*s\n", what, code, (int)text.len, (const char *)text.bytes);
}

static bool is_normal(amqp_rpc_reply_t reply, const char *what)
{
    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return true;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        fprintf(stderr, "%s: %s\n", what, amqp_error_string2(reply.library_error));
    } else if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = reply.reply.decoded;

        tell_reply(what, close->reply_code, close->reply_text);
    } else if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = reply.reply.decoded;

        tell_reply(what, close->reply_code, close->reply_text);
    }
    return false;
}

bool raw_succeeded(amqp_connection_state_t state, const char *what)
{
    return is_normal(amqp_get_rpc_reply(state), what);
}

static bool open_and_login(amqp_connection_state_t state, const struct amqp_connection_info *info)
{
    /* "amqp://host/" is meant as the virtual host "/", and read as one without a name. */
    const char *vhost = info->vhost[0] == '\0' ? "/" : info->vhost;
    amqp_socket_t *socket = amqp_tcp_socket_new(state);

    return socket != NULL &&
           raw_is_ok(amqp_socket_open(socket, info->host, info->port), "connecting") &&
           is_normal(amqp_login(state, vhost, AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE, 0,
                                AMQP_SASL_METHOD_PLAIN, info->user, info->password),
                     "logging in") &&
           amqp_channel_open(state, RAW_CHANNEL) != NULL &&
           raw_succeeded(state, "opening the channel");
}

amqp_connection_state_t raw_connect(const char *url)
{
    char *parsed = strdup(url);
    amqp_connection_state_t state = amqp_new_connection();
    struct amqp_connection_info info;
    bool is_open = false;

    if (parsed != NULL && state != NULL && raw_is_ok(amqp_parse_url(parsed, &info), "the URL"))
        is_open = open_and_login(state, &info);
    free(parsed);
    if (is_open)
        return state;
    if (state != NULL)
        amqp_destroy_connection(state);
    return NULL;
}

bool raw_declare(amqp_connection_state_t state)
{
    amqp_exchange_declare(state, RAW_CHANNEL, amqp_cstring_bytes(JOB_EXCHANGE),
                          amqp_cstring_bytes(JOB_EXCHANGE_TYPE), false, true, false, false,
                          amqp_empty_table);
    if (!raw_succeeded(state, "declaring the exchange"))
        return false;
    amqp_queue_declare(state, RAW_CHANNEL, amqp_cstring_bytes(JOB_QUEUE), false, true, false, false,
                       amqp_empty_table);
    if (!raw_succeeded(state, "declaring the queue"))
        return false;
    amqp_queue_bind(state, RAW_CHANNEL, amqp_cstring_bytes(JOB_QUEUE),
                    amqp_cstring_bytes(JOB_EXCHANGE), amqp_cstring_bytes(JOB_ROUTING_KEY),
                    amqp_empty_table);
    return raw_succeeded(state, "binding the queue");
}

bool raw_close(amqp_connection_state_t state)
{
    const bool is_closed =
        is_normal(amqp_channel_close(state, RAW_CHANNEL, AMQP_REPLY_SUCCESS), "closing") &&
        is_normal(amqp_connection_close(state, AMQP_REPLY_SUCCESS), "closing");

    return raw_is_ok(amqp_destroy_connection(state), "closing") && is_closed;
}
