/*
 * Cells: the hot calls. None takes a lock, allocates after a thread's first use, fails or returns
 * anything; NULL is allowed and does nothing. A call that a cell's kind does not have, a negative
 * amount for a counter or a NaN is not carried out and counted in promon_misuse_total.
 *
 * Counters and histograms are kept per thread, so that threads never wait for each other; a
 * reading adds them up. When a thread ends, what it counted stays. A native bucket that is new to
 * its series takes a lock once. A signal handler may use cells that its thread has used before,
 * but not histograms with native buckets; of what it interrupts, a fraction and the sum of a
 * histogram may be lost, on other machines than x86 an increment too.
 *
 * A cell is valid until its series, family or monitor is removed.
 *
 * Thread:  any thread.
 */
#ifndef PROMON_CELL_H
#define PROMON_CELL_H

#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>

PROMON_BEGIN_DECLS

struct promon_cell;

/* Adds 1 to a counter or a gauge. Since: 0.1 */
PROMON_API void promon_cell_inc(struct promon_cell *cell);

/* Subtracts 1 from a gauge. Since: 0.1 */
PROMON_API void promon_cell_dec(struct promon_cell *cell);

/* Adds to a counter (not negative) or a gauge. Whole amounts are counted exactly. Since: 0.1 */
PROMON_API void promon_cell_add(struct promon_cell *cell, double amount);

/* Adds a whole amount to a counter or a gauge: bytes, for example. Since: 0.1 */
PROMON_API void promon_cell_add_unsigned(struct promon_cell *cell, uint64_t amount);

/* Sets a gauge; NaN is a value. Since: 0.1 */
PROMON_API void promon_cell_set(struct promon_cell *cell, double value);

/* Sets a gauge to the seconds since 1970. Since: 0.1 */
PROMON_API void promon_cell_set_to_current_time(struct promon_cell *cell);

/* Puts one value into a histogram. Since: 0.1 */
PROMON_API void promon_cell_observe(struct promon_cell *cell, double value);

/* Puts the seconds since `start_ns`, which promon_now_ns gave, into a histogram. Since: 0.1 */
PROMON_API void promon_cell_observe_since(struct promon_cell *cell, int64_t start_ns);

/* Switches one state of a state set on or off, by its number in `states`. Since: 0.1 */
PROMON_API void promon_cell_set_state(struct promon_cell *cell, unsigned state, int is_on);

/* Makes one state of a state set the only one that is on. Since: 0.1 */
PROMON_API void promon_cell_set_only_state(struct promon_cell *cell, unsigned state);

/*
 * Like add (a counter) and observe (a histogram), leaving an example of it, such as a trace id:
 * pairs of label names and values, NULL-terminated, at most 128 characters in all, else no example
 * is left and it is counted in promon_misuse_total. The last one of the counter, or of the bucket,
 * is exposed where the format has exemplars. These two take a lock of the series.
 *
 * Since: 0.1
 */
PROMON_API void promon_cell_add_exemplar(struct promon_cell *cell, double amount,
                                         const char *const *labels);
PROMON_API void promon_cell_observe_exemplar(struct promon_cell *cell, double value,
                                             const char *const *labels);

/* Nanoseconds of the monotonic clock. Since: 0.1 */
PROMON_API int64_t promon_now_ns(void);

/*
 * Writes growing bounds of buckets into `out`: start, start + width, … or start, start * factor, …
 * start and factor have to be such that bounds grow; else 0 is returned, and `count` otherwise.
 *
 * Since: 0.1
 */
PROMON_API size_t promon_buckets_linear(double *out, size_t count, double start, double width);
PROMON_API size_t promon_buckets_exponential(double *out, size_t count, double start,
                                             double factor);

PROMON_END_DECLS

#endif
