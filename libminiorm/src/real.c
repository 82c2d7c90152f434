/*
 * Floating point as text and back, independent of the locale: the shortest digits that read back
 * the same number, laid out as PostgreSQL does.
 *
 * The C library does the exact work where it is needed. What it prints is searched for its digits,
 * so that the locale's decimal point does not matter. Short decimals, which most are, do without:
 * a product or quotient of two exact doubles is rounded once, correctly.
 * Invariant: reading what was written gives the same number, bit for bit (NaN apart from its
 * payload).
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

/* A decimal number: 0.d1d2d3… times 10^point, without leading zeros; no digits: zero. */
struct decimal {
    bool negative;
    size_t n_digits;
    int point;
    char *digits;
};

/* A double is decided by its first 767 significant digits and whether any other follows. */
#define DIGITS_MAX 770
/* Beyond this every number is zero or infinite; keeps sums of exponents far from overflow. */
#define EXPONENT_MAX 100000
/* Digits, 'e', sign, six digits of an exponent, NUL. */
#define PLAIN_SIZE (DIGITS_MAX + 16)
/* Powers of ten that a double holds exactly. */
#define EXACT_POWER 22
/* Every decimal of so many digits comes back from a double unchanged. */
#define EXACT_DIGITS 15
#define EXACT_MANTISSA 1e15

static const double powers_of_ten[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* What differs between the two widths. */
struct width {
    size_t sure_digits; /* every decimal of so many digits survives */
    size_t most_digits; /* every number survives as so many digits */
    double smallest_normal; /* below it precision fades, and fewer digits may do */
    int plain_point; /* from this place of the point on the exponent form is used */
};

static const struct width float4_width = {FLT_DIG, FLT_DECIMAL_DIG, FLT_MIN, FLT_DIG};
static const struct width float8_width = {DBL_DIG, DBL_DECIMAL_DIG, DBL_MIN, DBL_DIG};

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

static bool parse_special(struct miniorm_text text, bool negative, double *out)
{
    if (equals(text, "infinity") || equals(text, "inf"))
        *out = negative ? -(double)INFINITY : (double)INFINITY;
    else if (equals(text, "nan"))
        *out = (double)NAN;
    else
        return false;
    return true;
}

/* Takes one digit; those beyond DIGITS_MAX only leave a trace, so that ties are told apart. */
static void add_digit(struct decimal *decimal, char digit, bool after_point)
{
    if (decimal->n_digits == 0 && digit == '0') {
        decimal->point -= after_point && decimal->point > -EXPONENT_MAX ? 1 : 0;
        return;
    }
    if (!after_point && decimal->point < EXPONENT_MAX)
        decimal->point++;
    if (decimal->n_digits < DIGITS_MAX)
        decimal->digits[decimal->n_digits++] = digit;
    else if (digit != '0')
        decimal->digits[DIGITS_MAX - 1] = '1';
}

/* The digits and the point at the beginning of the text; returns how much of it they are, 0 without
 * any digit. */
static size_t parse_digits(struct miniorm_text text, struct decimal *decimal)
{
    bool after_point = false;
    bool any = false;
    size_t i;

    for (i = 0; i < text.size; i++) {
        if (text.data[i] == '.' && !after_point) {
            after_point = true;
        } else if (is_digit(text.data[i])) {
            add_digit(decimal, text.data[i], after_point);
            any = true;
        } else {
            break;
        }
    }
    return any ? i : 0;
}

static bool parse_exponent(struct miniorm_text text, int *out)
{
    bool negative = false;
    int exponent = 0;
    size_t i = 1;

    if (text.size < 2 || (text.data[0] | 0x20) != 'e')
        return false;
    if (text.data[i] == '-' || text.data[i] == '+')
        negative = text.data[i++] == '-';
    if (i == text.size)
        return false;
    for (; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            return false;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (text.data[i] - '0');
    }
    *out = negative ? -exponent : exponent;
    return true;
}

static bool parse_decimal(struct miniorm_text text, struct decimal *decimal)
{
    const size_t used = parse_digits(text, decimal);
    int exponent = 0;

    if (used == 0)
        return false;
    if (used < text.size &&
        !parse_exponent(miniorm_text_from(text.data + used, text.size - used), &exponent))
        return false;
    decimal->point += exponent;
    return true;
}

/* "d1d2d3e-2" */
static void write_plain(const struct decimal *decimal, char out[PLAIN_SIZE])
{
    memcpy(out, decimal->digits, decimal->n_digits);
    snprintf(out + decimal->n_digits, PLAIN_SIZE - decimal->n_digits, "e%d",
             decimal->point - (int)decimal->n_digits);
}

/* Few digits and a small exponent: one exact operation. False where that does not hold. */
static bool quick_real(const struct decimal *decimal, double *out)
{
    const int exponent = decimal->point - (int)decimal->n_digits;
    uint64_t mantissa = 0;
    size_t i;

    if (FLT_EVAL_METHOD != 0 || decimal->n_digits > EXACT_DIGITS || exponent > EXACT_POWER ||
        exponent < -EXACT_POWER)
        return false;
    for (i = 0; i < decimal->n_digits; i++)
        mantissa = mantissa * 10 + (uint64_t)(decimal->digits[i] - '0');
    *out = exponent < 0 ? (double)mantissa / powers_of_ten[-exponent]
                        : (double)mantissa * powers_of_ten[exponent];
    return true;
}

/*
 * What strtod_l makes of it. The C locale is a constant object of the C library: asking for it
 * allocates nothing and switches nothing. Where it is not to be had, the answer is no number.
 */
static double read_plain(const char *plain, const struct width *width)
{
    const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double real = (double)NAN;

    if (locale == (locale_t)0)
        return real;
    real = width == &float4_width ? (double)strtof_l(plain, NULL, locale)
                                  : strtod_l(plain, NULL, locale);
    freelocale(locale);
    return real;
}

static double real_of(const struct decimal *decimal, const struct width *width)
{
    char plain[PLAIN_SIZE];
    double real;

    if (decimal->n_digits == 0)
        return 0;
    if (width == &float8_width && quick_real(decimal, &real))
        return real;
    write_plain(decimal, plain);
    return read_plain(plain, width);
}

static bool parse(struct miniorm_text text, const struct width *width, double *out)
{
    char digits[DIGITS_MAX];
    struct decimal decimal = {.digits = digits};
    double real;

    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        decimal.negative = text.data[0] == '-';
        text.data++;
        text.size--;
    }
    if (parse_special(text, decimal.negative, out))
        return true;
    if (!parse_decimal(text, &decimal))
        return false;
    real = real_of(&decimal, width);
    if (!isfinite(real) || (real == 0 && decimal.n_digits != 0))
        return false;
    *out = decimal.negative ? -real : real;
    return true;
}

bool miniorm__float8_parse(struct miniorm_text text, double *out)
{
    return parse(text, &float8_width, out);
}

bool miniorm__float4_parse(struct miniorm_text text, double *out)
{
    return parse(text, &float4_width, out);
}

static void drop_trailing_zeros(struct decimal *decimal)
{
    while (decimal->n_digits > 0 && decimal->digits[decimal->n_digits - 1] == '0')
        decimal->n_digits--;
}

/* Digits of an integer below EXACT_MANTISSA that is the number times 10^scale. */
static void take_integer(struct decimal *decimal, uint64_t integer, int scale)
{
    char reversed[20];
    size_t n = 0;

    while (integer != 0) {
        reversed[n++] = (char)('0' + integer % 10);
        integer /= 10;
    }
    decimal->point = (int)n - scale;
    decimal->n_digits = 0;
    while (n > 0)
        decimal->digits[decimal->n_digits++] = reversed[--n];
    drop_trailing_zeros(decimal);
}

/* Finds a decimal of at most 15 digits by scaling; its only representation is then the shortest. */
static bool quick_decimal(double real, struct decimal *decimal)
{
    int scale;

    for (scale = 0; FLT_EVAL_METHOD == 0 && scale <= EXACT_POWER; scale++) {
        const double scaled = real * powers_of_ten[scale] + 0.5;
        uint64_t integer;

        if (scaled >= EXACT_MANTISSA)
            return false;
        integer = (uint64_t)scaled;
        if (integer != 0 && (double)integer / powers_of_ten[scale] == real) {
            take_integer(decimal, integer, scale);
            return true;
        }
    }
    return false;
}

/* The `n_digits` digits nearest to the number, whatever stands between them as decimal point. */
static void nearest_decimal(double real, size_t n_digits, struct decimal *decimal)
{
    char text[PLAIN_SIZE];
    const char *c = text;

    snprintf(text, sizeof(text), "%.*e", (int)n_digits - 1, real);
    decimal->n_digits = 0;
    for (; *c != 'e'; c++) {
        if (is_digit(*c))
            decimal->digits[decimal->n_digits++] = *c;
    }
    decimal->point = (int)strtol(c + 1, NULL, 10) + 1;
    drop_trailing_zeros(decimal);
}

static void shortest_decimal(double real, const struct width *width, struct decimal *decimal)
{
    size_t n_digits = real < width->smallest_normal ? 1 : width->sure_digits;

    if (width == &float8_width && quick_decimal(real, decimal))
        return;
    for (; n_digits <= width->most_digits; n_digits++) {
        nearest_decimal(real, n_digits, decimal);
        if (real_of(decimal, width) == real)
            return;
    }
}

/* Two digits, or three where two do not do. */
static size_t write_two_digits(int number, char *out)
{
    size_t size = 0;

    if (number >= 100)
        out[size++] = (char)('0' + number / 100);
    out[size++] = (char)('0' + number / 10 % 10);
    out[size++] = (char)('0' + number % 10);
    return size;
}

static size_t write_exponent_form(const struct decimal *decimal, char *out)
{
    const int exponent = decimal->point - 1;
    size_t size = 0;

    out[size++] = decimal->digits[0];
    if (decimal->n_digits > 1)
        out[size++] = '.';
    memcpy(out + size, decimal->digits + 1, decimal->n_digits - 1);
    size += decimal->n_digits - 1;
    out[size++] = 'e';
    out[size++] = exponent < 0 ? '-' : '+';
    return size + write_two_digits(abs(exponent), out + size);
}

static size_t write_plain_form(const struct decimal *decimal, char *out)
{
    const int n_digits = (int)decimal->n_digits;
    size_t size = 0;
    int place;

    if (decimal->point <= 0)
        out[size++] = '0';
    for (place = decimal->point <= 0 ? decimal->point : 0;
         place < n_digits || place < decimal->point; place++) {
        if (place == decimal->point)
            out[size++] = '.';
        out[size++] = place >= 0 && place < n_digits ? decimal->digits[place] : '0';
    }
    return size;
}

static size_t format_special(double real, char *out)
{
    const char *word = isnan(real) ? "NaN" : isinf(real) ? "Infinity" : "0";
    const bool negative = signbit(real) && !isnan(real);

    if (negative)
        *out++ = '-';
    memcpy(out, word, strlen(word));
    return strlen(word) + (negative ? 1 : 0);
}

static size_t format(double real, const struct width *width, char out[MINIORM_FORMAT_SIZE])
{
    char digits[DBL_DECIMAL_DIG + 3] = "";
    struct decimal decimal = {.digits = digits};
    size_t size = 0;

    if (!isfinite(real) || real == 0)
        return format_special(real, out);
    if (real < 0)
        out[size++] = '-';
    shortest_decimal(fabs(real), width, &decimal);
    /* PostgreSQL writes plainly from 1e-04 on, up to all the digits that are sure. */
    if (decimal.point > -4 && decimal.point <= width->plain_point)
        return size + write_plain_form(&decimal, out + size);
    return size + write_exponent_form(&decimal, out + size);
}

size_t miniorm__float8_format(double value, char out[MINIORM_FORMAT_SIZE])
{
    return format(value, &float8_width, out);
}

size_t miniorm__float4_format(double value, char out[MINIORM_FORMAT_SIZE])
{
    return format((double)(float)value, &float4_width, out);
}
