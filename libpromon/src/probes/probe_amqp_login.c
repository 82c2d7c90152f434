/*
 * The login of AMQP: start, start-ok, tune, tune-ok, open, open-ok.
 */
#include <stdlib.h>
#include <string.h>

#include "probe_amqp.h"

static const char header[] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};

static amqp_bytes_t bytes_of(const char *text)
{
    return (amqp_bytes_t){.len = strlen(text), .bytes = (void *)(uintptr_t)text};
}

/* A word of a list with spaces between them. */
static bool is_among(const char *word, const uint8_t *list, size_t size)
{
    const size_t length = strlen(word);
    size_t at = 0;

    while (at < size) {
        size_t end = at;

        while (end < size && list[end] != ' ')
            end++;
        if (end - at == length && memcmp(list + at, word, length) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

/*
 * Whether connection.start offers the mechanism. It is read by hand: the table in it, which nobody
 * needs, would be decoded as deep as the broker nests it.
 */
static bool offers(struct promon__amqp *amqp, const char *mechanism)
{
    const uint8_t *p = amqp->frame + 4 + 2;
    size_t left = amqp->size < 4 + 2 + 4 ? 0 : amqp->size - 4 - 2, size;
    unsigned skip;

    for (skip = 0; skip < 2; skip++) {
        if (left < 4)
            return promon__amqp_nonsense(amqp);
        size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        p += 4;
        left -= 4;
        if (size > left)
            return promon__amqp_nonsense(amqp);
        if (skip == 1)
            break;
        p += size;
        left -= size;
    }
    return is_among(mechanism, p, size) ||
           promon__channel_trouble(&amqp->channel, PROMON_REASON_AUTH,
                                   "the broker does not offer the login %s", mechanism);
}

static amqp_table_entry_t text_entry(const char *key, const char *text)
{
    amqp_table_entry_t entry = {.key = bytes_of(key)};

    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes_of(text);
    return entry;
}

/* With this a broker says why a login is refused instead of hanging up. */
static amqp_table_entry_t capabilities_entry(amqp_table_entry_t *capability)
{
    amqp_table_entry_t entry = {.key = bytes_of("capabilities")};

    capability->key = bytes_of("authentication_failure_close");
    capability->value.kind = AMQP_FIELD_KIND_BOOLEAN;
    capability->value.value.boolean = 1;
    entry.value.kind = AMQP_FIELD_KIND_TABLE;
    entry.value.value.table = (amqp_table_t){.num_entries = 1, .entries = capability};
    return entry;
}

/* "\0USER\0PASSWORD"; freed by the caller. */
static char *plain_login(const struct promon__amqp *amqp, size_t *size)
{
    const size_t user = strlen(amqp->user), password = strlen(amqp->password);
    char *text = calloc(1, user + password + 3);

    if (text == NULL)
        return NULL;
    memcpy(text + 1, amqp->user, user);
    memcpy(text + 2 + user, amqp->password, password);
    *size = user + password + 2;
    return text;
}

static bool send_start_ok(struct promon__amqp *amqp)
{
    amqp_table_entry_t capability = {.key = {.len = 0}};
    amqp_table_entry_t properties[] = {
        text_entry("product", "libpromon"),
        text_entry("connection_name", "libpromon"),
        capabilities_entry(&capability),
    };
    amqp_connection_start_ok_t answer = {
        .client_properties = {.num_entries = 3, .entries = properties},
        .mechanism = bytes_of(amqp->is_external ? "EXTERNAL" : "PLAIN"),
        .locale = bytes_of("en_US"),
    };
    char *login = amqp->is_external ? NULL : plain_login(amqp, &answer.response.len);
    bool is_sent;

    if (login == NULL && !amqp->is_external)
        return promon__channel_trouble(&amqp->channel, PROMON_REASON_INTERNAL, "out of memory");
    answer.response.bytes = login;
    is_sent = promon__amqp_send(amqp, 0, AMQP_CONNECTION_START_OK_METHOD, &answer);
    free(login);
    return is_sent;
}

static bool start(struct promon__amqp *amqp)
{
    amqp_method_number_t method;

    if (!promon__channel_send(&amqp->channel, header, sizeof(header)))
        return false;
    method = promon__amqp_receive(amqp);
    if (method == 0)
        return false;
    if (method != AMQP_CONNECTION_START_METHOD)
        return promon__amqp_nonsense(amqp);
    return offers(amqp, amqp->is_external ? "EXTERNAL" : "PLAIN") && send_start_ok(amqp);
}

/* Heartbeats are not wanted: a check looks often enough. */
static bool tune(struct promon__amqp *amqp)
{
    const amqp_connection_tune_t *wish = promon__amqp_expect(amqp, AMQP_CONNECTION_TUNE_METHOD);
    amqp_connection_tune_ok_t answer = {.heartbeat = 0};

    if (wish == NULL)
        return false;
    answer.channel_max = wish->channel_max;
    answer.frame_max = wish->frame_max == 0 || wish->frame_max > PROMON__AMQP_FRAME_BYTES
                           ? PROMON__AMQP_FRAME_BYTES
                           : wish->frame_max;
    return promon__amqp_send(amqp, 0, AMQP_CONNECTION_TUNE_OK_METHOD, &answer);
}

bool promon__amqp_log_in(struct promon__amqp *amqp)
{
    amqp_connection_open_t open = {.virtual_host = bytes_of(amqp->vhost)};

    amqp->channel.stage = "while logging in";
    if (!start(amqp))
        return false;
    /* That is how brokers refuse a login when they do not say so. */
    amqp->channel.closed_as = PROMON_REASON_AUTH;
    if (!tune(amqp) || !promon__amqp_send(amqp, 0, AMQP_CONNECTION_OPEN_METHOD, &open) ||
        promon__amqp_expect(amqp, AMQP_CONNECTION_OPEN_OK_METHOD) == NULL)
        return false;
    amqp->channel.closed_as = PROMON_REASON_NONE;
    amqp->channel.stage = NULL;
    amqp->is_in = true;
    return true;
}
