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

void promon__decimal_ratio(struct text *out, double ratio)
{
    if (ratio < 0)
        text_string(out, "null");
    else
        promon__decimal(out, (int64_t)(ratio * 1e6), RATIO_DECIMALS);
}
