/*
 * Numbers of JSON as text: whether a text is one, and how large it is, whatever its digits.
 */
#include "decimal.h"

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
