/*
 * Escape: one character after the other, each as it is or as the document spells it.
 */
#include "escape.h"

#include <stdint.h>

#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Writes a character of `size` bytes, 0 for a byte that is none. */
typedef void (*write_fn)(struct text *out, const char *character, size_t size);

static void each_character(struct text *out, const char *string, write_fn write)
{
    size_t left = strlen(string);

    while (left != 0) {
        const size_t size = utf8_character(string, left);

        if (size == 0)
            text_string(out, REPLACEMENT);
        else
            write(out, string, size);
        string += size == 0 ? 1 : size;
        left -= size == 0 ? 1 : size;
    }
}

static void write_code(struct text *out, unsigned char code)
{
    static const char digits[] = "0123456789abcdef";

    text_string(out, "\\u00");
    text_char(out, digits[code >> 4]);
    text_char(out, digits[code & 15]);
}

static void write_json(struct text *out, const char *character, size_t size)
{
    const char c = character[0];

    if (size > 1) {
        text_bytes(out, character, size);
    } else if (c == '"' || c == '\\') {
        text_char(out, '\\');
        text_char(out, c);
    } else if ((unsigned char)c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&') {
        write_code(out, (unsigned char)c);
    } else {
        text_char(out, c);
    }
}

void promon__escape_json(struct text *out, const char *string)
{
    text_char(out, '"');
    each_character(out, string, write_json);
    text_char(out, '"');
}

/* XML has no control characters at all, and U+FFFE and U+FFFF are none of its characters either. */
static bool is_of_xml(const char *character, size_t size)
{
    const unsigned char c = (unsigned char)character[0];

    if (size == 1)
        return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n';
    return size != 3 || memcmp(character, "\xef\xbf\xbe", 3) < 0 ||
           memcmp(character, "\xef\xbf\xbf", 3) > 0;
}

static void write_html(struct text *out, const char *character, size_t size)
{
    if (!is_of_xml(character, size)) {
        text_string(out, REPLACEMENT);
        return;
    }
    switch (character[0]) {
    case '&': text_string(out, "&amp;"); break;
    case '<': text_string(out, "&lt;"); break;
    case '>': text_string(out, "&gt;"); break;
    case '"': text_string(out, "&quot;"); break;
    case '\'': text_string(out, "&#39;"); break;
    default: text_bytes(out, character, size);
    }
}

void promon__escape_html(struct text *out, const char *string)
{
    each_character(out, string, write_html);
}
