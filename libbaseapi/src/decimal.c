/*
 * Decimal numbers as text. PostgreSQL rounds to a column's scale by itself; done here, the answer
 * is the same on every database, and what does not fit is told by the column's name.
 */
#include "decimal.h"

#include <string.h>

/* Exponents beyond this are all the same: larger than anything. */
#define EXPONENT_MAX 1000000

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(struct miniorm_text text, size_t at)
{
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return at;
}

bool baseapi__decimal_is_json(struct miniorm_text text)
{
    const size_t first = text.size != 0 && text.data[0] == '-';
    size_t at = skip_digits(text, first);
    size_t start;

    if (at == first || (text.data[first] == '0' && at - first > 1))
        return false;
    if (at < text.size && text.data[at] == '.') {
        start = at + 1;
        at = skip_digits(text, start);
        if (at == start)
            return false;
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        start = at + 1;
        if (start < text.size && (text.data[start] == '+' || text.data[start] == '-'))
            start++;
        at = skip_digits(text, start);
        if (at == start)
            return false;
    }
    return at == text.size;
}

/* The number behind 'e', held within EXPONENT_MAX. */
static long read_exponent(struct miniorm_text text, size_t at)
{
    const bool negative = text.data[at] == '-';
    long exponent = 0;

    for (at += text.data[at] == '-' || text.data[at] == '+'; at < text.size; at++) {
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (text.data[at] - '0');
    }
    return negative ? -exponent : exponent;
}

long baseapi__decimal_exponent(struct miniorm_text number)
{
    const size_t sign = number.data[0] == '-';
    const size_t point = skip_digits(number, sign);
    long first = 0;
    bool found = false;
    size_t at = sign;

    for (; at < number.size && (is_digit(number.data[at]) || number.data[at] == '.'); at++) {
        if (found || number.data[at] == '0' || number.data[at] == '.')
            continue;
        found = true;
        first = at < point ? (long)(point - at) - 1 : -(long)(at - point);
    }
    if (!found)
        return 0;
    return at < number.size ? first + read_exponent(number, at + 1) : first;
}

/* Adds one to the last of `size` digits, not all of which are nines. */
static void add_one(char *digits, size_t size)
{
    while (digits[--size] == '9')
        digits[size] = '0';
    digits[size]++;
}

/* Writes sign, `whole` digits (at least one) and `scale` of them behind the point. */
static bool write_fixed(struct arena *arena, bool negative, const char *digits, size_t whole,
                        unsigned scale, struct miniorm_text *out)
{
    char *text = arena_alloc(arena, whole + scale + 3);
    size_t size = 0;

    if (text == NULL)
        return false;
    if (negative)
        text[size++] = '-';
    memcpy(text + size, digits, whole);
    size += whole;
    if (scale != 0) {
        text[size++] = '.';
        memcpy(text + size, digits + whole, scale);
        size += scale;
    }
    *out = miniorm_text_from(text, size);
    return true;
}

bool baseapi__decimal_fit(struct arena *arena, struct miniorm_text number, unsigned precision,
                          unsigned scale, struct miniorm_text *out)
{
    const size_t sign = number.size != 0 && (number.data[0] == '-' || number.data[0] == '+');
    const size_t point = skip_digits(number, sign);
    const size_t behind = point < number.size ? number.size - point - 1 : 0;
    const size_t kept = behind < scale ? behind : scale;
    size_t whole = point - sign;
    /* One digit in front for what rounding carries. */
    char *digits = arena_alloc(arena, 1 + whole + scale);
    size_t zeros = 0;

    if (digits == NULL)
        return false;
    digits[0] = '0';
    memcpy(digits + 1, number.data + sign, whole);
    memcpy(digits + 1 + whole, number.data + point + (behind != 0), kept);
    memset(digits + 1 + whole + kept, '0', scale - kept);
    if (behind > scale && number.data[point + 1 + scale] >= '5')
        add_one(digits, 1 + whole + scale);
    whole++;
    while (zeros < whole && digits[zeros] == '0')
        zeros++;
    if (whole - zeros > precision - scale)
        return false;
    zeros -= zeros == whole;
    return write_fixed(arena, number.data[0] == '-', digits + zeros, whole - zeros, scale, out);
}
