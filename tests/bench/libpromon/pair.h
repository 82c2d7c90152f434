/*
 * Two threads that do the same at the same time: the caller and a helper, who waits without using
 * the processor between two races.
 *
 * Order: pair_open; pair_race again and again; pair_close. One pair is used by one thread.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdint.h>

struct pair;

struct pair *pair_open(void);
/*
 * Runs `run(data, n)` on both threads, begun together, and returns the nanoseconds from then until
 * the later of the two was through.
 */
int64_t pair_race(struct pair *pair, void (*run)(void *data, unsigned long n), void *data,
                  unsigned long n);
void pair_close(struct pair *pair);

#endif
