/*
 * Endpoint: URL and options brought together.
 *
 * Invariant: an endpoint that was made is complete: every default is filled in, every number in its
 * range, every string its own.
 */
#include "endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "options.h"
#include "url.h"

#define DEFAULT_URL "amqp://localhost:5672/"

enum {
    PORT = 5672,
    TLS_PORT = 5671,
    SHORT_STRING_MAX = 255, /* of AMQP: its length is one byte on the wire */
    HOST_TEXT_SIZE = URL_HOST_MAX + sizeof("[%123456789012345]:65535")
};

_Static_assert(offsetof(struct amqpext_connection_options, state_data) + sizeof(void *) ==
                   sizeof(struct amqpext_connection_options),
               "struct amqpext_connection_options has a hole at its end");

static unsigned either(unsigned first, unsigned second, unsigned standard)
{
    return first != 0 ? first : second != 0 ? second : standard;
}

static enum amqpext_status set_delays(const struct amqpext_connection_options *options,
                                      struct endpoint *out, struct amqpext_error *error)
{
    const unsigned least = options->reconnect_min_delay_ms;
    const unsigned most = options->reconnect_max_delay_ms;

    if (least != 0 && most != 0 && least > most)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "connection options: reconnect_min_delay_ms is above "
                             "reconnect_max_delay_ms");
    out->reconnect_min_delay_ms = either(least, 0, most != 0 && most < 200 ? most : 200);
    out->reconnect_max_delay_ms = either(most, 0, least > 30000 ? least : 30000);
    out->permanent_delay_ms = either(options->permanent_delay_ms, 0, 60000);
    out->stable_after_ms = either(options->stable_after_ms, 0, 10000);
    return AMQPEXT_OK;
}

static enum amqpext_status set_numbers(const struct amqpext_connection_options *options,
                                       const struct url_query *query, struct endpoint *out,
                                       struct amqpext_error *error)
{
    out->heartbeat_s = either(query->heartbeat_s, options->heartbeat_s, 15);
    out->frame_max = either(query->frame_max, options->frame_max, 131072);
    out->connect_timeout_ms = either(query->connect_timeout_ms, options->connect_timeout_ms, 10000);
    out->reply_timeout_ms = either(options->reply_timeout_ms, 0, 10000);
    out->max_message_bytes =
        options->max_message_bytes != 0 ? options->max_message_bytes : (size_t)16 << 20;
    if (out->heartbeat_s > HEARTBEAT_MAX_S)
        return amqpext__fail(error, AMQPEXT_EINVALID, "connection options: heartbeat_s is above %d",
                             (int)HEARTBEAT_MAX_S);
    if (out->frame_max < FRAME_MAX_LEAST || out->frame_max > FRAME_MAX_MOST)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "connection options: frame_max is not from %d to %d",
                             (int)FRAME_MAX_LEAST, (int)FRAME_MAX_MOST);
    return set_delays(options, out, error);
}

static enum amqpext_status set_callbacks(const struct amqpext_connection_options *options,
                                         struct endpoint *out, struct amqpext_error *error)
{
    const int level = (int)options->log_level;

    if (level < 0 || level > AMQPEXT_LOG_DEBUG)
        return amqpext__fail(error, AMQPEXT_EINVALID, "connection options: log_level is %d", level);
    out->log = options->log;
    out->log_data = options->log_data;
    out->log_level = level == 0 ? AMQPEXT_LOG_INFO : options->log_level;
    out->state = options->state;
    out->state_data = options->state_data;
    return AMQPEXT_OK;
}

/* Below `limit`, without bias that would matter for an order of hosts. */
static size_t random_below(size_t limit)
{
    uint64_t number;

    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
        number = monotonic_us() ^ (uint64_t)getpid() << 20;
    return (size_t)(number % limit);
}

static void shuffle(struct host *hosts, size_t count)
{
    size_t i;

    for (i = count; i > 1; i--) {
        const size_t other = random_below(i);
        const struct host host = hosts[i - 1];

        hosts[i - 1] = hosts[other];
        hosts[other] = host;
    }
}

static bool set_host(const struct url_host *from, uint16_t standard_port, struct arena *arena,
                     struct host *out)
{
    const char *zone_mark = from->zone.size == 0 ? "" : "%";
    char text[HOST_TEXT_SIZE];
    int size;

    snprintf(text, sizeof(text), "%.*s%s%.*s", (int)from->name.size, from->name.data, zone_mark,
             (int)from->zone.size, from->zone.size == 0 ? "" : from->zone.data);
    out->name = arena_string(arena, text);
    if (out->name == NULL)
        return false;
    out->port = from->port != 0 ? from->port : standard_port;
    size = snprintf(text, sizeof(text), from->is_ipv6 ? "[%s]:%u" : "%s:%u", out->name,
                    (unsigned)out->port);
    out->text = arena_copy(arena, text, (size_t)size);
    return out->text != NULL;
}

static size_t count_hosts(struct bytes hosts)
{
    size_t count = 1;
    size_t i;

    for (i = 0; i < hosts.size; i++)
        count += hosts.data[i] == ',';
    return count;
}

static enum amqpext_status set_hosts(struct bytes hosts, struct endpoint *out,
                                     struct amqpext_error *error)
{
    const uint16_t port = out->has_tls ? TLS_PORT : PORT;
    size_t i;

    out->n_hosts = count_hosts(hosts);
    out->hosts = arena_zeroed(&out->arena, out->n_hosts, sizeof(*out->hosts));
    if (out->hosts == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < out->n_hosts; i++) {
        struct url_host host;
        enum amqpext_status status = amqpext__url_next_host(&hosts, &host, error);

        if (status != AMQPEXT_OK)
            return status;
        if (!set_host(&host, port, &out->arena, &out->hosts[i]))
            return amqpext__fail_memory(error);
    }
    shuffle(out->hosts, out->n_hosts);
    return AMQPEXT_OK;
}

static enum amqpext_status set_login(const struct url *url, struct endpoint *out,
                                     struct amqpext_error *error)
{
    const struct bytes guest = bytes_of("guest");
    const struct bytes root = bytes_of("/");

    out->user = amqpext__url_decode(url->has_user ? url->user : guest, &out->arena);
    out->password = amqpext__url_decode(url->has_user ? url->password : guest, &out->arena);
    out->vhost = amqpext__url_decode(url->vhost.size != 0 ? url->vhost : root, &out->arena);
    if (out->user == NULL || out->password == NULL || out->vhost == NULL)
        return amqpext__fail_memory(error);
    if (strlen(out->vhost) > SHORT_STRING_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the URL of the broker: the virtual host has more than %d bytes",
                             (int)SHORT_STRING_MAX);
    return AMQPEXT_OK;
}

static enum amqpext_status set_name(const char *name, struct endpoint *out,
                                    struct amqpext_error *error)
{
    char standard[48];

    if (name == NULL || name[0] == '\0') {
        snprintf(standard, sizeof(standard), "libamqpext %jd", (intmax_t)getpid());
        name = standard;
    } else if (strlen(name) > SHORT_STRING_MAX) {
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "connection options: name has more than %d bytes",
                             (int)SHORT_STRING_MAX);
    }
    out->name = arena_string(&out->arena, name);
    return out->name == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

/* `url`, else `option`, copied; an empty text is none. False: memory ran out. */
static bool set_text(const char *url, const char *option, struct arena *arena, const char **out)
{
    const char *text = url != NULL ? url : option;

    *out = NULL;
    if (text == NULL || text[0] == '\0')
        return true;
    *out = arena_string(arena, text);
    return *out != NULL;
}

static bool set_tls_texts(const struct amqpext_tls_options *options, const struct url_query *query,
                          struct endpoint *out)
{
    struct amqpext_tls_options *tls = &out->tls;
    struct arena *arena = &out->arena;

    return set_text(query->ca_file, options->ca_file, arena, &tls->ca_file) &&
           set_text(NULL, options->ca_path, arena, &tls->ca_path) &&
           set_text(query->cert_file, options->cert_file, arena, &tls->cert_file) &&
           set_text(query->key_file, options->key_file, arena, &tls->key_file) &&
           set_text(NULL, options->key_password, arena, &tls->key_password) &&
           set_text(query->server_name, options->server_name, arena, &tls->server_name);
}

static enum amqpext_status check_tls(const struct url_query *query, const struct endpoint *out,
                                     struct amqpext_error *error)
{
    if (!out->has_tls && query->tls_parameter != NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the URL of the broker: %s means nothing without TLS (amqps://)",
                             query->tls_parameter);
    if (!out->has_tls && out->tls.external_auth)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "to log in by certificate (EXTERNAL) needs TLS (amqps://)");
    if (out->tls.key_file != NULL && out->tls.cert_file == NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "there is a file with a key, but none with its certificate");
    if (out->tls.server_name != NULL && strlen(out->tls.server_name) > URL_HOST_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the name of the server to verify has more than %d bytes",
                             (int)URL_HOST_MAX);
    return AMQPEXT_OK;
}

static enum amqpext_status set_tls(const struct amqpext_tls_options *given, bool url_has_tls,
                                   const struct url_query *query, struct endpoint *out,
                                   struct amqpext_error *error)
{
    struct amqpext_tls_options options;

    if (amqpext__options_copy(&options, sizeof(options), given, "TLS options", error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    out->tls = options;
    /* Never the caller's string, which is not to be overwritten. */
    out->tls.key_password = NULL;
    if (!set_tls_texts(&options, query, out))
        return amqpext__fail_memory(error);
    out->has_tls = url_has_tls || options.enable;
    out->tls.enable = out->has_tls;
    if (query->verify != 0)
        out->tls.skip_verify = query->verify == URL_VERIFY_NONE;
    if (query->mechanism != 0)
        out->tls.external_auth = query->mechanism == URL_EXTERNAL;
    return check_tls(query, out, error);
}

static enum amqpext_status fill(const struct url *url,
                                const struct amqpext_connection_options *options,
                                struct endpoint *out, struct amqpext_error *error)
{
    struct url_query query;
    enum amqpext_status status = amqpext__url_query(url->query, &out->arena, &query, error);

    if (status == AMQPEXT_OK)
        status = set_tls(options->tls, url->has_tls, &query, out, error);
    if (status == AMQPEXT_OK)
        status = set_numbers(options, &query, out, error);
    if (status == AMQPEXT_OK)
        status = set_callbacks(options, out, error);
    if (status == AMQPEXT_OK)
        status = set_name(options->name, out, error);
    if (status == AMQPEXT_OK)
        status = set_hosts(url->hosts, out, error);
    if (status == AMQPEXT_OK)
        status = set_login(url, out, error);
    return status;
}

enum amqpext_status amqpext__endpoint_make(const char *url_text,
                                           const struct amqpext_connection_options *given,
                                           struct endpoint *out, struct amqpext_error *error)
{
    struct amqpext_connection_options options;
    struct endpoint endpoint;
    struct url url;
    enum amqpext_status status;

    memset(&endpoint, 0, sizeof(endpoint));
    status = amqpext__options_copy(&options, sizeof(options), given, "connection options", error);
    if (status == AMQPEXT_OK)
        status = amqpext__url_split(url_text == NULL ? DEFAULT_URL : url_text, &url, error);
    if (status == AMQPEXT_OK)
        status = fill(&url, &options, &endpoint, error);
    if (status == AMQPEXT_OK)
        *out = endpoint;
    else
        amqpext__endpoint_free(&endpoint);
    return status;
}

/* What is const for its readers lies in the endpoint's own arena. */
static void overwrite(const char *secret)
{
    if (secret != NULL)
        explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

void amqpext__endpoint_free(struct endpoint *endpoint)
{
    overwrite(endpoint->password);
    overwrite(endpoint->tls.key_password);
    arena_free(&endpoint->arena);
    memset(endpoint, 0, sizeof(*endpoint));
}
