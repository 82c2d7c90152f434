/* Frames: taken when they are whole, refused as early as their first bytes tell. */
#include "test.h"

#include "protocol/frame.h"
#include "protocol/wire.h"

#define FRAME_MAX 4096

static enum frame_result read_bytes(const char *data, size_t size, struct frame *out,
                                    size_t *consumed)
{
    /* Of its own, so that a read beyond the end is seen. */
    char *copy = malloc(size + 1);
    enum frame_result result;

    assert_non_null(copy);
    memcpy(copy, data, size);
    result = amqpext__frame_read((struct bytes){copy, size}, FRAME_MAX, out, consumed);
    if (result == FRAME_WHOLE) {
        assert_ptr_equal(out->payload.data, copy + FRAME_HEAD_SIZE);
        out->payload.data = data + FRAME_HEAD_SIZE;
    }
    free(copy);
    return result;
}

/* Writes a frame with `size` bytes of payload; returns its whole size. */
static size_t make_frame(char *out, enum frame_type type, uint16_t channel, size_t size)
{
    char *end = wire_put_frame_head(out, type, channel, (uint32_t)size);

    memset(end, 'x', size);
    end[size] = FRAME_END;
    return size + FRAME_OVERHEAD;
}

static void frame_is_partial_until_its_last_byte_is_there(void **state)
{
    static const enum frame_type types[] = {FRAME_METHOD, FRAME_HEADER, FRAME_BODY,
                                            FRAME_HEARTBEAT};
    char bytes[128];
    size_t i, cut;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const size_t size = make_frame(bytes, types[i], 513, 100 * (i % 2));
        struct frame frame;
        size_t consumed = 0;

        for (cut = 0; cut < size; cut++)
            assert_int_equal(read_bytes(bytes, cut, &frame, &consumed), FRAME_PARTIAL);
        assert_int_equal(consumed, 0);
        assert_int_equal(read_bytes(bytes, size, &frame, &consumed), FRAME_WHOLE);
        assert_int_equal(consumed, size);
        assert_int_equal(frame.type, types[i]);
        assert_int_equal(frame.channel, 513);
        assert_int_equal(frame.payload.size, 100 * (i % 2));
    }
}

static void what_follows_a_frame_is_left_alone(void **state)
{
    char bytes[64];
    const size_t size = make_frame(bytes, FRAME_BODY, 1, 3);
    struct frame frame;
    size_t consumed;

    (void)state;
    memset(bytes + size, 0xff, sizeof(bytes) - size);
    assert_int_equal(read_bytes(bytes, sizeof(bytes), &frame, &consumed), FRAME_WHOLE);
    assert_int_equal(consumed, size);
    assert_memory_equal(frame.payload.data, "xxx", 3);
}

static void frame_that_is_too_large_is_known_by_its_head(void **state)
{
    char bytes[FRAME_MAX + 1];
    struct frame frame;
    size_t consumed;
    size_t size = make_frame(bytes, FRAME_BODY, 1, FRAME_MAX - FRAME_OVERHEAD);

    (void)state;
    assert_int_equal(size, FRAME_MAX);
    assert_int_equal(read_bytes(bytes, size, &frame, &consumed), FRAME_WHOLE);
    make_frame(bytes, FRAME_BODY, 1, FRAME_MAX - FRAME_OVERHEAD + 1);
    assert_int_equal(read_bytes(bytes, FRAME_HEAD_SIZE - 1, &frame, &consumed), FRAME_PARTIAL);
    assert_int_equal(read_bytes(bytes, FRAME_HEAD_SIZE, &frame, &consumed), FRAME_MALFORMED);
    wire_put_frame_head(bytes, FRAME_METHOD, 0, UINT32_MAX);
    assert_int_equal(read_bytes(bytes, FRAME_HEAD_SIZE, &frame, &consumed), FRAME_MALFORMED);
}

static void frame_without_its_end_mark_is_malformed(void **state)
{
    char bytes[64];
    const size_t size = make_frame(bytes, FRAME_METHOD, 1, 10);
    struct frame frame;
    size_t consumed;

    (void)state;
    bytes[size - 1] = 0;
    assert_int_equal(read_bytes(bytes, size, &frame, &consumed), FRAME_MALFORMED);
}

static void type_that_is_none_is_malformed_at_the_first_byte(void **state)
{
    int type;

    (void)state;
    for (type = 0; type < 256; type++) {
        const char byte = (char)type;
        const bool is_known = type == 1 || type == 2 || type == 3 || type == 8 || type == 'A';
        struct frame frame;
        size_t consumed;

        assert_int_equal(read_bytes(&byte, 1, &frame, &consumed),
                         is_known ? FRAME_PARTIAL : FRAME_MALFORMED);
    }
}

static void server_of_another_version_is_recognised(void **state)
{
    static const char answer[] = "AMQP\x00\x01\x00\x00";
    struct frame frame;
    size_t consumed;
    size_t cut;

    (void)state;
    for (cut = 1; cut < 8; cut++)
        assert_int_equal(read_bytes(answer, cut, &frame, &consumed), FRAME_PARTIAL);
    assert_int_equal(read_bytes(answer, 8, &frame, &consumed), FRAME_OTHER_VERSION);
    assert_int_equal(read_bytes("AMQX", 4, &frame, &consumed), FRAME_MALFORMED);
    assert_int_equal(read_bytes("HTTP/1.1 400 Bad Request", 24, &frame, &consumed),
                     FRAME_MALFORMED);
}

static void limit_that_holds_no_frame_lets_none_pass(void **state)
{
    char bytes[FRAME_OVERHEAD];
    const size_t size = make_frame(bytes, FRAME_HEARTBEAT, 0, 0);
    struct frame frame;
    size_t consumed;

    (void)state;
    assert_int_equal(
        amqpext__frame_read((struct bytes){bytes, size}, FRAME_OVERHEAD - 1, &frame, &consumed),
        FRAME_MALFORMED);
    assert_int_equal(
        amqpext__frame_read((struct bytes){bytes, size}, FRAME_OVERHEAD, &frame, &consumed),
        FRAME_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_is_partial_until_its_last_byte_is_there),
        cmocka_unit_test(what_follows_a_frame_is_left_alone),
        cmocka_unit_test(frame_that_is_too_large_is_known_by_its_head),
        cmocka_unit_test(frame_without_its_end_mark_is_malformed),
        cmocka_unit_test(type_that_is_none_is_malformed_at_the_first_byte),
        cmocka_unit_test(server_of_another_version_is_recognised),
        cmocka_unit_test(limit_that_holds_no_frame_lets_none_pass),
    };

    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
