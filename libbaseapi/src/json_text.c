/*
 * Strings as JSON: runs of bytes that need nothing are copied at once.
 */
#include "json_text.h"

#include <stdbool.h>
#include <string.h>

#include "utf8.h"

static const char hexadecimal[] = "0123456789abcdef";

/* The second character of the short escapes, 0 where there is none. */
static char short_escape(unsigned char byte)
{
    switch (byte) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
    }
}

static void escape(struct text *text, unsigned char byte)
{
    char escaped[6] = {'\\', short_escape(byte)};

    if (escaped[1] != 0) {
        text_bytes(text, escaped, 2);
        return;
    }
    escaped[1] = 'u';
    escaped[2] = '0';
    escaped[3] = '0';
    escaped[4] = hexadecimal[byte >> 4];
    escaped[5] = hexadecimal[byte & 15];
    text_bytes(text, escaped, sizeof(escaped));
}

/* The first bytes as a number whose lowest byte is the first, with zeros for what is missing. */
static uint64_t load(const char *data, size_t size)
{
    uint64_t word = 0;

    if (size >= sizeof(word))
        memcpy(&word, data, sizeof(word));
    else
        memcpy(&word, data, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/*
 * How many of eight bytes, or of fewer, are plain from the start: printable ASCII but for quotes
 * and backslashes. Any other has its top bit set after one of these subtractions; a borrow reaches
 * only bytes above one that is not plain.
 */
static size_t plain_start(const char *data, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t word = load(data, size);
    const uint64_t quotes = word ^ ones * '"';
    const uint64_t backslashes = word ^ ones * '\\';
    const uint64_t deletes = word ^ ones * 0x7f;
    const uint64_t others =
        (word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones) | (deletes - ones)) &
        ones * 0x80;

    return others == 0 ? sizeof(word) : (size_t)__builtin_ctzll(others) / 8;
}

/* Bytes at the start of `data` that stand for themselves. */
static size_t plain_run(const char *data, size_t size)
{
    size_t run = 0;

    while (run < size) {
        const size_t plain = plain_start(data + run, size - run);
        size_t length;

        run += plain;
        if (plain == sizeof(uint64_t) || run == size)
            continue;
        length = (unsigned char)data[run] < 0x80 ? 0 : utf8_character(data + run, size - run);
        if (length == 0)
            break;
        run += length;
    }
    return run;
}

static void append_escaped(struct text *text, const char *data, size_t size)
{
    while (size != 0) {
        const size_t run = plain_run(data, size);

        text_bytes(text, data, run);
        data += run;
        size -= run;
        if (size == 0)
            break;
        if ((unsigned char)*data < 0x80)
            escape(text, (unsigned char)*data);
        else
            text_string(text, "\xef\xbf\xbd");
        data++;
        size--;
    }
}

void baseapi__json_string(struct text *text, const char *data, size_t size)
{
    const size_t run = plain_run(data, size);
    char *end = text_reserve(text, run + 2);

    if (end == NULL)
        return;
    /* Most strings are plain as a whole, and written at once. */
    *end = '"';
    if (run != 0)
        memcpy(end + 1, data, run);
    text->size += run + 1;
    if (run != size) {
        append_escaped(text, data + run, size - run);
        text_char(text, '"');
        return;
    }
    end[run + 1] = '"';
    end[run + 2] = '\0';
    text->size++;
}

void baseapi__json_cstring(struct text *text, const char *string)
{
    baseapi__json_string(text, string, strlen(string));
}
