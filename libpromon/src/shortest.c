/*
 * Shortest digits of a double by Raffaello Giulietti's Schubfach: of the decimals between the
 * halfway points to the neighbours, the shortest; of these, the nearest. No division of large
 * numbers, no allocation, no locale.
 *
 * A double is c * 2^q. It is scaled by a power of ten to a number of 17 or 16 whole digits, in
 * units of a quarter; what is lost is kept as a sticky bit, so that all comparisons are exact.
 * Powers of ten come as 128 bits, the highest one set, rounded up. They are made from every 27th,
 * with 192 bits, times a power of five, which gives exactly the rounded power in each case.
 */
#include "shortest.h"

#include <stdbool.h>
#include <string.h>

#define MANTISSA_BITS 52
#define HIDDEN_BIT (UINT64_C(1) << MANTISSA_BITS)
#define EXPONENT_BIAS 1075
#define POWER_MIN (-292)
#define POWER_STEP 27
/* Powers of ten from 10^0 to this one fit in 128 bits: nothing is rounded. */
#define EXACT_POWER_MAX 55

__extension__ typedef unsigned __int128 wide;

struct bits128 {
    uint64_t high, low;
};

/* 10^-292, 10^-265, …: the highest 192 bits, rounded up. */
static const uint64_t every_27th_power[][3] = {
    {UINT64_C(0xff77b1fcbebcdc4f), UINT64_C(0x25e8e89c13bb0f7a), UINT64_C(0xdf9b302944a88415)},
    {UINT64_C(0xce5d73ff402d98e3), UINT64_C(0xfb0a3d212dc8128f), UINT64_C(0xb839ca17a14a01cb)},
    {UINT64_C(0xa6b34ad8c9dfc06f), UINT64_C(0xf42faa48c0ea481e), UINT64_C(0xd7bde82603302c06)},
    {UINT64_C(0x86a8d39ef77164bc), UINT64_C(0xae5dff9c02033197), UINT64_C(0x02c85d6b781b02d4)},
    {UINT64_C(0xd98ddaee19068c76), UINT64_C(0x3badd624dd9b0957), UINT64_C(0x2dbb637d5b77493e)},
    {UINT64_C(0xafbd2350644eeacf), UINT64_C(0xe5d1929ef90898fa), UINT64_C(0x88865218f5493e65)},
    {UINT64_C(0x8df5efabc5979c8f), UINT64_C(0xca8d3ffa1ef463c1), UINT64_C(0xd897747ed9d851e8)},
    {UINT64_C(0xe55990879ddcaabd), UINT64_C(0xcc420a6a101d0515), UINT64_C(0xc2f41cf139d59e10)},
    {UINT64_C(0xb94470938fa89bce), UINT64_C(0xf808e40e8d5b3e69), UINT64_C(0xbf953486d9966118)},
    {UINT64_C(0x95a8637627989aad), UINT64_C(0xdde7001379a44aa8), UINT64_C(0x2eb5b82ea93e5f5d)},
    {UINT64_C(0xf1c90080baf72cb1), UINT64_C(0x5324c68b12dd6338), UINT64_C(0x70cb148213caa7e5)},
    {UINT64_C(0xc350000000000000), UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0x9dc5ada82b70b59d), UINT64_C(0xf020000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0xfee50b7025c36a08), UINT64_C(0x02f236d04753d5b4), UINT64_C(0x8e80000000000000)},
    {UINT64_C(0xcde6fd5e09abcf26), UINT64_C(0xed4c0226b55e6f86), UINT64_C(0xad18db241667cf42)},
    {UINT64_C(0xa6539930bf6bff45), UINT64_C(0x84db8346b786151c), UINT64_C(0x91d1eac1fe9754be)},
    {UINT64_C(0x865b86925b9bc5c2), UINT64_C(0x0b8a2392ba45a9b2), UINT64_C(0x5c6658d409fb8bf8)},
    {UINT64_C(0xd910f7ff28069da4), UINT64_C(0x1b2ba1518094da04), UINT64_C(0xc4e8e60f9cf29c85)},
    {UINT64_C(0xaf58416654a6babb), UINT64_C(0x387ac8d1970027b2), UINT64_C(0x03c5b3eebd70b863)},
    {UINT64_C(0x8da471a9de737e24), UINT64_C(0x5ceaecfed289e5d2), UINT64_C(0xac195df9a79706b7)},
    {UINT64_C(0xe4d5e82392a40515), UINT64_C(0x0fabaf3feaa5334a), UINT64_C(0x611fe6a4368498ba)},
    {UINT64_C(0xb8da1662e7b00a17), UINT64_C(0x3d6a751f3b936243), UINT64_C(0xfcc1493dcb1551e0)},
    {UINT64_C(0x95527a5202df0ccb), UINT64_C(0x0f37801e0c43ebc8), UINT64_C(0x985032667e54efd4)},
};

static const uint64_t powers_of_five[POWER_STEP] = {
    UINT64_C(1),
    UINT64_C(5),
    UINT64_C(25),
    UINT64_C(125),
    UINT64_C(625),
    UINT64_C(3125),
    UINT64_C(15625),
    UINT64_C(78125),
    UINT64_C(390625),
    UINT64_C(1953125),
    UINT64_C(9765625),
    UINT64_C(48828125),
    UINT64_C(244140625),
    UINT64_C(1220703125),
    UINT64_C(6103515625),
    UINT64_C(30517578125),
    UINT64_C(152587890625),
    UINT64_C(762939453125),
    UINT64_C(3814697265625),
    UINT64_C(19073486328125),
    UINT64_C(95367431640625),
    UINT64_C(476837158203125),
    UINT64_C(2384185791015625),
    UINT64_C(11920928955078125),
    UINT64_C(59604644775390625),
    UINT64_C(298023223876953125),
    UINT64_C(1490116119384765625),
};

/* Floor of the logarithm to the base of two of 10^power. */
static int log2_of_power(int power)
{
    return (power * 1741647) >> 19;
}

/* The highest 128 bits of 10^power. */
static struct bits128 power_of_ten(int power)
{
    const int index = (power - POWER_MIN) / POWER_STEP;
    const int base_power = POWER_MIN + index * POWER_STEP;
    const int step = power - base_power;
    const int shift = log2_of_power(power) - log2_of_power(base_power) - step;
    const uint64_t *base = every_27th_power[index];
    const uint64_t five = powers_of_five[step];
    const wide low = (wide)base[2] * five;
    const wide middle = (wide)base[1] * five + (uint64_t)(low >> 64);
    const wide high = (wide)base[0] * five + (uint64_t)(middle >> 64);
    struct bits128 result = {(uint64_t)high, (uint64_t)middle};

    if (shift != 0) {
        result.high = (uint64_t)(high >> shift);
        result.low = (uint64_t)high << (64 - shift) | (uint64_t)middle >> shift;
    }
    /* What was cut off is not zero where the power does not fit. The sum cannot overflow. */
    if (power < 0 || power > EXACT_POWER_MAX)
        result.low++;
    return result;
}

/* The product's highest 64 bits, with the lowest one set when anything below is. */
static uint64_t scale(struct bits128 power, uint64_t number)
{
    const wide low = (wide)power.low * number;
    const wide high = (wide)power.high * number + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The choice among the decimals nearest to `value`, which lies between `lower` and `upper`; all in
 * quarters, bounds included. */
static struct promon__decimal choose(uint64_t value, uint64_t lower, uint64_t upper, int exponent)
{
    const uint64_t whole = value / 4;
    const uint64_t tens = whole / 10;
    const bool is_tens_inside = whole >= 10 && lower <= 40 * tens;
    const bool is_next_tens_inside = whole >= 10 && 40 * tens + 40 <= upper;
    const bool is_inside = lower <= 4 * whole;
    const bool is_next_inside = 4 * whole + 4 <= upper;
    const uint64_t middle = 4 * whole + 2;

    if (is_tens_inside != is_next_tens_inside)
        return (struct promon__decimal){tens + is_next_tens_inside, exponent + 1};
    if (is_inside != is_next_inside)
        return (struct promon__decimal){whole + is_next_inside, exponent};
    return (struct promon__decimal){whole + (value > middle || (value == middle && whole % 2 != 0)),
                                    exponent};
}

static struct promon__decimal shortest_of(uint64_t c, int q, bool has_near_lower)
{
    /* Floor of the logarithm to the base of ten of 2^q, or of 3/4 of it. */
    const int exponent = (q * 1262611 - (has_near_lower ? 524031 : 0)) >> 22;
    const struct bits128 power = power_of_ten(-exponent);
    const int shift = q + log2_of_power(-exponent) + 1;
    const uint64_t lower = scale(power, (4 * c - 2 + has_near_lower) << shift);
    const uint64_t value = scale(power, (4 * c) << shift);
    const uint64_t upper = scale(power, (4 * c + 2) << shift);
    const bool is_odd = c % 2 != 0;

    return choose(value, lower + is_odd, upper - is_odd, exponent);
}

static struct promon__decimal without_zeros(struct promon__decimal decimal)
{
    while (decimal.digits % 100 == 0) {
        decimal.digits /= 100;
        decimal.exponent += 2;
    }
    if (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    return decimal;
}

struct promon__decimal promon__shortest(double value)
{
    uint64_t bits, c, mantissa;
    int exponent, q;

    memcpy(&bits, &value, sizeof(bits));
    mantissa = bits & (HIDDEN_BIT - 1);
    exponent = (int)(bits >> MANTISSA_BITS & 0x7ff);
    c = exponent == 0 ? mantissa : mantissa | HIDDEN_BIT;
    q = (exponent == 0 ? 1 : exponent) - EXPONENT_BIAS;
    if (q <= 0 && q > -MANTISSA_BITS - 1 && (c & ((UINT64_C(1) << -q) - 1)) == 0)
        return without_zeros((struct promon__decimal){c >> -q, 0});
    return without_zeros(shortest_of(c, q, mantissa == 0 && exponent > 1));
}
