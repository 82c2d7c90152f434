/* What is written reaches a real broker and comes back the same; what is refused it cannot read. */
#include "test.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker.h"
#include "protocol/content.h"
#include "protocol/send.h"
#include "protocol/table_codec.h"

/* Small, so that bodies take several frames. */
#define FRAME_MAX 4096
#define CHANNEL 1
#define QUEUE "wire.test"
#define MAX_SIZE ((size_t)1 << 20)
/* Ample on a loaded machine; reached only when a test fails. */
#define TIMEOUT_MS 20000

/* A connection without anything around it. */
struct peer {
    int fd;
    struct text out, in;
    size_t consumed; /* of `in`, by the last frame */
    struct content_reader reader;
};

static void flush(struct peer *peer)
{
    size_t sent = 0;

    assert_false(peer->out.failed);
    while (sent < peer->out.size) {
        const ssize_t n =
            send(peer->fd, peer->out.data + sent, peer->out.size - sent, MSG_NOSIGNAL);

        assert_true(n > 0);
        sent += (size_t)n;
    }
    peer->out.size = 0;
}

/* More bytes; false at the end of the connection. */
static bool receive(struct peer *peer)
{
    struct pollfd readable = {.fd = peer->fd, .events = POLLIN};
    char *room = text_reserve(&peer->in, FRAME_MAX);
    ssize_t n;

    assert_non_null(room);
    assert_int_equal(poll(&readable, 1, TIMEOUT_MS), 1);
    n = recv(peer->fd, room, FRAME_MAX, 0);
    if (n <= 0)
        return false;
    peer->in.size += (size_t)n;
    return true;
}

/* The next frame that is no heartbeat; false at the end of the connection. */
static bool next_frame(struct peer *peer, struct frame *frame)
{
    enum frame_result result = FRAME_PARTIAL;

    do {
        memmove(peer->in.data, peer->in.data + peer->consumed, peer->in.size - peer->consumed);
        peer->in.size -= peer->consumed;
        peer->consumed = 0;
        result = amqpext__frame_read((struct bytes){peer->in.data, peer->in.size}, FRAME_MAX, frame,
                                     &peer->consumed);
        if (result == FRAME_PARTIAL && !receive(peer))
            return false;
    } while (result == FRAME_PARTIAL || frame->type == FRAME_HEARTBEAT);
    assert_int_equal(result, FRAME_WHOLE);
    return true;
}

static struct method expect(struct peer *peer, enum method_kind kind)
{
    struct method method = {0};
    struct frame frame;

    flush(peer);
    assert_true(next_frame(peer, &frame));
    assert_int_equal(frame.type, FRAME_METHOD);
    assert_int_equal(amqpext__method_read(&frame, &method), METHOD_READ);
    assert_int_equal(method.kind, kind);
    return method;
}

static void login(struct peer *peer)
{
    const struct login login = {"PLAIN", "guest", "guest", "test of the wire", "0"};
    struct method start;

    amqpext__send_protocol_header(&peer->out);
    start = expect(peer, METHOD_CONNECTION_START);
    assert_true(bytes_equal(start.as.start.product, bytes_of("RabbitMQ")));
    assert_true(start.as.start.has_blocked && start.as.start.has_cancel_notify);
    assert_true(start.as.start.has_nack && start.as.start.has_confirms);
    assert_int_equal(amqpext__send_start_ok(&peer->out, &login), SEND_WRITTEN);
    assert_true(expect(peer, METHOD_CONNECTION_TUNE).as.tune.frame_max >= FRAME_MAX);
    amqpext__send_tune_ok(&peer->out, 1, FRAME_MAX, 0);
    amqpext__send_open(&peer->out, "/");
    expect(peer, METHOD_CONNECTION_OPEN_OK);
    amqpext__send_channel_open(&peer->out, CHANNEL);
    expect(peer, METHOD_CHANNEL_OPEN_OK);
}

static void open_peer(struct peer *peer)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(broker_port()),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    memset(peer, 0, sizeof(*peer));
    peer->reader.max_size = MAX_SIZE;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(connect(peer->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    text_bytes(&peer->in, "", 0);
    login(peer);
}

static void close_peer(struct peer *peer)
{
    close(peer->fd);
    text_free(&peer->in);
    text_free(&peer->out);
    amqpext__content_reset(&peer->reader);
}

/* A queue of this connection, with a consumer that acknowledges nothing. */
static void consume(struct peer *peer)
{
    const struct amqpext_queue queue = {.name = QUEUE, .exclusive = true};
    const struct consume consumer = {QUEUE, "me", true, false, NULL};

    assert_int_equal(amqpext__send_queue_declare(&peer->out, CHANNEL, &queue, NULL, FRAME_MAX),
                     SEND_WRITTEN);
    expect(peer, METHOD_QUEUE_DECLARE_OK);
    assert_int_equal(amqpext__send_consume(&peer->out, CHANNEL, &consumer, FRAME_MAX),
                     SEND_WRITTEN);
    expect(peer, METHOD_BASIC_CONSUME_OK);
}

static void publish(struct peer *peer, const struct publish *message)
{
    const size_t size = amqpext__publish_size(message, FRAME_MAX);
    char *room = text_reserve(&peer->out, size);

    assert_non_null(room);
    assert_int_equal(amqpext__publish_write(room, size, CHANNEL, message, FRAME_MAX), size);
    peer->out.size += size;
    flush(peer);
}

static struct content *expect_content(struct peer *peer, enum method_kind kind)
{
    const struct method method = expect(peer, kind);
    enum content_result result = amqpext__content_begin(&peer->reader, &method);
    struct frame frame;

    while (result == CONTENT_PARTIAL) {
        assert_true(next_frame(peer, &frame));
        result = amqpext__content_add(&peer->reader, &frame);
    }
    assert_int_equal(result, CONTENT_WHOLE);
    return amqpext__content_take(&peer->reader);
}

static void set(struct amqpext_table *table, const char *name, struct amqpext_value value)
{
    assert_int_equal(amqpext_table_set(table, name, &value, NULL), AMQPEXT_OK);
}

/* A table with every kind, some of them within others. */
static struct amqpext_table *every_kind(void)
{
    struct amqpext_value items[3] = {
        {AMQPEXT_KIND_BOOLEAN, .as.boolean = true},
        {AMQPEXT_KIND_TEXT, .as.text = {"item", 4}},
    };
    struct amqpext_table *inner = NULL;
    struct amqpext_table *table = NULL;

    assert_int_equal(amqpext_table_new(&inner, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_new(&table, NULL), AMQPEXT_OK);
    set(inner, "none", (struct amqpext_value){AMQPEXT_KIND_NONE, {0}});
    items[2].kind = AMQPEXT_KIND_TABLE;
    items[2].as.table = inner;
    set(table, "none", (struct amqpext_value){AMQPEXT_KIND_NONE, {0}});
    set(table, "boolean", (struct amqpext_value){AMQPEXT_KIND_BOOLEAN, .as.boolean = true});
    set(table, "least", (struct amqpext_value){AMQPEXT_KIND_INTEGER, .as.integer = INT64_MIN});
    set(table, "most", (struct amqpext_value){AMQPEXT_KIND_INTEGER, .as.integer = INT64_MAX});
    set(table, "real", (struct amqpext_value){AMQPEXT_KIND_REAL, .as.real = -1e300});
    set(table, "text", (struct amqpext_value){AMQPEXT_KIND_TEXT, .as.text = {"f\xc3\xbcnf", 5}});
    set(table, "bytes", (struct amqpext_value){AMQPEXT_KIND_BYTES, .as.text = {"\0\xff", 2}});
    set(table, "time", (struct amqpext_value){AMQPEXT_KIND_TIMESTAMP, .as.integer = 1700000000});
    set(table, "decimal", (struct amqpext_value){AMQPEXT_KIND_DECIMAL, .as.decimal = {2, 314}});
    set(table, "table", (struct amqpext_value){AMQPEXT_KIND_TABLE, .as.table = inner});
    set(table, "array", (struct amqpext_value){AMQPEXT_KIND_ARRAY, .as.array = {items, 3}});
    amqpext_table_free(inner);
    return table;
}

static void assert_tables_equal(const struct amqpext_table *left, const struct amqpext_table *right)
{
    const size_t size = amqpext__table_size(left);
    char *left_bytes = malloc(size);
    char *right_bytes = malloc(size);

    assert_int_equal(amqpext__table_size(right), size);
    assert_true(left_bytes != NULL && right_bytes != NULL);
    amqpext__table_write(left_bytes, left);
    amqpext__table_write(right_bytes, right);
    assert_memory_equal(left_bytes, right_bytes, size);
    free(left_bytes);
    free(right_bytes);
}

static struct amqpext_properties every_property(const struct amqpext_table *headers)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;

    properties.content_type = "text/plain";
    properties.content_encoding = "identity";
    properties.headers = headers;
    properties.delivery_mode = AMQPEXT_TRANSIENT;
    properties.priority = 3;
    properties.correlation_id = "correlation";
    properties.reply_to = "reply";
    properties.expiration_ms = AMQPEXT_EXPIRATION_MAX_MS;
    properties.message_id = "message";
    properties.timestamp = 1700000000;
    properties.type = "type";
    properties.user_id = "guest";
    properties.app_id = "application";
    return properties;
}

static void every_property_comes_back_as_it_was_sent(void **state)
{
    struct amqpext_table *headers = every_kind();
    const struct amqpext_properties properties = every_property(headers);
    const struct publish message = {"", QUEUE, true, &properties, "body", 4};
    struct content *content;
    struct peer peer;

    (void)state;
    open_peer(&peer);
    consume(&peer);
    publish(&peer, &message);
    content = expect_content(&peer, METHOD_BASIC_DELIVER);
    assert_string_equal(content->method.as.deliver.routing_key.data, QUEUE);
    assert_string_equal(content->body, "body");
    assert_string_equal(content->properties.content_type, "text/plain");
    assert_string_equal(content->properties.content_encoding, "identity");
    assert_int_equal(content->properties.delivery_mode, AMQPEXT_TRANSIENT);
    assert_int_equal(content->properties.priority, 3);
    assert_string_equal(content->properties.correlation_id, "correlation");
    assert_string_equal(content->properties.reply_to, "reply");
    assert_true(content->properties.expiration_ms == AMQPEXT_EXPIRATION_MAX_MS);
    assert_string_equal(content->properties.message_id, "message");
    assert_int_equal(content->properties.timestamp, 1700000000);
    assert_string_equal(content->properties.type, "type");
    assert_string_equal(content->properties.user_id, "guest");
    assert_string_equal(content->properties.app_id, "application");
    assert_tables_equal(content->properties.headers, headers);
    amqpext__content_free(content);
    amqpext_table_free(headers);
    close_peer(&peer);
}

static void bodies_of_all_sizes_come_back(void **state)
{
    static const size_t sizes[] = {0, 1, 4087, 4088, 4089, 8176, 100000};
    static char body[100000];
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct peer peer;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(body); i++)
        body[i] = (char)(i * 7 % 251);
    open_peer(&peer);
    consume(&peer);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct publish message = {"", QUEUE, false, &properties, body, sizes[i]};
        struct content *content;

        publish(&peer, &message);
        content = expect_content(&peer, METHOD_BASIC_DELIVER);
        assert_int_equal(content->body_size, sizes[i]);
        assert_memory_equal(content->body, body, sizes[i]);
        amqpext__content_free(content);
    }
    close_peer(&peer);
}

static void message_without_a_queue_is_returned(void **state)
{
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"", "wire.nobody", true, &properties, "body", 4};
    struct content *content;
    struct peer peer;

    (void)state;
    open_peer(&peer);
    publish(&peer, &message);
    content = expect_content(&peer, METHOD_BASIC_RETURN);
    assert_int_equal(content->method.as.returned.reply_code, 312);
    assert_string_equal(content->method.as.returned.routing_key.data, "wire.nobody");
    assert_string_equal(content->body, "body");
    amqpext__content_free(content);
    close_peer(&peer);
}

static void longer_expiration_closes_the_channel(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"", QUEUE, false, &properties, "body", 4};
    struct peer peer;

    (void)state;
    properties.expiration_ms = AMQPEXT_EXPIRATION_MAX_MS + 1;
    open_peer(&peer);
    publish(&peer, &message);
    assert_int_equal(expect(&peer, METHOD_CHANNEL_CLOSE).as.close.reply_code, 406);
    close_peer(&peer);
}

/* The reason why tables refuse them: one such header costs the whole connection. */
static void real_that_is_not_finite_closes_the_connection(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish message = {"", QUEUE, false, &properties, "", 0};
    struct amqpext_table *headers = NULL;
    struct frame frame;
    struct method method;
    struct peer peer;
    char *real;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    set(headers, "n", (struct amqpext_value){AMQPEXT_KIND_REAL, .as.real = 1.0});
    properties.headers = headers;
    open_peer(&peer);
    consume(&peer);
    {
        const size_t size = amqpext__publish_size(&message, FRAME_MAX);
        char *room = text_reserve(&peer.out, size);

        assert_non_null(room);
        amqpext__publish_write(room, size, CHANNEL, &message, FRAME_MAX);
        real = room + size - 1 - 8;
        assert_memory_equal(real, "\x3f\xf0\0\0\0\0\0\0", 8);
        memcpy(real, "\x7f\xf8\0\0\0\0\0\0", 8);
        peer.out.size += size;
        flush(&peer);
    }
    if (next_frame(&peer, &frame)) {
        assert_int_equal(amqpext__method_read(&frame, &method), METHOD_READ);
        assert_int_equal(method.kind, METHOD_CONNECTION_CLOSE);
    }
    amqpext_table_free(headers);
    close_peer(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_property_comes_back_as_it_was_sent),
        cmocka_unit_test(bodies_of_all_sizes_come_back),
        cmocka_unit_test(message_without_a_queue_is_returned),
        cmocka_unit_test(longer_expiration_closes_the_channel),
        cmocka_unit_test(real_that_is_not_finite_closes_the_connection),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
