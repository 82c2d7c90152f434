/*
 * The query of a URL: parameters of a fixed list, each once. Unknown ones are errors, because one
 * that is misspelt must not turn off what it was to turn on.
 */
#include "url.h"

#include <string.h>

#include "endpoint.h"
#include "error.h"

enum kind { TEXT, NUMBER, WORD };

struct parameter {
    const char *name;
    size_t offset; /* in struct url_query */
    enum kind kind;
    bool is_tls;
    uint32_t least, most; /* NUMBER */
    const char *words[2]; /* WORD: 1 and 2 */
};

#define AT(member) offsetof(struct url_query, member)

static const struct parameter parameters[] = {
    {"cacertfile", AT(ca_file), TEXT, true, 0, 0, {NULL, NULL}},
    {"certfile", AT(cert_file), TEXT, true, 0, 0, {NULL, NULL}},
    {"keyfile", AT(key_file), TEXT, true, 0, 0, {NULL, NULL}},
    {"server_name_indication", AT(server_name), TEXT, true, 0, 0, {NULL, NULL}},
    {"verify", AT(verify), WORD, true, 0, 0, {"verify_peer", "verify_none"}},
    {"auth_mechanism", AT(mechanism), WORD, false, 0, 0, {"plain", "external"}},
    {"heartbeat", AT(heartbeat_s), NUMBER, false, 1, HEARTBEAT_MAX_S, {NULL, NULL}},
    {"connection_timeout", AT(connect_timeout_ms), NUMBER, false, 1, UINT32_MAX, {NULL, NULL}},
    {"frame_max", AT(frame_max), NUMBER, false, FRAME_MAX_LEAST, FRAME_MAX_MOST, {NULL, NULL}},
};

enum { N_PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

static enum amqpext_status refuse(const struct parameter *parameter, const char *why,
                                  struct amqpext_error *error)
{
    return amqpext__fail(error, AMQPEXT_EINVALID, "the URL of the broker: %s %s", parameter->name,
                         why);
}

static enum amqpext_status set_text(const struct parameter *parameter, struct bytes value,
                                    struct arena *arena, const char **out,
                                    struct amqpext_error *error)
{
    char *text;

    if (value.size == 0)
        return refuse(parameter, "is empty", error);
    if (amqpext__url_check(value, "!$'()*,;:/=", parameter->name, error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    text = amqpext__url_decode(value, arena);
    if (text == NULL)
        return amqpext__fail_memory(error);
    *out = text;
    return AMQPEXT_OK;
}

static enum amqpext_status set_number(const struct parameter *parameter, struct bytes value,
                                      uint32_t *out, struct amqpext_error *error)
{
    if (amqpext__url_number(value, parameter->least, parameter->most, out))
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_EINVALID,
                         "the URL of the broker: %s is no number from %lu to %lu", parameter->name,
                         (unsigned long)parameter->least, (unsigned long)parameter->most);
}

static enum amqpext_status set_word(const struct parameter *parameter, struct bytes value,
                                    uint32_t *out, struct amqpext_error *error)
{
    uint32_t i;

    for (i = 0; i < 2; i++) {
        if (bytes_equal(value, bytes_of(parameter->words[i]))) {
            *out = i + 1;
            return AMQPEXT_OK;
        }
    }
    return amqpext__fail(error, AMQPEXT_EINVALID, "the URL of the broker: %s is neither %s nor %s",
                         parameter->name, parameter->words[0], parameter->words[1]);
}

static enum amqpext_status set(const struct parameter *parameter, struct bytes value,
                               struct arena *arena, struct url_query *out,
                               struct amqpext_error *error)
{
    void *member = (char *)out + parameter->offset;

    if (parameter->is_tls && out->tls_parameter == NULL)
        out->tls_parameter = parameter->name;
    switch (parameter->kind) {
    case TEXT: return set_text(parameter, value, arena, member, error);
    case NUMBER: return set_number(parameter, value, member, error);
    case WORD: break;
    }
    return set_word(parameter, value, member, error);
}

/* Its place in the list, or N_PARAMETERS. */
static unsigned find(struct bytes name)
{
    unsigned i = 0;

    while (i < N_PARAMETERS && !bytes_equal(name, bytes_of(parameters[i].name)))
        i++;
    return i;
}

static enum amqpext_status refuse_unknown(struct bytes name, struct amqpext_error *error)
{
    /* Names are short: a longer one may be anything. */
    const int shown = name.size <= 32 ? (int)name.size : 0;

    if (shown == 0 || amqpext__url_check(name, "", "", NULL) != AMQPEXT_OK)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "the URL of the broker: a parameter has no known name");
    return amqpext__fail(error, AMQPEXT_EINVALID,
                         "the URL of the broker: there is no parameter %.*s", shown, name.data);
}

static enum amqpext_status read_one(struct bytes one, unsigned *seen, struct arena *arena,
                                    struct url_query *out, struct amqpext_error *error)
{
    const char *equals = one.size == 0 ? NULL : memchr(one.data, '=', one.size);
    struct bytes name = one, value = {NULL, 0};
    unsigned i;

    if (equals != NULL) {
        name.size = (size_t)(equals - one.data);
        value = (struct bytes){equals + 1, one.size - name.size - 1};
    }
    i = find(name);
    if (i == N_PARAMETERS)
        return refuse_unknown(name, error);
    if ((*seen & 1U << i) != 0)
        return refuse(&parameters[i], "is given twice", error);
    *seen |= 1U << i;
    return set(&parameters[i], value, arena, out, error);
}

enum amqpext_status amqpext__url_query(struct bytes query, struct arena *arena,
                                       struct url_query *out, struct amqpext_error *error)
{
    enum amqpext_status status = AMQPEXT_OK;
    unsigned seen = 0;

    memset(out, 0, sizeof(*out));
    while (status == AMQPEXT_OK && query.size > 0) {
        const char *end = memchr(query.data, '&', query.size);
        struct bytes one = query;

        if (end != NULL)
            one.size = (size_t)(end - query.data);
        query.data += one.size + (end != NULL);
        query.size -= one.size + (end != NULL);
        status = read_one(one, &seen, arena, out, error);
    }
    return status;
}
