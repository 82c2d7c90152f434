/* Properties on the wire, beside rabbitmq-c's own encoder: written alike, and read again. */
#include "test.h"

#include "protocol/codec.h"
#include "protocol/properties_codec.h"
#include "protocol/properties_flags.h"
#include "tables/random_table.h"

#define CLASS_BASIC 60
#define MOST_BYTES 4096
/* Each property that we have is there or not. */
#define N_PROPERTIES 13
#define SECONDS INT64_C(1700000000)

static const char *text_if(unsigned chosen, enum properties_flag flag, const char *text)
{
    return chosen & flag ? text : NULL;
}

/* The properties whose flags are chosen. */
static struct amqpext_properties make(unsigned chosen, const struct amqpext_table *headers)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;

    properties.content_type = text_if(chosen, FLAG_CONTENT_TYPE, "application/json");
    properties.content_encoding = text_if(chosen, FLAG_CONTENT_ENCODING, "gzip");
    properties.headers = chosen & FLAG_HEADERS ? headers : NULL;
    properties.delivery_mode =
        chosen & FLAG_DELIVERY_MODE ? AMQPEXT_PERSISTENT : AMQPEXT_DELIVERY_DEFAULT;
    properties.priority = chosen & FLAG_PRIORITY ? 200 : 0;
    properties.correlation_id = text_if(chosen, FLAG_CORRELATION_ID, "");
    properties.reply_to = text_if(chosen, FLAG_REPLY_TO, "amq.rabbitmq.reply-to");
    properties.expiration_ms = chosen & FLAG_EXPIRATION ? 4294967290 : 0;
    properties.message_id = text_if(chosen, FLAG_MESSAGE_ID, "0190-7");
    properties.timestamp = chosen & FLAG_TIMESTAMP ? SECONDS : 0;
    properties.type = text_if(chosen, FLAG_TYPE, "order");
    properties.user_id = text_if(chosen, FLAG_USER_ID, "guest");
    properties.app_id = text_if(chosen, FLAG_APP_ID, "shop");
    return properties;
}

static amqp_bytes_t bytes_or_none(const char *text)
{
    return text == NULL ? amqp_empty_bytes : amqp_cstring_bytes(text);
}

/* The same by rabbitmq-c; its headers are a table with one field. */
static size_t encode(unsigned chosen, const struct amqpext_properties *from, char *out)
{
    amqp_table_entry_t entry = {amqp_cstring_bytes("n"),
                                {.kind = AMQP_FIELD_KIND_I64, .value.i64 = -2}};
    amqp_basic_properties_t to = {
        ._flags = chosen,
        .content_type = bytes_or_none(from->content_type),
        .content_encoding = bytes_or_none(from->content_encoding),
        .headers = {1, &entry},
        .delivery_mode = (uint8_t)from->delivery_mode,
        .priority = (uint8_t)from->priority,
        .correlation_id = bytes_or_none(from->correlation_id),
        .reply_to = bytes_or_none(from->reply_to),
        .expiration = amqp_cstring_bytes("4294967290"),
        .message_id = bytes_or_none(from->message_id),
        .timestamp = (uint64_t)from->timestamp,
        .type = bytes_or_none(from->type),
        .user_id = bytes_or_none(from->user_id),
        .app_id = bytes_or_none(from->app_id),
    };
    const int size = amqp_encode_properties(CLASS_BASIC, &to, (amqp_bytes_t){MOST_BYTES, out});

    assert_true(size > 0);
    return (size_t)size;
}

static size_t write_properties(const struct amqpext_properties *properties, char *out)
{
    struct properties_layout layout;

    amqpext__properties_measure(properties, &layout);
    assert_in_range(layout.size, 2, MOST_BYTES);
    assert_ptr_equal(amqpext__properties_write(out, properties, &layout), out + layout.size);
    return layout.size;
}

static enum properties_result read_properties(struct bytes encoded, struct arena *arena,
                                              struct amqpext_properties *out, bool *unreadable)
{
    char *copy = malloc(encoded.size + 1);
    enum properties_result result;

    assert_non_null(copy);
    memcpy(copy, encoded.data, encoded.size);
    result = amqpext__properties_read((struct bytes){copy, encoded.size}, arena, out, unreadable);
    memset(copy, 0xee, encoded.size);
    free(copy);
    return result;
}

static void assert_same_text(const char *left, const char *right)
{
    assert_int_equal(left == NULL, right == NULL);
    if (left != NULL)
        assert_string_equal(left, right);
}

static void assert_same(const struct amqpext_properties *left,
                        const struct amqpext_properties *right)
{
    assert_int_equal(left->size, right->size);
    assert_same_text(left->content_type, right->content_type);
    assert_same_text(left->content_encoding, right->content_encoding);
    assert_int_equal(left->headers == NULL, right->headers == NULL);
    assert_true(tables_equal(left->headers, right->headers));
    assert_int_equal(left->delivery_mode, right->delivery_mode);
    assert_int_equal(left->priority, right->priority);
    assert_same_text(left->correlation_id, right->correlation_id);
    assert_same_text(left->reply_to, right->reply_to);
    assert_true(left->expiration_ms == right->expiration_ms);
    assert_same_text(left->message_id, right->message_id);
    assert_true(left->timestamp == right->timestamp);
    assert_same_text(left->type, right->type);
    assert_same_text(left->user_id, right->user_id);
    assert_same_text(left->app_id, right->app_id);
}

static void every_choice_of_properties_is_written_and_read(void **state)
{
    struct amqpext_table *headers;
    unsigned i;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(headers, "n", -2, NULL), AMQPEXT_OK);
    for (i = 0; i < 1u << N_PROPERTIES; i++) {
        const unsigned chosen = i << 3;
        const struct amqpext_properties properties = make(chosen, headers);
        struct amqpext_properties again;
        char ours[MOST_BYTES];
        char theirs[MOST_BYTES];
        const size_t size = write_properties(&properties, ours);
        struct arena arena = {0};
        bool unreadable;

        assert_int_equal(encode(chosen, &properties, theirs), size);
        assert_memory_equal(ours, theirs, size);
        assert_int_equal(read_properties((struct bytes){ours, size}, &arena, &again, &unreadable),
                         PROPERTIES_READ);
        assert_false(unreadable);
        assert_same(&properties, &again);
        arena_free(&arena);
    }
    amqpext_table_free(headers);
}

static void properties_that_are_cut_are_malformed(void **state)
{
    struct amqpext_table *headers;
    struct amqpext_properties properties;
    struct amqpext_properties again;
    char bytes[MOST_BYTES];
    struct arena arena = {0};
    bool unreadable;
    size_t size, cut;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "name", "text", NULL), AMQPEXT_OK);
    properties = make(UINT16_MAX, headers);
    size = write_properties(&properties, bytes);
    for (cut = 0; cut < size; cut++)
        assert_int_equal(read_properties((struct bytes){bytes, cut}, &arena, &again, &unreadable),
                         PROPERTIES_MALFORMED);
    arena_free(&arena);
    amqpext_table_free(headers);
}

static void second_word_of_flags_is_malformed(void **state)
{
    struct amqpext_properties properties;
    struct arena arena = {0};
    bool unreadable;

    (void)state;
    assert_int_equal(
        read_properties((struct bytes){"\0\1\0\0", 4}, &arena, &properties, &unreadable),
        PROPERTIES_MALFORMED);
    arena_free(&arena);
}

static void headers_beyond_the_limits_are_left_out_and_the_rest_is_read(void **state)
{
    /* Headers with an integer above INT64_MAX, and a message id behind them. */
    static const char bytes[] = "\x20\x80"
                                "\x00\x00\x00\x0b\x01nL\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\x04name";
    struct amqpext_properties properties;
    struct arena arena = {0};
    bool unreadable = false;

    (void)state;
    assert_int_equal(
        read_properties((struct bytes){bytes, sizeof(bytes) - 1}, &arena, &properties, &unreadable),
        PROPERTIES_READ);
    assert_true(unreadable);
    assert_null(properties.headers);
    assert_string_equal(properties.message_id, "name");
    arena_free(&arena);
}

static void numbers_without_a_place_count_as_not_set(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        /* delivery mode, timestamp, expirations */
        {"\x10\x00\x03", 3},
        {"\x00\x40\x80\x00\x00\x00\x00\x00\x00\x00", 10},
        {"\x01\x00\x02-1", 5},
        {"\x01\x00\x00", 3},
        {"\x01\x00\x02"
         "1 ",
         5},
        {"\x01\x00\x14"
         "18446744073709551616",
         23},
    };
    static const struct amqpext_properties none = AMQPEXT_PROPERTIES_INIT;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amqpext_properties properties;
        struct arena arena = {0};
        bool unreadable;

        assert_int_equal(read_properties((struct bytes){cases[i].bytes, cases[i].size}, &arena,
                                         &properties, &unreadable),
                         PROPERTIES_READ);
        assert_same(&properties, &none);
        arena_free(&arena);
    }
}

static void largest_expiration_is_written_and_read(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_properties again;
    struct arena arena = {0};
    char bytes[MOST_BYTES];
    bool unreadable;
    size_t size;

    (void)state;
    properties.expiration_ms = UINT64_MAX;
    size = write_properties(&properties, bytes);
    assert_int_equal(size, 2 + 1 + 20);
    assert_int_equal(read_properties((struct bytes){bytes, size}, &arena, &again, &unreadable),
                     PROPERTIES_READ);
    assert_true(again.expiration_ms == UINT64_MAX);
    arena_free(&arena);
}

static void read_sample(void *context)
{
    const struct bytes *encoded = context;
    struct amqpext_properties properties;
    struct arena arena = {0};
    bool unreadable;
    const enum properties_result result =
        amqpext__properties_read(*encoded, &arena, &properties, &unreadable);

    assert_true(result == PROPERTIES_READ || result == PROPERTIES_NO_MEMORY);
    if (result == PROPERTIES_READ)
        assert_int_equal(strlen(properties.message_id), 6);
    arena_free(&arena);
}

static void reading_survives_without_memory(void **state)
{
    static char text[2048];
    struct amqpext_properties properties;
    struct amqpext_table *headers;
    char bytes[MOST_BYTES];
    struct bytes encoded;

    (void)state;
    memset(text, 't', sizeof(text) - 1);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "name", text, NULL), AMQPEXT_OK);
    properties = make(UINT16_MAX, headers);
    encoded.data = bytes;
    encoded.size = write_properties(&properties, bytes);
    assert_in_range(oom_for_every_allocation(read_sample, &encoded), 2, 10);
    amqpext_table_free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_of_properties_is_written_and_read),
        cmocka_unit_test(properties_that_are_cut_are_malformed),
        cmocka_unit_test(second_word_of_flags_is_malformed),
        cmocka_unit_test(headers_beyond_the_limits_are_left_out_and_the_rest_is_read),
        cmocka_unit_test(numbers_without_a_place_count_as_not_set),
        cmocka_unit_test(largest_expiration_is_written_and_read),
        cmocka_unit_test(reading_survives_without_memory),
    };

    return cmocka_run_group_tests_name("properties_codec", tests, NULL, NULL);
}
