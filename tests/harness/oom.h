/*
 * Running out of memory on purpose: every allocation of a test program and of the library linked
 * into it passes here (by linker wrapping), and can be made to fail.
 *
 * oom_fail_at() or oom_fail_from(), then the code under test, then oom_stop();
 * oom_for_every_allocation() does so with every n in turn. Allocations inside of shared libraries
 * (libpq, sqlite3, jansson) are not seen.
 */
#ifndef HARNESS_OOM_H
#define HARNESS_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now on, by any thread, fails; n counts from 1. */
void oom_fail_at(size_t n);

/* The n-th allocation from now on and all after it fail. */
void oom_fail_from(size_t n);

/* Allocations succeed again. Returns whether one was made to fail since they were told to. */
bool oom_stop(void);

/*
 * Calls `attempt` with the first allocation failing, then with the second, and so on until one in
 * which no allocation failed. The attempt frees what it made, and may call oom_stop() early to
 * inspect results with memory at hand. Returns the number of allocations of a whole attempt.
 */
size_t oom_for_every_allocation(void (*attempt)(void *context), void *context);

#endif
