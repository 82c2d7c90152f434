/*
 * Exact decimal numbers, which stay text: what PostgreSQL's numeric accepts, what a precision and a
 * scale keep of it, and their order.
 *
 * Invariant: nothing is ever turned into floating point; two spellings of one number are equal.
 */
#include <miniorm/numeric.h>

#include <string.h>

#include "error.h"
#include "value.h"

/* Limits of PostgreSQL's numeric, in digits before and after the point. */
#define WHOLE_DIGITS_MAX 131072
#define FRACTION_DIGITS_MAX 16383
/* Longer exponents are beyond both limits whatever the digits; keeps sums far from overflow. */
#define EXPONENT_MAX 100000000

enum class { CLASS_NEGATIVE_INFINITY, CLASS_NUMBER, CLASS_INFINITY, CLASS_NAN, CLASS_MALFORMED };

struct number {
    enum class class;
    int sign; /* -1, 0, 1 */
    struct miniorm_text whole; /* digits before the point, leading zeros left out */
    struct miniorm_text fraction; /* digits after it; if `whole` is empty, leading zeros left out */
    int64_t magnitude; /* the first digit is worth 10^(magnitude - 1) */
    int64_t scale; /* digits after the point once the exponent is applied */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool equals(struct miniorm_text text, const char *word)
{
    size_t i;

    for (i = 0; i < text.size && word[i] != '\0'; i++) {
        if ((text.data[i] | 0x20) != word[i])
            return false;
    }
    return i == text.size && word[i] == '\0';
}

static struct miniorm_text skip(struct miniorm_text text, size_t count)
{
    return miniorm_text_from(text.data + count, text.size - count);
}

static struct miniorm_text take_digits(struct miniorm_text *rest)
{
    struct miniorm_text digits = *rest;
    size_t n = 0;

    while (n < rest->size && is_digit(rest->data[n]))
        n++;
    digits.size = n;
    *rest = skip(*rest, n);
    return digits;
}

static size_t count_leading_zeros(struct miniorm_text digits)
{
    size_t n = 0;

    while (n < digits.size && digits.data[n] == '0')
        n++;
    return n;
}

/* The exponent at the end, if any; nothing may follow. */
static bool parse_exponent(struct miniorm_text rest, int64_t *out)
{
    bool negative = false;
    int64_t exponent = 0;

    if (rest.size == 0)
        return true;
    if ((rest.data[0] | 0x20) != 'e')
        return false;
    rest = skip(rest, 1);
    if (rest.size > 0 && (rest.data[0] == '-' || rest.data[0] == '+')) {
        negative = rest.data[0] == '-';
        rest = skip(rest, 1);
    }
    if (rest.size == 0)
        return false;
    for (; rest.size > 0; rest = skip(rest, 1)) {
        if (!is_digit(rest.data[0]))
            return false;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (rest.data[0] - '0');
    }
    *out = negative ? -exponent : exponent;
    return true;
}

static void measure(struct number *number, int64_t exponent)
{
    size_t zeros = count_leading_zeros(number->whole);

    number->scale = (int64_t)number->fraction.size - exponent;
    number->whole = skip(number->whole, zeros);
    number->magnitude = (int64_t)number->whole.size + exponent;
    if (number->whole.size != 0)
        return;
    zeros = count_leading_zeros(number->fraction);
    number->fraction = skip(number->fraction, zeros);
    number->magnitude = exponent - (int64_t)zeros;
    if (number->fraction.size == 0)
        number->sign = 0;
}

static bool parse_digits(struct miniorm_text text, struct number *number)
{
    int64_t exponent = 0;

    number->whole = take_digits(&text);
    number->fraction = miniorm_text_from(text.data, 0);
    if (text.size > 0 && text.data[0] == '.') {
        text = skip(text, 1);
        number->fraction = take_digits(&text);
    }
    if (number->whole.size + number->fraction.size == 0 || !parse_exponent(text, &exponent))
        return false;
    measure(number, exponent);
    return true;
}

static void parse(struct miniorm_text text, struct number *number)
{
    memset(number, 0, sizeof(*number));
    number->sign = 1;
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        number->sign = text.data[0] == '-' ? -1 : 1;
        text = skip(text, 1);
    } else if (equals(text, "nan")) {
        number->class = CLASS_NAN;
        return;
    }
    if (equals(text, "infinity") || equals(text, "inf"))
        number->class = number->sign < 0 ? CLASS_NEGATIVE_INFINITY : CLASS_INFINITY;
    else
        number->class = parse_digits(text, number) ? CLASS_NUMBER : CLASS_MALFORMED;
}

static bool is_valid(const struct number *number)
{
    if (number->class == CLASS_NUMBER)
        return number->magnitude <= WHOLE_DIGITS_MAX && number->scale <= FRACTION_DIGITS_MAX;
    return number->class != CLASS_MALFORMED;
}

bool miniorm__numeric_is_valid(struct miniorm_text text)
{
    struct number number;

    parse(text, &number);
    return is_valid(&number);
}

static size_t digits_before_point(const struct number *number)
{
    return number->sign != 0 && number->magnitude > 0 ? (size_t)number->magnitude : 0;
}

static char digit_at(const struct number *number, size_t place)
{
    if (place < number->whole.size)
        return number->whole.data[place];
    place -= number->whole.size;
    return place < number->fraction.size ? number->fraction.data[place] : '0';
}

/* The digit worth 10^(-place - 1), also of places before the point (negative) and far behind. */
static char digit_of_place(const struct number *number, int64_t place)
{
    if (number->sign == 0 || place < -number->magnitude)
        return '0';
    return digit_at(number, (size_t)(place + number->magnitude));
}

static size_t write_number(const struct number *number, char *out)
{
    const int64_t whole = (int64_t)digits_before_point(number);
    size_t size = 0;
    int64_t place;

    if (number->sign < 0)
        out[size++] = '-';
    if (whole == 0)
        out[size++] = '0';
    for (place = -whole; place < number->scale || place < 0; place++) {
        if (place == 0)
            out[size++] = '.';
        out[size++] = digit_of_place(number, place);
    }
    return size;
}

static bool is_normal(struct miniorm_text text, const struct number *number)
{
    const size_t whole = digits_before_point(number);
    const size_t point = number->scale > 0 ? 1 + (size_t)number->scale : 0;
    size_t i;

    for (i = 0; i < text.size; i++) {
        if (text.data[i] == 'e' || text.data[i] == 'E' || text.data[i] == '+')
            return false;
    }
    return text.size == (number->sign < 0 ? 1 : 0) + (whole == 0 ? 1 : whole) + point &&
           text.data[number->sign < 0 ? 1 : 0] != '.';
}

static struct miniorm_text normal_number(struct miniorm_text text, const struct number *number,
                                         struct arena *arena)
{
    const size_t scale = number->scale > 0 ? (size_t)number->scale : 0;
    char *digits;

    if (is_normal(text, number))
        return text;
    /* Sign, a zero before the point, the point. */
    digits = arena_alloc(arena, digits_before_point(number) + scale + 3);
    if (digits == NULL)
        return miniorm_text_from(NULL, 0);
    return miniorm_text_from(digits, write_number(number, digits));
}

struct miniorm_text miniorm__numeric_normal(struct miniorm_text text, struct arena *arena)
{
    struct number number;

    parse(text, &number);
    switch (number.class) {
    case CLASS_NAN: return MINIORM_S("NaN");
    case CLASS_INFINITY: return MINIORM_S("Infinity");
    case CLASS_NEGATIVE_INFINITY: return MINIORM_S("-Infinity");
    case CLASS_MALFORMED: break;
    case CLASS_NUMBER: return normal_number(text, &number, arena);
    }
    return text;
}

/* Adds one to the last digit, which may carry into a new first one; returns the new size. */
static size_t add_one(char *digits, size_t size)
{
    const size_t first = digits[0] == '-';
    size_t i = size;

    while (i-- > first) {
        if (digits[i] == '.')
            continue;
        if (digits[i] != '9') {
            digits[i]++;
            return size;
        }
        digits[i] = '0';
    }
    memmove(digits + first + 1, digits + first, size - first);
    digits[first] = '1';
    return size + 1;
}

/* Writes a number that has at most precision - scale digits before the point, which rounding may
 * make one more: then it does not fit, and 0 is returned. */
static size_t write_rounded(const struct number *number, unsigned precision, unsigned scale,
                            char *out)
{
    const bool up = digit_of_place(number, scale) >= '5';
    struct number cut = *number;
    size_t size, first, whole;

    cut.scale = scale;
    /* A zero has no sign. */
    if (!up && -number->magnitude >= cut.scale)
        cut.sign = 0;
    size = write_number(&cut, out);
    if (up)
        size = add_one(out, size);
    first = out[0] == '-';
    whole = size - first - (scale == 0 ? 0 : 1 + scale);
    if (out[first] != '0' && whole > precision - scale)
        return 0;
    out[size] = '\0';
    return size;
}

static enum miniorm_status fit(struct miniorm_text text, const struct number *number,
                               unsigned precision, unsigned scale, char *buffer,
                               struct miniorm_text *out, struct miniorm_error *error)
{
    size_t size = 0;

    if (number->class == CLASS_NUMBER && digits_before_point(number) <= precision - scale) {
        if (number->scale == scale && is_normal(text, number)) {
            *out = text;
            return MINIORM_OK;
        }
        size = write_rounded(number, precision, scale, buffer);
    }
    if (size == 0)
        return miniorm__fail(error, MINIORM_EVALUE, "the number does not fit numeric(%u,%u)",
                             precision, scale);
    *out = miniorm_text_from(buffer, size);
    return MINIORM_OK;
}

enum miniorm_status miniorm_numeric_fit(struct miniorm_text number, unsigned precision,
                                        unsigned scale, char buffer[MINIORM_NUMERIC_SIZE],
                                        struct miniorm_text *out, struct miniorm_error *error)
{
    struct number parsed;

    if (precision > MINIORM_PRECISION_MAX || scale > precision)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "precision %u is over %d, or scale %u over the precision", precision,
                             MINIORM_PRECISION_MAX, scale);
    parse(number, &parsed);
    if (!is_valid(&parsed))
        return miniorm__fail(error, MINIORM_EVALUE, "the text is no numeric, or out of its range");
    if (precision != 0 && parsed.class != CLASS_NAN)
        return fit(number, &parsed, precision, scale, buffer, out, error);
    *out = number;
    return MINIORM_OK;
}

static size_t count_digits(const struct number *number)
{
    return number->whole.size + number->fraction.size;
}

/* Order of the absolute values of two numbers that are not zero. */
static int compare_digits(const struct number *left, const struct number *right)
{
    const size_t n_left = count_digits(left);
    const size_t n = n_left > count_digits(right) ? n_left : count_digits(right);
    size_t i;

    if (left->magnitude != right->magnitude)
        return left->magnitude < right->magnitude ? -1 : 1;
    for (i = 0; i < n; i++) {
        const char left_digit = digit_at(left, i);
        const char right_digit = digit_at(right, i);

        if (left_digit != right_digit)
            return left_digit < right_digit ? -1 : 1;
    }
    return 0;
}

static int compare_bytes(const char *left, size_t left_size, const char *right, size_t right_size)
{
    const size_t size = left_size < right_size ? left_size : right_size;
    const int order = size == 0 ? 0 : memcmp(left, right, size);

    if (order != 0 || left_size == right_size)
        return order;
    return left_size < right_size ? -1 : 1;
}

int miniorm__numeric_compare(const char *left, size_t left_size, const char *right,
                             size_t right_size)
{
    struct number a, b;

    parse(miniorm_text_from(left, left_size), &a);
    parse(miniorm_text_from(right, right_size), &b);
    if (a.class != b.class)
        return a.class < b.class ? -1 : 1;
    if (a.class == CLASS_MALFORMED)
        return compare_bytes(left, left_size, right, right_size);
    if (a.class != CLASS_NUMBER)
        return 0;
    if (a.sign != b.sign)
        return a.sign < b.sign ? -1 : 1;
    return a.sign == 0 ? 0 : a.sign * compare_digits(&a, &b);
}
