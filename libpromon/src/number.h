/*
 * Number: how numbers look on pages, whatever the locale is.
 */
#ifndef PROMON_SRC_NUMBER_H
#define PROMON_SRC_NUMBER_H

#include <stdint.h>

#include "gathered.h"

/* Room for any number that is written here: no terminator is. */
#define PROMON__NUMBER_SIZE 32

/* Each writes to `out` and returns where it ended. */
char *promon__format_unsigned(char *out, uint64_t number);
char *promon__format_signed(char *out, int64_t number);
char *promon__format_real(char *out, double number);
char *promon__format_number(char *out, const struct promon__number *number);

/* Seconds since 1970 with thousandths, never with an exponent. */
char *promon__format_seconds(char *out, double seconds);

/* As a double, for formats that have no other numbers. */
double promon__number_as_real(const struct promon__number *number);

#endif
