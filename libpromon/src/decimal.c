/*
 * Decimal: whole numbers with a point put in.
 */
#include "decimal.h"

enum { RATIO_DECIMALS = 6 };

void promon__decimal(struct text *out, int64_t scaled, unsigned decimals)
{
    uint64_t whole = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    uint64_t unit = 1;
    unsigned i;

    for (i = 0; i < decimals; i++)
        unit *= 10;
    if (scaled < 0)
        text_char(out, '-');
    text_unsigned(out, whole / unit);
    whole %= unit;
    if (whole != 0)
        text_char(out, '.');
    while (whole != 0) {
        unit /= 10;
        text_char(out, (char)('0' + whole / unit));
        whole %= unit;
    }
}

int64_t promon__decimal_parts(double ratio, unsigned n)
{
    return (int64_t)(ratio * n + 1e-6);
}

void promon__decimal_ratio(struct text *out, double ratio)
{
    if (ratio < 0)
        text_string(out, "null");
    else
        promon__decimal(out, promon__decimal_parts(ratio, 1000000), RATIO_DECIMALS);
}
