/*
 * Counts what the process allocates: malloc and its kin of the program take the place of the C
 * library's, for all libraries that it is linked with.
 */
#ifndef BENCH_ALLOCATIONS_H
#define BENCH_ALLOCATIONS_H

/* Calls until now that may have returned memory, of all threads. */
unsigned long bench_allocations(void);

#endif
