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

/* A number taken apart: its digits, and how many of them stand before the point once the exponent
 * is applied, less than none when zeros follow the point first. */
struct digits {
    struct miniorm_text whole;
    struct miniorm_text fraction;
    long before_point;
    bool negative;
};

static char digit_at(const struct digits *digits, long place)
{
    const long n_whole = (long)digits->whole.size;

    if (place < 0 || place >= n_whole + (long)digits->fraction.size)
        return '0';
    return place < n_whole ? digits->whole.data[place] : digits->fraction.data[place - n_whole];
}

/* False when there are no digits, as in an infinity. */
static bool take_apart(struct miniorm_text number, struct digits *out)
{
    const size_t sign = number.size != 0 && (number.data[0] == '-' || number.data[0] == '+');
    size_t at = skip_digits(number, sign);

    out->negative = sign != 0 && number.data[0] == '-';
    out->whole = miniorm_text_from(number.data + sign, at - sign);
    out->fraction = miniorm_text_from(number.data + at, 0);
    if (at < number.size && number.data[at] == '.') {
        out->fraction.data++;
        at = skip_digits(number, at + 1);
        out->fraction.size = (size_t)(number.data + at - out->fraction.data);
    }
    out->before_point = (long)out->whole.size;
    if (at + 1 < number.size && (number.data[at] == 'e' || number.data[at] == 'E'))
        out->before_point += read_exponent(number, at + 1);
    return out->whole.size + out->fraction.size != 0;
}

static size_t count_leading_zeros(const char *digits, size_t size)
{
    size_t zeros = 0;

    while (zeros < size && digits[zeros] == '0')
        zeros++;
    return zeros;
}

/* Writes sign, `whole` digits (at least one) and `scale` of them behind the point. */
static bool write_fixed(struct arena *arena, bool negative, const char *digits, size_t whole,
                        unsigned scale, struct miniorm_text *out)
{
    char *text = arena_alloc(arena, whole + scale + 3);
    size_t size = 0;

    if (text == NULL)
        return false;
    if (negative && count_leading_zeros(digits, whole + scale) != whole + scale)
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

/* The digits before the point and `scale` behind it, rounded, with one in front for what that
 * carries. */
static char *round_digits(struct arena *arena, const struct digits *digits, long first,
                          size_t whole, unsigned scale)
{
    char *rounded = arena_alloc(arena, 1 + whole + scale);

    if (rounded == NULL)
        return NULL;
    rounded[0] = '0';
    for (size_t i = 0; i < whole + scale; i++)
        rounded[1 + i] = digit_at(digits, first + (long)i);
    if (digit_at(digits, first + (long)whole + (long)scale) >= '5')
        add_one(rounded, 1 + whole + scale);
    return rounded;
}

bool baseapi__decimal_fit(struct arena *arena, struct miniorm_text number, unsigned precision,
                          unsigned scale, struct miniorm_text *out)
{
    const long most = (long)precision - (long)scale;
    struct digits digits;
    long first = 0;
    long n_digits;
    char *rounded;
    size_t whole;
    size_t zeros;

    if (!take_apart(number, &digits))
        return false;
    n_digits = (long)(digits.whole.size + digits.fraction.size);
    while (first < n_digits && digit_at(&digits, first) == '0')
        first++;
    if (first < n_digits && digits.before_point - first > most)
        return false;
    /* From here on the first digit is one that counts, or the one right behind the point. */
    whole =
        first < n_digits && digits.before_point > first ? (size_t)(digits.before_point - first) : 0;
    rounded = round_digits(arena, &digits, digits.before_point - (long)whole, whole, scale);
    if (rounded == NULL)
        return false;
    zeros = count_leading_zeros(rounded, 1 + whole);
    if ((long)(1 + whole - zeros) > most)
        return false;
    zeros -= zeros == 1 + whole;
    return write_fixed(arena, digits.negative, rounded + zeros, 1 + whole - zeros, scale, out);
}
