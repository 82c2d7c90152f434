/*
 * Clocks: the monotonic one for durations, the other one for moments that pages tell.
 */
#include "clock.h"

#include <promon/cell.h>
#include <time.h>

int64_t promon_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

double promon__wall_clock_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
