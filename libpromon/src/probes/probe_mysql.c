/*
 * The module "mysql": logs in to MySQL or MariaDB and runs a query that writes nothing.
 *
 * It speaks the protocol itself. libmariadb ignores SIGPIPE for the whole process when it is first
 * used, waits in a TLS handshake for whole seconds of its own, and keeps the certificate for
 * itself.
 */
#include "probe_mysql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"

enum { COM_QUIT = 0x01, COM_QUERY = 0x03, COMMAND_BYTES = 128 };

static const char *const default_query = "SELECT 1";
/* Not for one transaction: statements that change tables end the one that they are in first. */
static const char *const forbid_writing = "SET SESSION TRANSACTION READ ONLY";

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
     .otherwise = "3306"},
    {.name = "user",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "to log in as"},
    {.name = "password",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "to log in with"},
    {.name = "database", .type = PROMON_PARAM_STRING, .help = "that must be there and allowed"},
    {.name = "query",
     .type = PROMON_PARAM_STRING,
     .help = "one statement, run in a session that is read only",
     .otherwise = "SELECT 1"},
    {.name = "expected",
     .type = PROMON_PARAM_STRING,
     .help = "first column of its first row, as text"},
    {.name = "tls", .type = PROMON_PARAM_BOOLEAN, .help = "use TLS", .otherwise = "false"},
    PROMON__SECURE_RULES,
    {.name = "connect",
     .type = PROMON_PARAM_STRING,
     .help = "\"fresh\": a connection for each check; \"keep\": one for many",
     .otherwise = "fresh"},
    {.name = NULL},
};

/* The server is told, so that it does not count a client that was lost. */
static void say_goodbye(struct promon__mysql *mysql)
{
    const unsigned char command = COM_QUIT;

    mysql->sequence = 0;
    if (mysql->channel.fd >= 0)
        (void)promon__mysql_send(mysql, &command, 1);
    promon__channel_close(&mysql->channel);
}

static void mysql_close(void *context)
{
    struct promon__mysql *mysql = context;

    /* It is sent or not: nobody waits here. */
    mysql->channel.deadline_ns = 0;
    say_goodbye(mysql);
    promon__secure_free(&mysql->secure);
    free(mysql->packet);
    free(mysql);
}

static enum promon_status read_params(struct promon__mysql *mysql,
                                      const struct promon_params *params,
                                      struct promon_error *error)
{
    const struct promon_host *host = mysql->host;
    const char *name = host->param_string(params, "host", "");

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    mysql->target = (struct promon_target){
        .size = sizeof(mysql->target),
        .host = name,
        .port = (unsigned)host->param_integer(params, "port", 3306),
    };
    mysql->user = host->param_string(params, "user", "");
    mysql->password = host->param_string(params, "password", NULL);
    mysql->database = host->param_string(params, "database", NULL);
    mysql->query = host->param_string(params, "query", NULL);
    mysql->expected = host->param_string(params, "expected", NULL);
    mysql->uses_tls = host->param_boolean(params, "tls", false);
    if (!promon__channel_keeps(host, params, &mysql->keeps))
        return host->error_set(error, PROMON_ECONFIG, PROMON__CONNECT_WRONG);
    return mysql->uses_tls ? promon__secure_make(&mysql->secure, host, params, name, error)
                           : PROMON_OK;
}

static enum promon_status mysql_open(const struct promon_host *host,
                                     const struct promon_params *params, void **context,
                                     struct promon_error *error)
{
    struct promon__mysql *mysql = calloc(1, sizeof(*mysql));
    enum promon_status status;

    if (mysql == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    mysql->host = host;
    promon__channel_init(&mysql->channel, host);
    status = read_params(mysql, params, error);
    if (status != PROMON_OK)
        mysql_close(mysql);
    else
        *context = mysql;
    return status;
}

static bool send_query(struct promon__mysql *mysql, const char *text)
{
    const size_t size = strlen(text);
    char *command = malloc(size + 1);
    bool is_sent;

    if (command == NULL)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_INTERNAL, "out of memory");
    command[0] = COM_QUERY;
    memcpy(command + 1, text, size);
    mysql->sequence = 0;
    is_sent = promon__mysql_send(mysql, command, size + 1);
    free(command);
    return is_sent;
}

static bool is_end(const struct promon__mysql *mysql)
{
    return mysql->packet[0] == MYSQL_EOF && mysql->size < 9;
}

/* What an answer may still hold, once this packet is taken off. */
static bool receive_more(struct promon__mysql *mysql, size_t *left)
{
    if (!promon__mysql_receive(mysql, *left))
        return false;
    *left -= mysql->size;
    return mysql->packet[0] != MYSQL_ERR || promon__mysql_refused(mysql);
}

static bool skip_columns(struct promon__mysql *mysql, size_t *left)
{
    do {
        if (!receive_more(mysql, left))
            return false;
    } while (!is_end(mysql));
    return true;
}

/* The first column of the row that was received, as text in the packet; NULL: it is SQL's NULL. */
static bool first_column(struct promon__mysql *mysql, const char **out)
{
    unsigned char *p = mysql->packet;
    size_t at = 1, size = p[0];

    *out = NULL;
    if (p[0] == 0xfb)
        return true;
    if (p[0] > 0xfc)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_BODY,
                                       "the answer is too large");
    if (p[0] == 0xfc && mysql->size >= 3) {
        size = (size_t)p[1] | (size_t)p[2] << 8;
        at = 3;
    }
    if (size > mysql->size - at)
        return promon__mysql_nonsense(mysql);
    memmove(p, p + at, size);
    p[size] = '\0';
    *out = (const char *)p;
    return true;
}

static bool judge(struct promon__mysql *mysql, const char *value)
{
    double figure;

    if (value != NULL && mysql->query != NULL && promon__figure_read(value, &figure))
        mysql->host->value(mysql->channel.result, "result", figure);
    if (mysql->expected != NULL && (value == NULL || strcmp(value, mysql->expected) != 0))
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_BODY,
                                       "the query gives something else than is expected");
    return true;
}

/* The whole answer is read, so that the next one can follow. */
static bool read_rows(struct promon__mysql *mysql, size_t *left)
{
    bool has_row = false, is_right = true;

    for (;;) {
        const char *value = NULL;

        if (!receive_more(mysql, left))
            return false;
        if (is_end(mysql))
            break;
        if (!has_row && !first_column(mysql, &value))
            return false;
        is_right = has_row ? is_right : judge(mysql, value);
        has_row = true;
    }
    return has_row ? is_right : judge(mysql, NULL);
}

/* Runs a statement. If it is the one that the probe is for, its answer is judged. */
static bool run(struct promon__mysql *mysql, const char *text)
{
    const bool is_question = text == mysql->query || text == default_query;
    size_t left = PROMON__MYSQL_ANSWER_BYTES;

    if (!send_query(mysql, text) || !receive_more(mysql, &left))
        return false;
    if (mysql->packet[0] == MYSQL_OK)
        return !is_question || judge(mysql, NULL);
    /* A server must not be given files, whatever it asks for. */
    if (mysql->packet[0] == MYSQL_FILE)
        return promon__mysql_nonsense(mysql);
    return skip_columns(mysql, &left) && read_rows(mysql, &left);
}

/* The server gives up by itself when nobody waits any more. Old ones have no such limit. */
static bool limit_time(struct promon__mysql *mysql)
{
    const int64_t left_ms = (mysql->channel.deadline_ns - mysql->host->now_ns()) / 1000000 + 1;
    char command[COMMAND_BYTES];

    if (mysql->is_mariadb)
        (void)snprintf(command, sizeof(command), "SET SESSION max_statement_time=%" PRId64 ".%03d",
                       left_ms / 1000, (int)(left_ms % 1000));
    else
        (void)snprintf(command, sizeof(command), "SET SESSION max_execution_time=%" PRId64,
                       left_ms);
    if (run(mysql, command))
        return true;
    if (mysql->channel.reason == PROMON_REASON_STATUS)
        promon__channel_resume(&mysql->channel, mysql->channel.deadline_ns, mysql->channel.result);
    return mysql->channel.reason == PROMON_REASON_NONE;
}

static bool converse(struct promon__mysql *mysql)
{
    const int64_t begin_ns = mysql->host->now_ns();
    bool is_well;

    mysql->channel.stage = NULL;
    if (mysql->query == NULL)
        is_well = run(mysql, default_query);
    else
        is_well = limit_time(mysql) && run(mysql, forbid_writing) && run(mysql, mysql->query);
    mysql->host->phase(mysql->channel.result, PROMON_PHASE_QUERY, mysql->host->now_ns() - begin_ns);
    return is_well;
}

static bool greet(struct promon__mysql *mysql)
{
    const int64_t begin_ns = mysql->host->now_ns();
    int64_t tls_ns;
    bool is_in;

    mysql->channel.stage = "while logging in";
    is_in = promon__mysql_log_in(mysql, &tls_ns);
    mysql->host->phase(mysql->channel.result, PROMON_PHASE_LOGIN,
                       mysql->host->now_ns() - begin_ns - tls_ns);
    return is_in;
}

/* True: the outcome stands; false: the connection is to be replaced. */
static bool try_kept(struct promon__mysql *mysql, int64_t deadline_ns, struct promon_result *result)
{
    if (!promon__channel_is_idle(&mysql->channel))
        return false;
    promon__channel_resume(&mysql->channel, deadline_ns, result);
    promon__certificate_tell(&mysql->secure.certificate, mysql->host, result);
    return converse(mysql) || !mysql->channel.is_broken;
}

static enum promon_verdict try_fresh(struct promon__mysql *mysql, int64_t deadline_ns,
                                     struct promon_result *result)
{
    const enum promon_verdict verdict =
        promon__channel_open(&mysql->channel, &mysql->target, deadline_ns, result);

    if (verdict == PROMON_UP && greet(mysql))
        (void)converse(mysql);
    return verdict;
}

static enum promon_verdict mysql_check(void *context, int64_t deadline_ns,
                                       struct promon_result *result)
{
    struct promon__mysql *mysql = context;
    enum promon_verdict verdict = PROMON_UP;

    if (!try_kept(mysql, deadline_ns, result))
        verdict = try_fresh(mysql, deadline_ns, result);
    if (verdict == PROMON_UP && mysql->channel.reason != PROMON_REASON_NONE)
        verdict = promon__channel_fail(&mysql->channel);
    if (verdict == PROMON_UP && !mysql->keeps)
        say_goodbye(mysql);
    else if (verdict != PROMON_UP)
        promon__channel_close(&mysql->channel);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "mysql",
    .description = "a MySQL or MariaDB server lets us in and answers a query",
    .params = rules,
    .open = mysql_open,
    .check = mysql_check,
    .close = mysql_close,
};
