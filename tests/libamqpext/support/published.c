/*
 * Messages read back from the wire by hand, frame by frame, so that nothing of the library is
 * trusted with its own work.
 *
 * Order: none.
 */
#include "support/published.h"

#include "test.h"

#include <time.h>

enum { HEAD = 7, END = 1, METHOD = 1, HEADER = 2, BODY = 3 };

static uint64_t number(const unsigned char *at, size_t size)
{
    uint64_t result = 0;

    while (size-- != 0)
        result = result << 8 | *at++;
    return result;
}

static const unsigned char *copy_short(const unsigned char *at, char *out)
{
    memcpy(out, at + 1, *at);
    out[*at] = '\0';
    return at + 1 + *at;
}

static void read_method(const unsigned char *payload, struct published *out)
{
    const unsigned char *at = payload + 6;

    assert_int_equal(number(payload, 2), 60);
    assert_int_equal(number(payload + 2, 2), 40);
    at = copy_short(at, out->exchange);
    at = copy_short(at, out->routing_key);
    out->is_mandatory = (*at & 1) != 0;
}

/* Properties before the message id, by their bits. */
static void read_header(const unsigned char *payload, struct published *out)
{
    const unsigned flags = (unsigned)number(payload + 12, 2);
    const unsigned char *at = payload + 14;
    char skipped[256];
    unsigned bit;

    out->body_size = (size_t)number(payload + 4, 8);
    for (bit = 15; bit > 7; bit--) {
        if ((flags >> bit & 1) == 0)
            continue;
        if (bit == 13)
            at += 4 + number(at, 4);
        else if (bit == 12 || bit == 11)
            at++;
        else
            at = copy_short(at, skipped);
    }
    out->id[0] = '\0';
    if ((flags >> 7 & 1) != 0)
        (void)copy_short(at, out->id);
}

/* The frame at `at`, or 0 when it is not whole. */
static size_t frame_size(struct bytes input, size_t at, unsigned type)
{
    const unsigned char *head = (const unsigned char *)input.data + at;
    size_t size;

    if (input.size - at < HEAD)
        return 0;
    size = HEAD + number(head + 3, 4) + END;
    if (input.size - at < size)
        return 0;
    assert_int_equal(head[0], type);
    assert_int_equal(number(head + 1, 2), 1);
    assert_int_equal((unsigned char)input.data[at + size - 1], 0xce);
    return size;
}

bool published_read(struct bytes input, struct published *out)
{
    const unsigned char *data = (const unsigned char *)input.data;
    size_t size = frame_size(input, 0, METHOD);
    size_t received = 0;
    size_t at = size;

    if (size == 0)
        return false;
    memset(out, 0, sizeof(*out));
    read_method(data + HEAD, out);
    size = frame_size(input, at, HEADER);
    if (size == 0)
        return false;
    read_header(data + at + HEAD, out);
    out->largest_frame = size;
    at += size;
    while (received < out->body_size) {
        size = frame_size(input, at, BODY);
        if (size == 0)
            return false;
        if (out->body == NULL)
            out->body = input.data + at + HEAD;
        if (size > out->largest_frame)
            out->largest_frame = size;
        received += size - HEAD - END;
        at += size;
    }
    assert_int_equal(received, out->body_size);
    out->size = at;
    return true;
}

struct dice dice_of(uint64_t seed)
{
    struct timespec now;

    if (seed == 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    }
    print_message("# seed %llu\n", (unsigned long long)seed);
    return (struct dice){seed};
}

uint64_t dice_throw(struct dice *dice, uint64_t sides)
{
    uint64_t bits = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    bits ^= bits >> 31;
    return bits % sides;
}
