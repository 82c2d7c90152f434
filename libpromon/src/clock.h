/*
 * Clocks; the monotonic one is public, promon_now_ns.
 */
#ifndef PROMON_SRC_CLOCK_H
#define PROMON_SRC_CLOCK_H

/* Seconds since 1970. */
double promon__wall_clock_s(void);

#endif
