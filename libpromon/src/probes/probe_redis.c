/*
 * The module "redis": logs in, and asks for PONG. It writes nothing. The protocol is hiredis's; its
 * own input and output are not used, because they know no deadline and raise SIGPIPE.
 */
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"

enum {
    /* INFO has some 10 KiB; a database or a module that adds to it far less than this. */
    MAX_REPLY_BYTES = 1 << 20,
    CHUNK_BYTES = 4096,
    MAX_WORDS = 3
};

struct redis {
    const struct promon_host *host;
    struct promon_target target;
    const char *user, *password; /* NULL: none */
    int64_t database;
    bool wants_info, uses_tls, keeps;
    struct promon__secure secure;
    struct promon__channel channel; /* open between checks if it is kept */
    redisReader *reader; /* of the channel */
};

static const struct promon_param_rule rules[] = {
    {.name = "host",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name or address; a path with '/' at its start is a Unix socket"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "port",
     .otherwise = "6379"},
    {.name = "user", .type = PROMON_PARAM_STRING, .help = "to log in as", .otherwise = "default"},
    {.name = "password",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "to log in with; without one there is no login"},
    {.name = "database",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 0,
     .maximum = 1000000,
     .help = "number of the database",
     .otherwise = "0"},
    {.name = "info",
     .type = PROMON_PARAM_BOOLEAN,
     .help = "whether to ask for figures too: clients, memory, replication",
     .otherwise = "false"},
    {.name = "tls", .type = PROMON_PARAM_BOOLEAN, .help = "use TLS", .otherwise = "false"},
    PROMON__SECURE_RULES,
    {.name = "connect",
     .type = PROMON_PARAM_STRING,
     .help = "\"fresh\": a connection for each check; \"keep\": one for many",
     .otherwise = "fresh"},
    {.name = NULL},
};

static void hang_up(struct redis *redis)
{
    promon__channel_close(&redis->channel);
    if (redis->reader != NULL)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
}

static void redis_close(void *context)
{
    struct redis *redis = context;

    hang_up(redis);
    promon__secure_free(&redis->secure);
    free(redis);
}

static enum promon_status read_params(struct redis *redis, const struct promon_params *params,
                                      struct promon_error *error)
{
    const struct promon_host *host = redis->host;
    const char *name = host->param_string(params, "host", "");

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    redis->target = (struct promon_target){
        .size = sizeof(redis->target),
        .host = name,
        .port = (unsigned)host->param_integer(params, "port", 6379),
    };
    redis->user = host->param_string(params, "user", NULL);
    redis->password = host->param_string(params, "password", NULL);
    redis->database = host->param_integer(params, "database", 0);
    redis->wants_info = host->param_boolean(params, "info", false);
    redis->uses_tls = host->param_boolean(params, "tls", false);
    if (redis->user != NULL && redis->password == NULL)
        return host->error_set(error, PROMON_ECONFIG, "params.user: is nothing without a password");
    if (!promon__channel_keeps(host, params, &redis->keeps))
        return host->error_set(error, PROMON_ECONFIG, PROMON__CONNECT_WRONG);
    return redis->uses_tls ? promon__secure_make(&redis->secure, host, params, name, error)
                           : PROMON_OK;
}

static enum promon_status redis_open(const struct promon_host *host,
                                     const struct promon_params *params, void **context,
                                     struct promon_error *error)
{
    struct redis *redis = calloc(1, sizeof(*redis));
    enum promon_status status;

    if (redis == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    redis->host = host;
    promon__channel_init(&redis->channel, host);
    status = read_params(redis, params, error);
    if (status != PROMON_OK)
        redis_close(redis);
    else
        *context = redis;
    return status;
}

static bool no_memory(struct redis *redis)
{
    return promon__channel_trouble(&redis->channel, PROMON_REASON_INTERNAL, "out of memory");
}

static bool send_command(struct redis *redis, const char *const words[MAX_WORDS])
{
    const char *arguments[MAX_WORDS];
    char *text = NULL;
    int count, size;
    bool is_sent;

    for (count = 0; count < MAX_WORDS && words[count] != NULL; count++)
        arguments[count] = words[count];
    size = redisFormatCommandArgv(&text, count, arguments, NULL);
    if (size < 0)
        return no_memory(redis);
    is_sent = promon__channel_send(&redis->channel, text, (size_t)size);
    redisFreeCommand(text);
    return is_sent;
}

/* Lists, of which a few bytes may announce millions of items, are not among the answers wanted. */
static bool is_simple(char type)
{
    return type == '+' || type == '-' || type == ':' || type == '$';
}

/* Freed by the caller; NULL: there is trouble. */
static redisReply *receive(struct redis *redis)
{
    char chunk[CHUNK_BYTES];
    size_t size = 0;
    void *reply = NULL;

    while (reply == NULL) {
        const size_t more = promon__channel_some(&redis->channel, chunk, sizeof(chunk));

        if (more == 0)
            return NULL;
        if ((size == 0 && !is_simple(chunk[0])) || size + more > MAX_REPLY_BYTES)
            break;
        size += more;
        if (redisReaderFeed(redis->reader, chunk, more) != REDIS_OK ||
            redisReaderGetReply(redis->reader, &reply) != REDIS_OK)
            break;
    }
    if (redis->reader->err == REDIS_ERR_OOM)
        (void)no_memory(redis);
    /* Nor is more than one answer. */
    if (reply == NULL || redis->reader->pos != redis->reader->len)
        (void)promon__channel_trouble(&redis->channel, PROMON_REASON_PROTOCOL,
                                      "the answer is not one of Redis");
    return reply;
}

static redisReply *ask(struct redis *redis, const char *const words[MAX_WORDS])
{
    return send_command(redis, words) ? receive(redis) : NULL;
}

static bool begins(const redisReply *reply, const char *text)
{
    return strncmp(reply->str, text, strlen(text)) == 0;
}

static enum promon_reason reason_of(const redisReply *reply)
{
    static const char *const about_rights[] = {"NOAUTH",
                                               "WRONGPASS",
                                               "NOPERM",
                                               "DENIED",
                                               "ERR invalid password",
                                               "ERR DB index",
                                               "ERR AUTH",
                                               "ERR Client sent AUTH"};
    size_t i;

    for (i = 0; i < sizeof(about_rights) / sizeof(about_rights[0]); i++)
        if (begins(reply, about_rights[i]))
            return PROMON_REASON_AUTH;
    return PROMON_REASON_STATUS;
}

/* Frees the reply. An error is told in the server's words. */
static bool accepted(struct redis *redis, redisReply *reply)
{
    const bool is_error = reply != NULL && reply->type == REDIS_REPLY_ERROR;

    if (is_error)
        (void)promon__channel_trouble(&redis->channel, reason_of(reply), "%s", reply->str);
    if (reply != NULL)
        freeReplyObject(reply);
    return reply != NULL && !is_error;
}

/* An error is told without the server's words: it may repeat the command, with the password. */
static bool log_in(struct redis *redis)
{
    const char *const short_form[MAX_WORDS] = {"AUTH", redis->password};
    const char *const long_form[MAX_WORDS] = {"AUTH", redis->user, redis->password};
    redisReply *reply = ask(redis, redis->user == NULL ? short_form : long_form);
    const bool is_in = reply != NULL && reply->type != REDIS_REPLY_ERROR;

    if (reply != NULL && !is_in) {
        const enum promon_reason reason = reason_of(reply);
        const bool is_status = reason == PROMON_REASON_STATUS && !begins(reply, "ERR");

        (void)promon__channel_trouble(
            &redis->channel, is_status ? PROMON_REASON_STATUS : PROMON_REASON_AUTH,
            "the login was refused: %.*s", (int)strcspn(reply->str, " "), reply->str);
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return is_in;
}

static bool choose_database(struct redis *redis)
{
    char number[24];
    const char *const words[MAX_WORDS] = {"SELECT", number};

    (void)snprintf(number, sizeof(number), "%" PRId64, redis->database);
    return accepted(redis, ask(redis, words));
}

/* The name is for whoever looks at CLIENT LIST; not everybody may set one. */
static bool tell_name(struct redis *redis)
{
    static const char *const words[MAX_WORDS] = {"CLIENT", "SETNAME", "libpromon"};
    redisReply *reply = ask(redis, words);

    if (reply == NULL)
        return false;
    freeReplyObject(reply);
    return true;
}

static bool greet(struct redis *redis)
{
    const int64_t begin_ns = redis->host->now_ns();
    bool is_in = true;

    redis->reader = redisReaderCreate();
    if (redis->reader == NULL)
        return no_memory(redis);
    if (redis->password != NULL)
        is_in = log_in(redis);
    is_in = is_in && tell_name(redis) && (redis->database == 0 || choose_database(redis));
    redis->host->phase(redis->channel.result, PROMON_PHASE_LOGIN, redis->host->now_ns() - begin_ns);
    return is_in;
}

static bool ping(struct redis *redis)
{
    static const char *const words[MAX_WORDS] = {"PING"};
    const int64_t begin_ns = redis->host->now_ns();
    redisReply *reply = ask(redis, words);

    redis->host->phase(redis->channel.result, PROMON_PHASE_QUERY, redis->host->now_ns() - begin_ns);
    if (reply != NULL && reply->type != REDIS_REPLY_ERROR &&
        (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "PONG") != 0))
        (void)promon__channel_trouble(&redis->channel, PROMON_REASON_PROTOCOL,
                                      "the answer to PING is not PONG");
    return accepted(redis, reply) && redis->channel.reason == PROMON_REASON_NONE;
}

/* The number of a line "NAME:NUMBER" of INFO. */
static void tell_figure(struct redis *redis, const char *info, const char *name, const char *key)
{
    const char *line = strstr(info, name);
    char *end;
    long long number;

    if (line == NULL || (line != info && line[-1] != '\n') || line[strlen(name)] != ':')
        return;
    number = strtoll(line + strlen(name) + 1, &end, 10);
    if (*end == '\r' || *end == '\n' || *end == '\0')
        redis->host->value(redis->channel.result, key, (double)number);
}

static bool tell_figures(struct redis *redis)
{
    static const char *const words[MAX_WORDS] = {"INFO"};
    redisReply *reply = ask(redis, words);

    if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
        tell_figure(redis, reply->str, "connected_clients", "connected_clients");
        tell_figure(redis, reply->str, "blocked_clients", "blocked_clients");
        tell_figure(redis, reply->str, "used_memory", "used_memory_bytes");
        tell_figure(redis, reply->str, "maxmemory", "max_memory_bytes");
        tell_figure(redis, reply->str, "connected_slaves", "connected_replicas");
        tell_figure(redis, reply->str, "uptime_in_seconds", "uptime_seconds");
        redis->host->value(redis->channel.result, "is_master",
                           strstr(reply->str, "role:master") != NULL ? 1 : 0);
    }
    return accepted(redis, reply);
}

static bool converse(struct redis *redis)
{
    return ping(redis) && (!redis->wants_info || tell_figures(redis));
}

/* UP: no more is needed; else it is to be tried anew when the channel is broken. */
static bool try_kept(struct redis *redis, int64_t deadline_ns, struct promon_result *result)
{
    if (!promon__channel_is_idle(&redis->channel))
        return false;
    promon__channel_resume(&redis->channel, deadline_ns, result);
    promon__certificate_tell(&redis->secure.certificate, redis->host, result);
    return converse(redis) || !redis->channel.is_broken;
}

static enum promon_verdict try_fresh(struct redis *redis, int64_t deadline_ns,
                                     struct promon_result *result)
{
    enum promon_verdict verdict;

    hang_up(redis);
    verdict = promon__channel_open(&redis->channel, &redis->target, deadline_ns, result);
    if (verdict == PROMON_UP &&
        (!redis->uses_tls || promon__channel_secure(&redis->channel, &redis->secure)) &&
        greet(redis))
        (void)converse(redis);
    return verdict;
}

static enum promon_verdict redis_check(void *context, int64_t deadline_ns,
                                       struct promon_result *result)
{
    struct redis *redis = context;
    enum promon_verdict verdict = PROMON_UP;

    if (!try_kept(redis, deadline_ns, result))
        verdict = try_fresh(redis, deadline_ns, result);
    if (verdict == PROMON_UP && redis->channel.reason != PROMON_REASON_NONE)
        verdict = promon__channel_fail(&redis->channel);
    if (verdict != PROMON_UP || !redis->keeps)
        hang_up(redis);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "redis",
    .description = "a Redis server lets us in and answers PING",
    .params = rules,
    .open = redis_open,
    .check = redis_check,
    .close = redis_close,
};
