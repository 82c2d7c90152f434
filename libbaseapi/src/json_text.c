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

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Whether eight bytes at once are all plain: none has its top bit set after any of these. */
static bool are_plain(const char *data)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t deletes;

    memcpy(&word, data, sizeof(word));
    quotes = word ^ ones * '"';
    backslashes = word ^ ones * '\\';
    deletes = word ^ ones * 0x7f;
    return ((word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones) |
             (deletes - ones)) &
            ones * 0x80) == 0;
}

/* Bytes at the start of `data` that stand for themselves. */
static size_t plain_run(const char *data, size_t size)
{
    size_t run = 0;

    while (run < size) {
        size_t length = 1;

        if (size - run >= sizeof(uint64_t) && are_plain(data + run)) {
            run += sizeof(uint64_t);
            continue;
        }
        if (!is_plain((unsigned char)data[run])) {
            length = (unsigned char)data[run] < 0x80
                         ? 0
                         : baseapi__utf8_character(data + run, size - run);
            if (length == 0)
                break;
        }
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
    if (run != size)
        append_escaped(text, data + run, size - run);
    text_char(text, '"');
}

void baseapi__json_cstring(struct text *text, const char *string)
{
    baseapi__json_string(text, string, strlen(string));
}
