/*
 * The monotonic clock that deadlines are counted in.
 */
#include <time.h>

#include "driver.h"

uint64_t miniorm__clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
