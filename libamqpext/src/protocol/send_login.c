/*
 * The login: who we are, what we can do, and with which name and password.
 *
 * Invariant: memory that is given back here holds nothing of the password.
 */
#include "protocol/send.h"

#include "protocol/send_method.h"
#include "protocol/wire.h"

#define LOCALE "en_US"
/* Names of fields, kinds and lengths of the client's properties together. */
#define PROPERTIES_ROOM 512

static amqp_table_entry_t text_entry(const char *name, const char *text)
{
    return (amqp_table_entry_t){codec_text(name),
                                {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = codec_text(text)}};
}

static amqp_table_entry_t able_to(const char *name)
{
    return (amqp_table_entry_t){codec_text(name),
                                {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

/* PLAIN: user and password, each behind a NUL. EXTERNAL: empty, the certificate says it. */
static void write_response(struct text *response, const struct login *login)
{
    if (strcmp(login->mechanism, "PLAIN") != 0)
        return;
    /* All at once: memory that grows leaves what was in it behind. */
    (void)text_reserve(response, strlen(login->user) + strlen(login->password) + 2);
    text_char(response, '\0');
    text_string(response, login->user);
    text_char(response, '\0');
    text_string(response, login->password);
}

static bool send_start_ok(struct text *out, const struct login *login, const struct text *response)
{
    amqp_table_entry_t capabilities[] = {
        able_to("connection.blocked"),
        able_to("consumer_cancel_notify"),
        able_to("basic.nack"),
        able_to("publisher_confirms"),
        able_to("authentication_failure_close"),
        able_to("exchange_exchange_bindings"),
    };
    amqp_table_entry_t properties[] = {
        text_entry("product", "libamqpext"),
        text_entry("version", login->product_version),
        text_entry("platform", "C"),
        text_entry("connection_name", login->connection_name),
        {codec_text("capabilities"),
         {.kind = AMQP_FIELD_KIND_TABLE,
          .value.table = {sizeof(capabilities) / sizeof(capabilities[0]), capabilities}}},
    };
    amqp_connection_start_ok_t method = {
        .client_properties = {sizeof(properties) / sizeof(properties[0]), properties},
        .mechanism = codec_text(login->mechanism),
        .response = codec_bytes((struct bytes){response->data, response->size}),
        .locale = codec_text(LOCALE),
    };

    return amqpext__send_method(out, 0, AMQP_CONNECTION_START_OK_METHOD, &method,
                                PROPERTIES_ROOM + strlen(login->product_version) +
                                    strlen(login->connection_name) + strlen(login->mechanism) +
                                    response->size);
}

enum send_result amqpext__send_start_ok(struct text *out, const struct login *login)
{
    const size_t start = out->size;
    struct text response = {0};
    bool is_sent;

    write_response(&response, login);
    is_sent = !response.failed && send_start_ok(out, login, &response);
    if (response.data != NULL)
        explicit_bzero(response.data, response.size);
    text_free(&response);
    if (!is_sent) {
        /* Also when it ran out beside `out`. */
        out->failed = true;
        return SEND_NO_MEMORY;
    }
    /* Before anything was negotiated, a frame has at most so many bytes. */
    if (out->size - start <= FRAME_MIN_MAX)
        return SEND_WRITTEN;
    explicit_bzero(out->data + start, out->size - start);
    out->size = start;
    return SEND_TOO_LARGE;
}
