/*
 * What the programs of this folder share: time, order, and the end of one that cannot measure.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <promon/promon.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing takes so long; a program that hangs ends itself. */
enum { BENCH_SECONDS_MAX = 300 };

/* Says why and ends the program unless `is_well`. */
void bench_need(int is_well, const char *what);
/* The same of a call of the library. */
void bench_ok(enum promon_status status, const struct promon_error *error);

/* A monitor without process_*, so that what is measured is known; and with a listener or not. */
struct promon *bench_monitor(const char *modules, unsigned workers, int has_listener);

double bench_min(const double *values, size_t n);
/* Sorts the values. */
double bench_quantile(double *values, size_t n, double q);

/* Waits until that moment of promon_now_ns. */
void bench_sleep_until(int64_t due_ns);

/* The positive number that a command line has as its argument i, or `otherwise`. */
unsigned long bench_argument(int argc, char **argv, int i, unsigned long otherwise);

#endif
