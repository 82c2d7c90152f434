/*
 * Exact decimal numbers: what a column numeric(precision, scale) keeps of one.
 *
 * An insert or update brings the values of such a column into it, on every database; comparisons
 * take a number as it is given. A program asks here to know beforehand what will be stored.
 */
#ifndef MINIORM_NUMERIC_H
#define MINIORM_NUMERIC_H

#include <miniorm/export.h>
#include <miniorm/status.h>
#include <miniorm/value.h>

MINIORM_BEGIN_DECLS

/* The largest precision of a column, which is PostgreSQL's: digits before and behind the point. */
#define MINIORM_PRECISION_MAX 1000

/* Room for so many digits with a sign, a zero before the point, the point and a terminator. */
#define MINIORM_NUMERIC_SIZE (MINIORM_PRECISION_MAX + 4)

/*
 * Rounds a number, half away from zero, to `scale` digits behind the point, all of which are
 * written. *out is `number` itself where it reads so already, else text in `buffer`, followed by a
 * NUL. NaN fits every precision and is left as it is; infinities fit none. A precision of 0 means
 * any: *out is `number`. White space is no part of a number.
 *
 * Thread:  any thread.
 * Errors:  MINIORM_EVALUE    `number` is no numeric, or once rounded it has more than
 *                            precision - scale digits before the point.
 *          MINIORM_EINVALID  precision is over MINIORM_PRECISION_MAX, or scale over precision.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_numeric_fit(struct miniorm_text number, unsigned precision,
                                                    unsigned scale,
                                                    char buffer[MINIORM_NUMERIC_SIZE],
                                                    struct miniorm_text *out,
                                                    struct miniorm_error *error);

MINIORM_END_DECLS

#endif
