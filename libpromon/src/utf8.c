/*
 * Recognising UTF-8, character by character, eight plain ones at a time.
 */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

/*
 * Bounds of the byte after the lead byte exclude overlong forms, surrogates and what is beyond
 * U+10FFFF.
 */
struct lead {
    unsigned char first, last;
    unsigned char size;
    unsigned char low, high;
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool has_rest(const unsigned char *bytes, const struct lead *lead)
{
    size_t i;

    if (bytes[1] < lead->low || bytes[1] > lead->high)
        return false;
    for (i = 2; i < lead->size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

size_t utf8_character(const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t i;

    if (bytes[0] < 0x80)
        return 1;
    for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        const struct lead *lead = &leads[i];

        if (bytes[0] >= lead->first && bytes[0] <= lead->last)
            return size >= lead->size && has_rest(bytes, lead) ? lead->size : 0;
    }
    return 0;
}

/* How many bytes at the front are ASCII, at least. */
static size_t plain(const char *data, size_t size)
{
    size_t n = 0;
    uint64_t word;

    for (; size - n >= sizeof(word); n += sizeof(word)) {
        memcpy(&word, data + n, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (n < size && (unsigned char)data[n] < 0x80)
        n++;
    return n;
}

bool utf8_is_valid(const char *data, size_t size)
{
    for (;;) {
        size_t length = plain(data, size);

        data += length;
        size -= length;
        if (size == 0)
            return true;
        length = utf8_character(data, size);
        if (length == 0)
            return false;
        data += length;
        size -= length;
    }
}
