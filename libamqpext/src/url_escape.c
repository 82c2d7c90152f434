/*
 * Escapes in URLs: checked once, decoded later. Also the numbers of URLs, which know no sign, no
 * space and no locale.
 */
#include "url.h"

#include <string.h>

#include "error.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* -1: it is none. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that an escape at the front stands for; -1: it is no whole escape. */
static int escaped_byte(const char *text, size_t size)
{
    if (size < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
        return -1;
    return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

static const char *fault(struct bytes part, const char *also)
{
    size_t i;

    for (i = 0; i < part.size; i++) {
        const char c = part.data[i];

        if (c == '%') {
            const int byte = escaped_byte(part.data + i, part.size - i);

            if (byte <= 0)
                return byte == 0 ? "has the escape %00" : "has a '%' without two hex digits";
            i += 2;
        } else if (!is_unreserved(c) && strchr(also, c) == NULL) {
            return "has a character that is written as % and two hex digits";
        }
    }
    return NULL;
}

enum amqpext_status amqpext__url_check(struct bytes part, const char *also, const char *what,
                                       struct amqpext_error *error)
{
    const char *why = fault(part, also);

    if (why == NULL)
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_EINVALID, "the URL of the broker: %s %s", what, why);
}

char *amqpext__url_decode(struct bytes escaped, struct arena *arena)
{
    char *text = arena_alloc(arena, escaped.size + 1);
    size_t size = 0;
    size_t i;

    if (text == NULL)
        return NULL;
    for (i = 0; i < escaped.size; i++) {
        if (escaped.data[i] == '%') {
            text[size++] = (char)escaped_byte(escaped.data + i, escaped.size - i);
            i += 2;
        } else {
            text[size++] = escaped.data[i];
        }
    }
    text[size] = '\0';
    return text;
}

bool amqpext__url_number(struct bytes digits, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t number = 0;
    size_t i;

    for (i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
        if (number > most)
            return false;
    }
    if (digits.size == 0 || number < least)
        return false;
    *out = (uint32_t)number;
    return true;
}
