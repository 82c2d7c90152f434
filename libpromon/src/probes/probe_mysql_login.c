/*
 * Logins of MySQL and MariaDB: the greeting, TLS if wanted, and a password proved by what the
 * server asks for.
 *
 * Invariant: the password itself is only sent by TLS or a Unix socket, whatever a server asks for.
 */
#include <openssl/evp.h>
#include <string.h>

#include "probe_mysql.h"

/* What a client can do, of which a server is told. */
enum capability {
    LONG_PASSWORD = 0x1,
    CONNECT_WITH_DATABASE = 0x8,
    PROTOCOL_41 = 0x200,
    SSL_AFTER_GREETING = 0x800,
    TRANSACTIONS = 0x2000,
    SECURE_CONNECTION = 0x8000,
    PLUGIN_AUTH = 0x80000,
    CONNECT_ATTRIBUTES = 0x100000
};

enum {
    LOGIN_LIMIT = 65536, /* bytes of a packet before the login is over */
    MAX_ROUNDS = 8, /* of questions that a server asks then */
    MAX_PROOF = 256,
    UTF8MB4 = 45,
    MAX_PACKET = 1 << 24,
    FIXED_BYTES = 32
};

/* A packet that is made; what does not fit makes it invalid. */
struct draft {
    unsigned char bytes[2048];
    size_t size;
    bool is_full;
};

static void put(struct draft *draft, const void *data, size_t size)
{
    if (size > sizeof(draft->bytes) - draft->size) {
        draft->is_full = true;
        return;
    }
    memcpy(draft->bytes + draft->size, data, size);
    draft->size += size;
}

static void put_byte(struct draft *draft, unsigned value)
{
    const unsigned char byte = (unsigned char)value;

    put(draft, &byte, 1);
}

static void put_number(struct draft *draft, uint32_t value)
{
    unsigned i;

    for (i = 0; i < 4; i++)
        put_byte(draft, value >> (8 * i) & 0xff);
}

static void put_string(struct draft *draft, const char *text)
{
    put(draft, text, strlen(text) + 1);
}

/* Shorter than 251 bytes. */
static void put_counted(struct draft *draft, const char *text)
{
    put_byte(draft, (unsigned)strlen(text));
    put(draft, text, strlen(text));
}

struct greeting {
    uint32_t capabilities;
    const char *plugin; /* "" : none */
};

/* The parts of the greeting behind the version, at `at`. */
static bool read_greeting_rest(struct promon__mysql *mysql, size_t at, struct greeting *greeting)
{
    const unsigned char *p = mysql->packet;
    const size_t first = at + 4, low = first + 8 + 1, high = low + 2 + 1 + 2, second = high + 13;

    /* One byte for a NUL behind the second part of the nonce. */
    if (mysql->size < second + 12 + 1)
        return promon__mysql_nonsense(mysql);
    greeting->capabilities = (uint32_t)p[low] | (uint32_t)p[low + 1] << 8 |
                             (uint32_t)p[high] << 16 | (uint32_t)p[high + 1] << 24;
    memcpy(mysql->nonce, p + first, 8);
    memcpy(mysql->nonce + 8, p + second, 12);
    greeting->plugin = "";
    if ((greeting->capabilities & PLUGIN_AUTH) != 0 && mysql->size > second + 13)
        greeting->plugin = (const char *)p + second + 13; /* the packet ends with a NUL */
    return true;
}

static void choose_plugin(struct promon__mysql *mysql, const char *name)
{
    size_t size = strlen(name);

    if (size >= sizeof(mysql->plugin))
        size = sizeof(mysql->plugin) - 1;
    memcpy(mysql->plugin, name, size);
    mysql->plugin[size] = '\0';
}

static bool read_greeting(struct promon__mysql *mysql, struct greeting *greeting)
{
    const char *version;

    mysql->sequence = 0;
    if (!promon__mysql_receive(mysql, LOGIN_LIMIT))
        return false;
    if (mysql->packet[0] == MYSQL_ERR)
        return promon__mysql_refused(mysql);
    version = (const char *)mysql->packet + 1;
    if (mysql->packet[0] != 10 || 1 + strlen(version) >= mysql->size)
        return promon__mysql_nonsense(mysql);
    mysql->is_mariadb = strstr(version, "MariaDB") != NULL;
    mysql->host->note(mysql->channel.result, "version %s", version);
    if (!read_greeting_rest(mysql, 1 + strlen(version) + 1, greeting))
        return false;
    if ((greeting->capabilities & PROTOCOL_41) == 0 ||
        (greeting->capabilities & SECURE_CONNECTION) == 0)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_PROTOCOL,
                                       "the server is older than MySQL 4.1");
    return true;
}

static bool is_private(const struct promon__mysql *mysql)
{
    return mysql->channel.ssl != NULL || mysql->target.host[0] == '/';
}

static bool digest(const EVP_MD *kind, const void *first, size_t first_size, const void *second,
                   size_t second_size, unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool is_made = context != NULL && EVP_DigestInit_ex(context, kind, NULL) == 1 &&
                         EVP_DigestUpdate(context, first, first_size) == 1 &&
                         EVP_DigestUpdate(context, second, second_size) == 1 &&
                         EVP_DigestFinal_ex(context, out, NULL) == 1;

    EVP_MD_CTX_free(context);
    return is_made;
}

/*
 * H(password) xor H(nonce, H(H(password))), or with the parts the other way round: native with
 * SHA-1, caching with SHA-256.
 */
static size_t scramble(const struct promon__mysql *mysql, const EVP_MD *kind, bool nonce_first,
                       unsigned char *out)
{
    const size_t size = (size_t)EVP_MD_get_size(kind), nonce = PROMON__MYSQL_NONCE_BYTES;
    unsigned char twice[EVP_MAX_MD_SIZE], mask[EVP_MAX_MD_SIZE];
    size_t i;

    if (!digest(kind, mysql->password, strlen(mysql->password), "", 0, out) ||
        !digest(kind, out, size, "", 0, twice))
        return 0;
    if (!(nonce_first ? digest(kind, mysql->nonce, nonce, twice, size, mask)
                      : digest(kind, twice, size, mysql->nonce, nonce, mask)))
        return 0;
    for (i = 0; i < size; i++)
        out[i] ^= mask[i];
    return size;
}

static bool refuse_plain(struct promon__mysql *mysql)
{
    return promon__channel_trouble(&mysql->channel, PROMON_REASON_AUTH,
                                   "the server asks for the password itself, which is not sent "
                                   "without TLS");
}

static bool put_password(struct promon__mysql *mysql, struct draft *proof)
{
    if (!is_private(mysql))
        return refuse_plain(mysql);
    put_string(proof, mysql->password != NULL ? mysql->password : "");
    return true;
}

static bool no_digest(struct promon__mysql *mysql)
{
    return promon__channel_trouble(&mysql->channel, PROMON_REASON_INTERNAL,
                                   "OpenSSL does not offer the digest that the login needs");
}

/* What proves the password to the plugin that is chosen. */
static bool prove(struct promon__mysql *mysql, struct draft *proof)
{
    const bool is_native = strcmp(mysql->plugin, "mysql_native_password") == 0;
    const bool is_caching = strcmp(mysql->plugin, "caching_sha2_password") == 0;

    proof->size = 0;
    proof->is_full = false;
    if (strcmp(mysql->plugin, "mysql_clear_password") == 0)
        return put_password(mysql, proof);
    if (strcmp(mysql->plugin, "unix_socket") == 0 || strcmp(mysql->plugin, "auth_socket") == 0)
        return true;
    if (!is_native && !is_caching)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_INTERNAL,
                                       "the login \"%s\" is not one that this probe knows",
                                       mysql->plugin);
    if (mysql->password == NULL || mysql->password[0] == '\0') {
        put(proof, "", is_caching ? 1 : 0);
        return true;
    }
    proof->size = scramble(mysql, is_native ? EVP_sha1() : EVP_sha256(), is_native, proof->bytes);
    return proof->size > 0 || no_digest(mysql);
}

static uint32_t capabilities(const struct promon__mysql *mysql, const struct greeting *greeting)
{
    uint32_t wanted = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION |
                      (greeting->capabilities & (PLUGIN_AUTH | CONNECT_ATTRIBUTES));

    if (mysql->database != NULL)
        wanted |= CONNECT_WITH_DATABASE;
    return mysql->uses_tls ? wanted | SSL_AFTER_GREETING : wanted;
}

/* What a request for TLS and an answer to the greeting begin with. */
static void put_beginning(struct draft *draft, uint32_t flags)
{
    static const unsigned char zeros[FIXED_BYTES - 9];

    put_number(draft, flags);
    put_number(draft, MAX_PACKET);
    put_byte(draft, UTF8MB4);
    put(draft, zeros, sizeof(zeros));
}

static void put_attributes(struct draft *draft)
{
    struct draft attributes = {.size = 0};

    put_counted(&attributes, "program_name");
    put_counted(&attributes, "libpromon");
    put_counted(&attributes, "_client_name");
    put_counted(&attributes, "libpromon");
    put_byte(draft, (unsigned)attributes.size);
    put(draft, attributes.bytes, attributes.size);
}

static bool secure(struct promon__mysql *mysql, const struct greeting *greeting, uint32_t flags,
                   int64_t *took_ns)
{
    const int64_t begin_ns = mysql->host->now_ns();
    struct draft request = {.size = 0};
    bool is_secure;

    if ((greeting->capabilities & SSL_AFTER_GREETING) == 0)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_PROTOCOL,
                                       "the server does not offer TLS");
    put_beginning(&request, flags);
    is_secure = promon__mysql_send(mysql, request.bytes, request.size) &&
                promon__channel_secure(&mysql->channel, &mysql->secure);
    *took_ns = mysql->host->now_ns() - begin_ns;
    return is_secure;
}

static bool too_long(struct promon__mysql *mysql)
{
    return promon__channel_trouble(&mysql->channel, PROMON_REASON_INTERNAL,
                                   "user, password or database are too long");
}

static bool answer_greeting(struct promon__mysql *mysql, uint32_t flags)
{
    struct draft answer = {.size = 0}, proof = {.size = 0};

    if (!prove(mysql, &proof))
        return false;
    put_beginning(&answer, flags);
    put_string(&answer, mysql->user);
    put_byte(&answer, (unsigned)proof.size);
    put(&answer, proof.bytes, proof.size > MAX_PROOF ? sizeof(answer.bytes) : proof.size);
    if (mysql->database != NULL)
        put_string(&answer, mysql->database);
    if ((flags & PLUGIN_AUTH) != 0)
        put_string(&answer, mysql->plugin);
    if ((flags & CONNECT_ATTRIBUTES) != 0)
        put_attributes(&answer);
    if (answer.is_full || proof.is_full)
        return too_long(mysql);
    return promon__mysql_send(mysql, answer.bytes, answer.size);
}

static bool send_proof(struct promon__mysql *mysql, const struct draft *proof)
{
    return proof->is_full ? too_long(mysql) : promon__mysql_send(mysql, proof->bytes, proof->size);
}

/* The server wants the proof in another way. */
static bool switch_plugin(struct promon__mysql *mysql)
{
    struct draft proof = {.size = 0};
    const char *name = (const char *)mysql->packet + 1;
    const size_t data = 1 + strlen(name) + 1;

    if (mysql->size == 1)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_AUTH,
                                       "the server asks for the password as before MySQL 4.1");
    choose_plugin(mysql, name);
    if (mysql->size >= data + PROMON__MYSQL_NONCE_BYTES)
        memcpy(mysql->nonce, mysql->packet + data, PROMON__MYSQL_NONCE_BYTES);
    return prove(mysql, &proof) && send_proof(mysql, &proof);
}

/* caching_sha2_password: 3, the proof is accepted; 4, the server does not know the password yet. */
static bool go_on(struct promon__mysql *mysql)
{
    struct draft proof = {.size = 0};

    if (strcmp(mysql->plugin, "caching_sha2_password") != 0 || mysql->size != 2)
        return promon__mysql_nonsense(mysql);
    if (mysql->packet[1] == 3)
        return true;
    if (mysql->packet[1] != 4)
        return promon__mysql_nonsense(mysql);
    return put_password(mysql, &proof) && send_proof(mysql, &proof);
}

static bool finish(struct promon__mysql *mysql)
{
    unsigned round;

    for (round = 0; round < MAX_ROUNDS; round++) {
        bool is_well;

        if (!promon__mysql_receive(mysql, LOGIN_LIMIT))
            return false;
        switch (mysql->packet[0]) {
        case MYSQL_OK: return true;
        case MYSQL_ERR: return promon__mysql_refused(mysql);
        case MYSQL_EOF: is_well = switch_plugin(mysql); break;
        case MYSQL_MORE: is_well = go_on(mysql); break;
        default: is_well = promon__mysql_nonsense(mysql); break;
        }
        if (!is_well)
            return false;
    }
    return promon__mysql_nonsense(mysql);
}

/* A plugin that is not known is not answered; the server is asked for one that is. */
static void begin_plugin(struct promon__mysql *mysql, const char *offered)
{
    const bool is_caching = strcmp(offered, "caching_sha2_password") == 0;

    choose_plugin(mysql, is_caching ? offered : "mysql_native_password");
}

bool promon__mysql_log_in(struct promon__mysql *mysql, int64_t *tls_ns)
{
    struct greeting greeting = {.capabilities = 0};
    uint32_t flags;

    *tls_ns = 0;
    if (!read_greeting(mysql, &greeting))
        return false;
    begin_plugin(mysql, greeting.plugin);
    flags = capabilities(mysql, &greeting);
    if (mysql->uses_tls && !secure(mysql, &greeting, flags, tls_ns))
        return false;
    return answer_greeting(mysql, flags) && finish(mysql);
}
