/*
 * The module "postgres": logs in to a database and runs a query that writes nothing.
 */
#include "probe_postgres.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct promon_param_rule rules[] = {
    {.name = "host",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name or address; a path with '/' at its start is the folder of a Unix socket"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "port",
     .otherwise = "5432"},
    {.name = "user",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "to log in as"},
    {.name = "password",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_SECRET,
     .help = "to log in with",
     .otherwise = "that of ~/.pgpass"},
    {.name = "database",
     .type = PROMON_PARAM_STRING,
     .help = "that must be there and allowed",
     .otherwise = "the name of the user"},
    {.name = "query",
     .type = PROMON_PARAM_STRING,
     .help = "one statement, run in a transaction that is read only",
     .otherwise = "SELECT 1"},
    {.name = "expected",
     .type = PROMON_PARAM_STRING,
     .help = "first column of its first row, as text"},
    {.name = "sslmode",
     .type = PROMON_PARAM_STRING,
     .help = "\"disable\", \"allow\", \"prefer\", \"require\", \"verify-ca\" or \"verify-full\"",
     .otherwise = "prefer"},
    {.name = "sslrootcert",
     .type = PROMON_PARAM_STRING,
     .help = "file of the authorities to trust, in PEM",
     .otherwise = "the system's"},
    {.name = "sslcert",
     .type = PROMON_PARAM_STRING,
     .help = "file of a certificate to show, in PEM"},
    {.name = "sslkey", .type = PROMON_PARAM_STRING, .help = "file of its key, in PEM"},
    {.name = "connect",
     .type = PROMON_PARAM_STRING,
     .help = "\"fresh\": a connection for each check; \"keep\": one for many",
     .otherwise = "fresh"},
    {.name = NULL},
};

static const char *const sslmodes[] = {"disable", "allow",     "prefer",
                                       "require", "verify-ca", "verify-full"};

static void hang_up(struct promon__postgres *postgres)
{
    PQfinish(postgres->connection);
    ERR_clear_error();
    postgres->connection = NULL;
}

static void postgres_close(void *context)
{
    struct promon__postgres *postgres = context;

    hang_up(postgres);
    X509_STORE_free(postgres->store);
    free(postgres);
}

static bool is_sslmode(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(sslmodes) / sizeof(sslmodes[0]); i++)
        if (strcmp(text, sslmodes[i]) == 0)
            return true;
    return false;
}

static enum promon_status read_tls(struct promon__postgres *postgres,
                                   const struct promon_params *params, struct promon_error *error)
{
    const struct promon_host *host = postgres->host;
    int loaded;

    postgres->sslmode = host->param_string(params, "sslmode", "prefer");
    postgres->sslrootcert = host->param_string(params, "sslrootcert", NULL);
    postgres->sslcert = host->param_string(params, "sslcert", NULL);
    postgres->sslkey = host->param_string(params, "sslkey", NULL);
    if (!is_sslmode(postgres->sslmode))
        return host->error_set(error, PROMON_ECONFIG,
                               "params.sslmode: expected disable, allow, prefer, require, "
                               "verify-ca or verify-full");
    postgres->certificate.is_required = strncmp(postgres->sslmode, "verify", 6) == 0;
    if (strcmp(postgres->sslmode, "verify-full") == 0 && postgres->target.host[0] != '/')
        postgres->certificate.host = postgres->target.host;
    postgres->store = X509_STORE_new();
    if (postgres->store == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    loaded = postgres->sslrootcert == NULL
                 ? X509_STORE_set_default_paths(postgres->store)
                 : X509_STORE_load_file(postgres->store, postgres->sslrootcert);
    ERR_clear_error();
    if (loaded != 1)
        return host->error_set(error, PROMON_ECONFIG, "params.sslrootcert: cannot be read as PEM");
    return PROMON_OK;
}

static enum promon_status read_params(struct promon__postgres *postgres,
                                      const struct promon_params *params,
                                      struct promon_error *error)
{
    const struct promon_host *host = postgres->host;
    const char *name = host->param_string(params, "host", "");
    const char *connect = host->param_string(params, "connect", "fresh");

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    postgres->target = (struct promon_target){
        .size = sizeof(postgres->target),
        .host = name,
        .port = (unsigned)host->param_integer(params, "port", 5432),
    };
    (void)snprintf(postgres->port, sizeof(postgres->port), "%u", postgres->target.port % 65536);
    postgres->user = host->param_string(params, "user", NULL);
    postgres->password = host->param_string(params, "password", NULL);
    postgres->database = host->param_string(params, "database", NULL);
    postgres->query = host->param_string(params, "query", NULL);
    postgres->expected = host->param_string(params, "expected", NULL);
    postgres->keeps = strcmp(connect, "keep") == 0;
    if (!postgres->keeps && strcmp(connect, "fresh") != 0)
        return host->error_set(error, PROMON_ECONFIG,
                               "params.connect: expected \"fresh\" or \"keep\"");
    return read_tls(postgres, params, error);
}

static enum promon_status postgres_open(const struct promon_host *host,
                                        const struct promon_params *params, void **context,
                                        struct promon_error *error)
{
    struct promon__postgres *postgres = calloc(1, sizeof(*postgres));
    enum promon_status status;

    if (postgres == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    postgres->host = host;
    status = read_params(postgres, params, error);
    if (status != PROMON_OK)
        postgres_close(postgres);
    else
        *context = postgres;
    return status;
}

/* A connection that was kept and has ended, or ends now, is replaced without a word. */
static bool try_kept(struct promon__postgres *postgres)
{
    if (postgres->connection == NULL)
        return false;
    if (PQconsumeInput(postgres->connection) != 0 &&
        PQstatus(postgres->connection) == CONNECTION_OK) {
        promon__certificate_tell(&postgres->certificate, postgres->host, postgres->result);
        if (promon__postgres_ask(postgres) || PQstatus(postgres->connection) == CONNECTION_OK)
            return true;
    }
    hang_up(postgres);
    postgres->reason = PROMON_REASON_NONE;
    return false;
}

static enum promon_verdict postgres_check(void *context, int64_t deadline_ns,
                                          struct promon_result *result)
{
    struct promon__postgres *postgres = context;
    enum promon_verdict verdict = PROMON_UP;

    postgres->result = result;
    postgres->deadline_ns = deadline_ns;
    postgres->reason = PROMON_REASON_NONE;
    if (!try_kept(postgres)) {
        verdict = promon__postgres_connect(postgres);
        if (verdict == PROMON_UP && postgres->connection != NULL)
            (void)promon__postgres_ask(postgres);
    }
    if (verdict == PROMON_UP && postgres->reason != PROMON_REASON_NONE)
        verdict = postgres->host->fail(result, postgres->reason, "%s", postgres->why);
    if (verdict != PROMON_UP || !postgres->keeps)
        hang_up(postgres);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "postgres",
    .description = "a PostgreSQL server lets us in and answers a query",
    .params = rules,
    .open = postgres_open,
    .check = postgres_check,
    .close = postgres_close,
};
