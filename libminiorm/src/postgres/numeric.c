/*
 * Numeric: PostgreSQL's binary form of numeric to decimal text and back, without loss.
 *
 * The binary form has a header of four 16-bit numbers (count of digits, weight of the first digit,
 * sign, decimal scale) and base-10000 digits without leading or trailing zeros. NaN and the
 * infinities are signs.
 *
 * Invariant: nothing beyond the given sizes is read or written, whatever the input is.
 */
#include "codec.h"

#include <string.h>
#include <strings.h>

#include "../error.h"

#define HEADER_SIZE 8
#define SIGN_POSITIVE 0x0000
#define SIGN_NEGATIVE 0x4000
#define SIGN_NAN 0xC000
#define SIGN_INFINITY 0xD000
#define SIGN_NEGATIVE_INFINITY 0xF000
/* The scale has 14 bits, the weight is a signed 16-bit number of digits of base 10000. */
#define SCALE_MAX 0x3FFF
#define WEIGHT_MAX 0x7FFF
#define BASE_DIGITS 4
/* No exponent beyond this can give a number within the bounds above, whatever the digits. */
#define EXPONENT_MAX 1000000

/* A number as text: which digits, and where the decimal point is among them. */
struct decimal {
    const char *digits; /* may have a '.' among them */
    const char *end;
    long point; /* value is 0.DIGITS * 10^point, once leading zeros are gone */
    long scale;
    uint16_t sign;
};

size_t miniorm__pg_numeric_bound(size_t size)
{
    return HEADER_SIZE + 2 * (size / BASE_DIGITS + 3);
}

static bool is_word(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

/* The sign for the words; SIGN_POSITIVE for none of them. */
static uint16_t special_sign(const char *text, size_t size)
{
    const bool is_signed = size != 0 && (*text == '-' || *text == '+');
    const bool is_negative = is_signed && *text == '-';

    if (is_word(text, size, "nan"))
        return SIGN_NAN;
    text += is_signed;
    size -= is_signed;
    if (is_word(text, size, "infinity") || is_word(text, size, "inf"))
        return is_negative ? SIGN_NEGATIVE_INFINITY : SIGN_INFINITY;
    return SIGN_POSITIVE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_exponent(const char *at, const char *end, long *out)
{
    bool is_negative = false;
    long exponent = 0;

    if (at < end && (*at == '-' || *at == '+'))
        is_negative = *at++ == '-';
    if (at == end)
        return false;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    }
    *out = is_negative ? -exponent : exponent;
    return true;
}

/* Reads sign, digits and exponent; false when the text is no number. */
static bool decimal_read(struct decimal *decimal, const char *text, size_t size)
{
    const char *end = text + size;
    long integer_digits = 0, fraction_digits = 0, exponent = 0;
    const char *at;
    bool has_point = false;

    decimal->sign = SIGN_POSITIVE;
    if (text < end && (*text == '-' || *text == '+'))
        decimal->sign = *text++ == '-' ? SIGN_NEGATIVE : SIGN_POSITIVE;
    for (at = text; at < end && (is_digit(*at) || (*at == '.' && !has_point)); at++) {
        if (*at == '.')
            has_point = true;
        else
            *(has_point ? &fraction_digits : &integer_digits) += 1;
    }
    if (integer_digits + fraction_digits == 0)
        return false;
    decimal->digits = text;
    decimal->end = at;
    if (at < end && ((*at != 'e' && *at != 'E') || !read_exponent(at + 1, end, &exponent)))
        return false;
    decimal->point = integer_digits + exponent;
    decimal->scale = fraction_digits > exponent ? fraction_digits - exponent : 0;
    return true;
}

/* Takes away zeros before the first and behind the last digit that counts. */
static void decimal_strip(struct decimal *decimal)
{
    while (decimal->digits < decimal->end && (*decimal->digits == '0' || *decimal->digits == '.')) {
        decimal->point -= *decimal->digits == '0';
        decimal->digits++;
    }
    while (decimal->end > decimal->digits && (decimal->end[-1] == '0' || decimal->end[-1] == '.'))
        decimal->end--;
}

static long first_weight(long point)
{
    return point > 0 ? (point + BASE_DIGITS - 1) / BASE_DIGITS - 1 : -(-point / BASE_DIGITS + 1);
}

/* Writes the digits in groups of four and returns how many groups. */
static unsigned put_groups(const struct decimal *decimal, long weight, unsigned char *out)
{
    unsigned filled = (unsigned)((weight + 1) * BASE_DIGITS - decimal->point);
    unsigned group = 0, groups = 0;
    const char *at;

    for (at = decimal->digits; at < decimal->end; at++) {
        if (*at == '.')
            continue;
        group = group * 10 + (unsigned)(*at - '0');
        if (++filled == BASE_DIGITS) {
            miniorm__put16(out + 2 * (size_t)groups++, (uint16_t)group);
            group = 0;
            filled = 0;
        }
    }
    if (filled == 0 || decimal->digits == decimal->end)
        return groups;
    for (; filled < BASE_DIGITS; filled++)
        group *= 10;
    miniorm__put16(out + 2 * (size_t)groups++, (uint16_t)group);
    return groups;
}

static size_t put_header(unsigned char *out, unsigned groups, long weight, uint16_t sign,
                         long scale)
{
    miniorm__put16(out, (uint16_t)groups);
    miniorm__put16(out + 2, (uint16_t)weight);
    miniorm__put16(out + 4, sign);
    miniorm__put16(out + 6, (uint16_t)scale);
    return HEADER_SIZE + 2 * (size_t)groups;
}

enum miniorm_status miniorm__pg_numeric_encode(const char *text, size_t size, unsigned char *out,
                                               size_t *written, struct miniorm_error *error)
{
    const uint16_t special = special_sign(text, size);
    struct decimal decimal;
    unsigned groups;
    long weight = 0;

    if (special != SIGN_POSITIVE) {
        *written = put_header(out, 0, 0, special, 0);
        return MINIORM_OK;
    }
    if (!decimal_read(&decimal, text, size))
        return miniorm__fail(error, MINIORM_EVALUE, "the text is not a number for numeric");
    decimal_strip(&decimal);
    if (decimal.digits != decimal.end)
        weight = first_weight(decimal.point);
    else
        decimal.sign = SIGN_POSITIVE;
    if (weight > WEIGHT_MAX || weight < -WEIGHT_MAX || decimal.scale > SCALE_MAX ||
        (size_t)(decimal.end - decimal.digits) / BASE_DIGITS >= UINT16_MAX - 2)
        return miniorm__fail(error, MINIORM_EVALUE, "the number is out of numeric's range");
    groups = put_groups(&decimal, weight, out + HEADER_SIZE);
    *written = put_header(out, groups, weight, decimal.sign, decimal.scale);
    return MINIORM_OK;
}

/* The binary form, checked. */
struct packed {
    const unsigned char *digits;
    long count;
    long weight;
    long scale;
    uint16_t sign;
};

static bool packed_read(struct packed *packed, const unsigned char *data, size_t size)
{
    long i;

    if (size < HEADER_SIZE)
        return false;
    packed->count = miniorm__get16(data);
    packed->weight = (int16_t)miniorm__get16(data + 2);
    packed->sign = miniorm__get16(data + 4);
    packed->scale = miniorm__get16(data + 6);
    packed->digits = data + HEADER_SIZE;
    if (size != HEADER_SIZE + 2 * (size_t)packed->count || packed->scale > SCALE_MAX)
        return false;
    for (i = 0; i < packed->count; i++) {
        if (miniorm__get16(packed->digits + 2 * i) > 9999)
            return false;
    }
    return true;
}

static unsigned packed_group(const struct packed *packed, long index)
{
    return index >= 0 && index < packed->count ? miniorm__get16(packed->digits + 2 * index) : 0;
}

static char *write_group(char *out, unsigned group, bool without_zeros)
{
    char text[BASE_DIGITS] = {(char)('0' + group / 1000), (char)('0' + group / 100 % 10),
                              (char)('0' + group / 10 % 10), (char)('0' + group % 10)};
    int first = 0;

    while (without_zeros && first < BASE_DIGITS - 1 && text[first] == '0')
        first++;
    memcpy(out, text + first, (size_t)(BASE_DIGITS - first));
    return out + BASE_DIGITS - first;
}

static char *write_integer(char *out, const struct packed *packed)
{
    bool is_first = true;
    long i;

    for (i = 0; i <= packed->weight; i++) {
        const unsigned group = packed_group(packed, i);

        if (is_first && group == 0)
            continue;
        out = write_group(out, group, is_first);
        is_first = false;
    }
    if (is_first)
        *out++ = '0';
    return out;
}

static char *write_fraction(char *out, const struct packed *packed)
{
    long written = 0, i = packed->weight + 1;

    if (packed->scale == 0)
        return out;
    *out++ = '.';
    for (; written < packed->scale; written += BASE_DIGITS)
        write_group(out + written, packed_group(packed, i++), false);
    return out + packed->scale;
}

static const char *special_word(uint16_t sign)
{
    switch (sign) {
    case SIGN_NAN: return "NaN";
    case SIGN_INFINITY: return "Infinity";
    case SIGN_NEGATIVE_INFINITY: return "-Infinity";
    default: return NULL;
    }
}

static size_t text_bound(const struct packed *packed)
{
    const size_t integer = packed->weight < 0 ? 1 : (size_t)(packed->weight + 1) * BASE_DIGITS;

    return integer + (size_t)packed->scale + BASE_DIGITS + sizeof("-.");
}

enum miniorm_status miniorm__pg_numeric_decode(const unsigned char *data, size_t size,
                                               struct arena *arena, struct miniorm_text *out,
                                               struct miniorm_error *error)
{
    struct packed packed;
    const char *word;
    char *text, *end;

    if (!packed_read(&packed, data, size))
        return miniorm__fail(error, MINIORM_EPROTOCOL, "the server sent a malformed numeric");
    word = special_word(packed.sign);
    if (word != NULL) {
        *out = miniorm_text_from(word, strlen(word));
        return MINIORM_OK;
    }
    if (packed.sign != SIGN_POSITIVE && packed.sign != SIGN_NEGATIVE)
        return miniorm__fail(error, MINIORM_EPROTOCOL, "the server sent a malformed numeric");
    text = arena_alloc(arena, text_bound(&packed));
    if (text == NULL)
        return miniorm__fail_memory(error);
    end = text;
    if (packed.sign == SIGN_NEGATIVE)
        *end++ = '-';
    end = write_fraction(write_integer(end, &packed), &packed);
    *end = '\0';
    *out = miniorm_text_from(text, (size_t)(end - text));
    return MINIORM_OK;
}
