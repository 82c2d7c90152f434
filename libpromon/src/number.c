/*
 * Numbers of pages. One layout for all text formats:
 *
 * - what was counted in whole numbers is exact and plain: 5, 18446744073709551615;
 * - other numbers are the shortest digits that read back the same, laid out as the Prometheus
 *   clients of Go and Python do: 1.0, 0.0001, 123456.5, 1e-05, 6.0297216e+07, +Inf, -Inf, NaN.
 *   These are the "canonical numbers" that OpenMetrics wants for the bounds of buckets, and always
 *   have a point or an exponent, by which OpenMetrics 2.0 tells them from whole numbers.
 */
#include "number.h"

#include <math.h>
#include <string.h>

#include "shortest.h"

/* With this exponent and from that on, digits are followed by one: 1e-05, 1e+06. */
#define EXPONENT_LOW (-5)
#define EXPONENT_HIGH 6
/* Whole numbers below are written without a search for the shortest digits. */
#define SMALL_WHOLE 1000000
/* Times beyond are written as this: the year 292,277. */
#define SECONDS_MAX 9.2e12

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343"
    "536373839404142434445464748495051525354555657585960616263646566676869707"
    "17273747576777879808182838485868788899091929394959697989900";

static char *copy(char *out, const char *word, size_t size)
{
    memcpy(out, word, size);
    return out + size;
}

static unsigned count_digits(uint64_t number)
{
    unsigned count = 1;

    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Writes `count` digits, the last ones of the number. */
static char *write_digits(char *out, uint64_t number, unsigned count)
{
    char *const end = out + count;
    char *place = end;

    for (; place - out >= 2; number /= 100) {
        place -= 2;
        memcpy(place, pairs + 2 * (number % 100), 2);
    }
    if (place != out)
        *out = (char)('0' + number % 10);
    return end;
}

char *promon__format_unsigned(char *out, uint64_t number)
{
    return write_digits(out, number, count_digits(number));
}

char *promon__format_signed(char *out, int64_t number)
{
    if (number >= 0)
        return promon__format_unsigned(out, (uint64_t)number);
    *out = '-';
    return promon__format_unsigned(out + 1, 0 - (uint64_t)number);
}

/* One digit, the point if others follow, and the exponent. */
static char *write_scientific(char *out, uint64_t digits, unsigned n_digits, int exponent)
{
    write_digits(out + 1, digits, n_digits);
    out[0] = out[1];
    out[1] = '.';
    out += n_digits > 1 ? n_digits + 1 : 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    return write_digits(out, (uint64_t)exponent, exponent < 100 ? 2 : 3);
}

/* `n_whole` digits stand before the point: none or less, or more than there are, are zeros. */
static char *write_plain(char *out, uint64_t digits, unsigned n_digits, int n_whole)
{
    if (n_whole <= 0) {
        out = copy(out, "0.0000", (size_t)(2 - n_whole));
        return write_digits(out, digits, n_digits);
    }
    if ((unsigned)n_whole >= n_digits) {
        out = write_digits(out, digits, n_digits);
        out = copy(out, "000000", (size_t)n_whole - n_digits);
        return copy(out, ".0", 2);
    }
    write_digits(out + 1, digits, n_digits);
    memmove(out, out + 1, (size_t)n_whole);
    out[n_whole] = '.';
    return out + n_digits + 1;
}

static char *write_positive(char *out, double number)
{
    const struct promon__decimal decimal = promon__shortest(number);
    const unsigned n_digits = count_digits(decimal.digits);
    const int exponent = decimal.exponent + (int)n_digits - 1;

    if (exponent <= EXPONENT_LOW || exponent >= EXPONENT_HIGH)
        return write_scientific(out, decimal.digits, n_digits, exponent);
    return write_plain(out, decimal.digits, n_digits, exponent + 1);
}

char *promon__format_real(char *out, double number)
{
    if (isnan(number))
        return copy(out, "NaN", 3);
    if (isinf(number))
        return copy(out, number < 0 ? "-Inf" : "+Inf", 4);
    if (signbit(number)) {
        *out++ = '-';
        number = -number;
    }
    if (number < SMALL_WHOLE && number == (double)(uint32_t)number)
        return copy(promon__format_unsigned(out, (uint32_t)number), ".0", 2);
    return write_positive(out, number);
}

char *promon__format_number(char *out, const struct promon__number *number)
{
    return number->is_unsigned ? promon__format_unsigned(out, number->whole)
                               : promon__format_real(out, number->real);
}

char *promon__format_seconds(char *out, double seconds)
{
    uint64_t thousandths;

    if (isnan(seconds))
        seconds = 0;
    if (seconds < 0) {
        *out++ = '-';
        seconds = -seconds;
    }
    thousandths = (uint64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1000 + 0.5);
    out = promon__format_unsigned(out, thousandths / 1000);
    *out++ = '.';
    return write_digits(out, thousandths % 1000, 3);
}

double promon__number_as_real(const struct promon__number *number)
{
    return number->is_unsigned ? (double)number->whole : number->real;
}
