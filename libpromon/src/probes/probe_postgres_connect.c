/*
 * Connecting with libpq: one address after the other, each with its share of the time, by
 * PQconnectPoll.
 *
 * libpq is told to verify no certificate. It is judged here as soon as the handshake is over, and
 * before anything is sent by it, the user's name included: so what it says is known when it is
 * refused too.
 */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "probe_postgres.h"

/* No authorities for libpq, nor those in the home of the user. */
static const char *const no_file = "/dev/null/none";

enum { MAX_PARAMETERS = 16, ADDRESS_BYTES = NI_MAXHOST };

struct parameters {
    const char *keywords[MAX_PARAMETERS];
    const char *values[MAX_PARAMETERS];
    unsigned count;
};

/* Where the time of an attempt goes. */
struct attempt {
    enum promon_phase phase;
    int64_t begin_ns; /* of the phase */
    int64_t step_ns; /* when the step began */
    int64_t deadline_ns; /* of this address */
    bool is_judged; /* the certificate was */
};

static void set(struct parameters *parameters, const char *keyword, const char *value)
{
    if (value == NULL)
        return;
    parameters->keywords[parameters->count] = keyword;
    parameters->values[parameters->count++] = value;
}

/* Those that are empty mean the default to libpq. */
static void choose(const struct promon__postgres *postgres, const char *address,
                   struct parameters *out)
{
    const bool verifies = strncmp(postgres->sslmode, "verify", strlen("verify")) == 0;

    memset(out, 0, sizeof(*out));
    set(out, "host", postgres->target.host);
    set(out, "hostaddr", address);
    set(out, "port", postgres->port);
    set(out, "user", postgres->user);
    set(out, "password", postgres->password);
    set(out, "dbname", postgres->database);
    set(out, "sslmode", verifies ? "require" : postgres->sslmode);
    set(out, "sslrootcert", no_file);
    set(out, "sslcrl", no_file);
    set(out, "sslcert", postgres->sslcert != NULL ? postgres->sslcert : no_file);
    set(out, "sslkey", postgres->sslkey);
    /* Of a key that is encrypted; without one OpenSSL would ask on the terminal. */
    set(out, "sslpassword", "none");
    set(out, "gssencmode", "disable");
    set(out, "application_name", "libpromon");
    set(out, "client_encoding", "UTF8");
}

static void change_phase(struct promon__postgres *postgres, struct attempt *attempt,
                         enum promon_phase phase, int64_t since_ns)
{
    if (phase == attempt->phase)
        return;
    postgres->host->phase(postgres->result, attempt->phase, since_ns - attempt->begin_ns);
    attempt->phase = phase;
    attempt->begin_ns = since_ns;
}

static bool judge(struct promon__postgres *postgres, SSL *ssl)
{
    struct promon__certificate *certificate = &postgres->certificate;

    promon__certificate_judge(certificate, ssl, postgres->store);
    ERR_clear_error();
    promon__certificate_tell(certificate, postgres->host, postgres->result);
    postgres->host->note(postgres->result, "%s, %s", SSL_get_version(ssl),
                         SSL_get_cipher_name(ssl));
    if (!promon__certificate_is_refused(certificate))
        return true;
    return promon__postgres_trouble(postgres, promon__certificate_reason(certificate),
                                    "certificate \"%s\": %s", certificate->subject,
                                    promon__certificate_failure(certificate));
}

/* Looks at where libpq is after a step. False: the certificate is refused. */
static bool follow(struct promon__postgres *postgres, struct attempt *attempt)
{
    SSL *ssl =
        PQsslInUse(postgres->connection) != 0 ? PQsslStruct(postgres->connection, "OpenSSL") : NULL;
    const ConnStatusType status = PQstatus(postgres->connection);
    bool is_trusted = true;

    if (ssl != NULL && !attempt->is_judged) {
        /* Quick servers answer within the step that begins it. */
        change_phase(postgres, attempt, PROMON_PHASE_TLS, attempt->step_ns);
        if (!SSL_is_init_finished(ssl))
            return true;
        attempt->is_judged = true;
        is_trusted = judge(postgres, ssl);
    }
    if (status != CONNECTION_STARTED && status != CONNECTION_BAD)
        change_phase(postgres, attempt, PROMON_PHASE_LOGIN, postgres->host->now_ns());
    return is_trusted;
}

static bool fail_late(struct promon__postgres *postgres, const struct attempt *attempt)
{
    if (attempt->phase == PROMON_PHASE_CONNECT)
        return promon__postgres_trouble(postgres, PROMON_REASON_CONNECT_TIMEOUT,
                                        "no connection in time");
    if (attempt->phase == PROMON_PHASE_TLS)
        return promon__postgres_trouble(postgres, PROMON_REASON_CONNECT_TIMEOUT,
                                        "the TLS handshake was not over in time");
    return promon__postgres_trouble(postgres, PROMON_REASON_TIMEOUT,
                                    "no answer in time while logging in");
}

static bool says(const char *message, int system_errno)
{
    char buffer[128];

    return strstr(message, strerror_r(system_errno, buffer, sizeof(buffer))) != NULL;
}

/* Why libpq could not connect; it tells errno in words only. */
static enum promon_reason reason_of(const char *message)
{
    /* Of this process, not of the server. */
    static const int lacks[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EAFNOSUPPORT, EADDRNOTAVAIL};
    size_t i;

    for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
        if (says(message, lacks[i]))
            return PROMON_REASON_INTERNAL;
    if (says(message, ETIMEDOUT))
        return PROMON_REASON_CONNECT_TIMEOUT;
    /* It was connected, before libpq looked. */
    return says(message, ECONNRESET) ? PROMON_REASON_PROTOCOL : PROMON_REASON_REFUSED;
}

/* Whether it is about a file of this machine. */
static bool names(const char *message, const char *path)
{
    return path != NULL && strstr(message, path) != NULL;
}

static bool fail_failed(struct promon__postgres *postgres, const struct attempt *attempt)
{
    const char *message = PQerrorMessage(postgres->connection);
    enum promon_reason reason = PROMON_REASON_PROTOCOL;

    if (attempt->phase == PROMON_PHASE_CONNECT)
        reason = reason_of(message);
    else if (PQconnectionNeedsPassword(postgres->connection) != 0)
        reason = PROMON_REASON_AUTH;
    else if (names(message, postgres->sslcert) || names(message, postgres->sslkey))
        reason = PROMON_REASON_INTERNAL;
    return promon__postgres_refused(postgres, message, reason);
}

static bool step_until_done(struct promon__postgres *postgres, struct attempt *attempt)
{
    PostgresPollingStatusType wish = PGRES_POLLING_WRITING;

    for (;;) {
        const int events = wish == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (postgres->host->now_ns() >= attempt->deadline_ns ||
            postgres->host->wait(PQsocket(postgres->connection), events, attempt->deadline_ns) == 0)
            return fail_late(postgres, attempt);
        attempt->step_ns = postgres->host->now_ns();
        wish = PQconnectPoll(postgres->connection);
        if (!follow(postgres, attempt))
            return false;
        if (wish == PGRES_POLLING_OK)
            return true;
        if (wish == PGRES_POLLING_FAILED)
            return fail_failed(postgres, attempt);
    }
}

static void ignore_notice(void *data, const PGresult *result)
{
    (void)data;
    (void)result;
}

static bool begin(struct promon__postgres *postgres, const char *address)
{
    struct parameters parameters;

    choose(postgres, address, &parameters);
    postgres->connection = PQconnectStartParams(parameters.keywords, parameters.values, 0);
    if (postgres->connection == NULL)
        return promon__postgres_trouble(postgres, PROMON_REASON_INTERNAL, "out of memory");
    (void)PQsetErrorVerbosity(postgres->connection, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(postgres->connection, ignore_notice, NULL);
    return true;
}

/* One address; NULL: the Unix socket that the host names. */
static bool try_address(struct promon__postgres *postgres, const char *address, int64_t deadline_ns)
{
    struct attempt attempt = {.phase = PROMON_PHASE_CONNECT,
                              .begin_ns = postgres->host->now_ns(),
                              .deadline_ns = deadline_ns};
    bool is_done = false;

    postgres->certificate.is_seen = false;
    if (!begin(postgres, address))
        return false;
    if (PQstatus(postgres->connection) == CONNECTION_BAD)
        (void)fail_failed(postgres, &attempt);
    else
        is_done = step_until_done(postgres, &attempt);
    postgres->host->phase(postgres->result, attempt.phase,
                          postgres->host->now_ns() - attempt.begin_ns);
    if (is_done)
        return true;
    PQfinish(postgres->connection);
    ERR_clear_error();
    postgres->connection = NULL;
    return false;
}

/* Another address may do better after such a failure. */
static bool is_of_address(enum promon_reason reason)
{
    return reason == PROMON_REASON_REFUSED || reason == PROMON_REASON_CONNECT_TIMEOUT ||
           reason == PROMON_REASON_INTERNAL;
}

static void try_all(struct promon__postgres *postgres, const struct addrinfo *list)
{
    const struct addrinfo *each;
    unsigned left = 0;

    for (each = list; each != NULL; each = each->ai_next)
        left++;
    for (; list != NULL; list = list->ai_next, left--) {
        const int64_t now_ns = postgres->host->now_ns();
        const int64_t share_ns =
            postgres->deadline_ns > now_ns ? (postgres->deadline_ns - now_ns) / left : 0;
        char address[ADDRESS_BYTES];

        if (getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address), NULL, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        /* The last address that was tried is the one that is told of. */
        postgres->reason = PROMON_REASON_NONE;
        if (try_address(postgres, address, now_ns + share_ns) || !is_of_address(postgres->reason))
            return;
    }
}

enum promon_verdict promon__postgres_connect(struct promon__postgres *postgres)
{
    struct addrinfo *list = NULL;
    enum promon_verdict verdict;

    if (postgres->target.host[0] == '/') {
        (void)try_address(postgres, NULL, postgres->deadline_ns);
        return PROMON_UP;
    }
    verdict =
        postgres->host->resolve(&postgres->target, postgres->deadline_ns, postgres->result, &list);
    if (verdict != PROMON_UP)
        return verdict;
    try_all(postgres, list);
    postgres->host->addresses_free(list);
    if (postgres->connection == NULL && postgres->reason == PROMON_REASON_NONE)
        (void)promon__postgres_trouble(postgres, PROMON_REASON_INTERNAL, "no address can be used");
    return PROMON_UP;
}
