/*
 * Numbers of 7 bits a byte, the lowest first, and histories made of them: for each ring the number
 * of its newest slot, how many slots follow, and each as its age and figures.
 */
#include "history_code.h"

#include <string.h>

void promon__write_number(struct text *out, uint64_t number)
{
    while (number >= 0x80) {
        text_char(out, (char)(unsigned char)(number | 0x80));
        number >>= 7;
    }
    text_char(out, (char)number);
}

uint64_t promon__read_number(struct promon__reader *reader)
{
    uint64_t number = 0;
    unsigned shift = 0;

    while (!reader->failed && reader->at != reader->end && shift < 64) {
        const uint64_t byte = *reader->at++;

        if (shift == 63 && byte > 1)
            break;
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
        shift += 7;
    }
    reader->failed = true;
    return 0;
}

static struct promon__slot *slots_of(struct promon__history *history, enum promon__ring ring)
{
    switch (ring) {
    case PROMON__MINUTES: return history->minutes;
    case PROMON__HOURS: return history->hours;
    default: return history->days;
    }
}

/* The slot `age` before the newest, whatever the time is now. */
static const struct promon__slot *slot_at(const struct promon__history *history,
                                          enum promon__ring ring, size_t age)
{
    const int64_t now_s = history->newest[ring] * promon__history_slot_s(ring);

    return promon__history_slot(history, ring, now_s, age);
}

static void encode_ring(struct text *out, const struct promon__history *history,
                        enum promon__ring ring)
{
    const size_t size = history->newest[ring] == 0 ? 0 : promon__history_slots(ring);
    uint64_t count = 0;
    size_t age;

    for (age = 0; age < size; age++)
        count += slot_at(history, ring, age) != NULL;
    promon__write_number(out, (uint64_t)history->newest[ring]);
    promon__write_number(out, count);
    for (age = 0; age < size; age++) {
        const struct promon__slot *slot = slot_at(history, ring, age);

        if (slot == NULL)
            continue;
        promon__write_number(out, age);
        promon__write_number(out, slot->up);
        promon__write_number(out, slot->down);
        promon__write_number(out, slot->unknown);
        promon__write_number(out, slot->duration_us_max);
        promon__write_number(out, slot->duration_us_sum);
    }
}

void promon__history_encode(struct text *out, const struct promon__history *history)
{
    enum promon__ring ring;

    for (ring = PROMON__MINUTES; ring < PROMON__RINGS; ring++)
        encode_ring(out, history, ring);
}

static uint32_t read_small(struct promon__reader *reader)
{
    const uint64_t number = promon__read_number(reader);

    if (number > UINT32_MAX)
        reader->failed = true;
    return (uint32_t)number;
}

static void decode_slot(struct promon__reader *reader, struct promon__slot *slot)
{
    slot->up = read_small(reader);
    slot->down = read_small(reader);
    slot->unknown = read_small(reader);
    slot->duration_us_max = read_small(reader);
    slot->duration_us_sum = promon__read_number(reader);
}

static void decode_ring(struct promon__reader *reader, struct promon__history *out,
                        enum promon__ring ring)
{
    const uint64_t newest = promon__read_number(reader);
    const uint64_t count = promon__read_number(reader);
    const uint64_t size = promon__history_slots(ring);
    uint64_t age, next = 0, i;

    if (newest > (uint64_t)(INT64_MAX / promon__history_slot_s(ring)) || count > size ||
        (newest == 0 && count != 0))
        reader->failed = true;
    for (i = 0; i < count && !reader->failed; i++) {
        age = promon__read_number(reader);
        /* Each is older than the one before, and none from before 1970. */
        if (age < next || age >= size || age >= newest)
            reader->failed = true;
        else
            decode_slot(reader, &slots_of(out, ring)[(newest - age) % size]);
        next = age + 1;
    }
    out->newest[ring] = (int64_t)newest;
}

bool promon__history_decode(struct promon__reader *reader, struct promon__history *out)
{
    enum promon__ring ring;

    memset(out, 0, sizeof(*out));
    for (ring = PROMON__MINUTES; ring < PROMON__RINGS && !reader->failed; ring++)
        decode_ring(reader, out, ring);
    if (!reader->failed && reader->at == reader->end)
        return true;
    memset(out, 0, sizeof(*out));
    return false;
}
