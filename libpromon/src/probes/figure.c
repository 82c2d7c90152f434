/*
 * Figure: strtod with the locale "C".
 */
#include "figure.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool promon__figure_read(const char *text, double *out)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *end = NULL;
    double number;

    if (plain == (locale_t)0)
        return false;
    number = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end == text || end[strspn(end, " \t\r")] != '\0' || !isfinite(number))
        return false;
    *out = number;
    return true;
}
