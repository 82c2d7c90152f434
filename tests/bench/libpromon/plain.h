/*
 * What a good programmer writes by hand to count: a shared atomic, a mutex, a histogram of atomics,
 * counters found by two labels under a mutex. But for the atomic they are in a file of their own,
 * so that every call is one, as those of a library are; all numbers are read in the end.
 */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct plain_atomic {
    _Alignas(64) _Atomic uint64_t count;
};

/* In place, as counting is with promon/cell.h; all others are calls. */
static inline void plain_atomic_inc(struct plain_atomic *counter)
{
    atomic_fetch_add_explicit(&counter->count, 1, memory_order_relaxed);
}

/* What no other thread may touch: the least that adding to memory takes in a call of its own. */
void plain_own_inc(void);
void plain_own_add(double amount);
uint64_t plain_own_count(void);

struct plain_locked {
    _Alignas(64) pthread_mutex_t lock;
    uint64_t count;
};

void plain_locked_inc(struct plain_locked *counter);

enum { PLAIN_BUCKETS = 11 };

/* Buckets, not cumulative, with what is above all bounds; the sum by compare and exchange. */
struct plain_histogram {
    const double *bounds;
    _Alignas(64) _Atomic uint64_t counts[PLAIN_BUCKETS + 1];
    _Atomic double sum;
};

void plain_observe(struct plain_histogram *histogram, double value);

struct plain_locked_histogram {
    const double *bounds;
    _Alignas(64) pthread_mutex_t lock;
    uint64_t counts[PLAIN_BUCKETS + 1];
    double sum;
};

void plain_locked_observe(struct plain_locked_histogram *histogram, double value);

enum { PLAIN_ENTRIES = 1024, PLAIN_LABEL_BYTES = 32 };

/* Open addressing; an entry with an empty first label is free. The caller keeps it half empty. */
struct plain_table {
    pthread_mutex_t lock;
    struct plain_entry {
        char first[PLAIN_LABEL_BYTES], second[PLAIN_LABEL_BYTES];
        uint64_t count;
    } entries[PLAIN_ENTRIES];
};

void plain_table_inc(struct plain_table *table, const char *first, const char *second);
uint64_t plain_table_total(struct plain_table *table);

#endif
