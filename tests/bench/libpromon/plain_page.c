#include "plain_page.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

size_t plain_page(char *out, size_t size, const struct plain_sample *samples, size_t n, int whole)
{
    size_t used =
        (size_t)snprintf(out, size, "# HELP app_series Series.\n# TYPE app_series gauge\n");
    size_t i;

    for (i = 0; i < n; i++) {
        const struct plain_sample *sample = &samples[i];

        used += (size_t)snprintf(out + used, size - used, "app_series{queue=\"%s\",result=\"%s\"} ",
                                 sample->first, sample->second);
        if (whole)
            used +=
                (size_t)snprintf(out + used, size - used, "%" PRIu64 "\n", (uint64_t)sample->value);
        else
            used += (size_t)snprintf(out + used, size - used, "%.17g\n", sample->value);
    }
    return used;
}
