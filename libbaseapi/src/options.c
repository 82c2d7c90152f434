/*
 * Options of an app: defaults and ranges.
 */
#include <string.h>
#include <sched.h>

#include "app_state.h"
#include "error.h"

struct range {
    const char *name;
    size_t offset;
    unsigned standard;
    unsigned least, most;
};

#define RANGE(member, standard, least, most)                                         \
    {                                                                                \
#member, offsetof(struct baseapi_app_options, member), standard, least, most \
    }

/* A week: what is longer is meant as "never", and that is not on offer. */
#define MOST_MS 604800000U

static const struct range numbers[] = {
    RANGE(blocking_threads, 4, 1, 1024),          RANGE(blocking_queue, 256, 1, 1000000),
    RANGE(max_connections, 4096, 1, 1000000),     RANGE(max_connections_per_ip, 0, 0, 1000000),
    RANGE(max_header_count, 64, 1, 128),          RANGE(header_timeout_ms, 10000, 1, MOST_MS),
    RANGE(body_timeout_ms, 60000, 1, MOST_MS),    RANGE(min_bytes_per_s, 240, 1, 1000000000),
    RANGE(handler_timeout_ms, 30000, 1, MOST_MS), RANGE(send_timeout_ms, 30000, 1, MOST_MS),
    RANGE(idle_timeout_ms, 60000, 1, MOST_MS),    RANGE(drain_timeout_ms, 30000, 1, MOST_MS),
};

static const struct range sizes[] = {
    RANGE(max_target_bytes, 8192, 1, 16384),
    RANGE(max_header_bytes, 12288, 64, 16384),
    RANGE(max_body_bytes, 1048576, 1, 1U << 31),
};

static enum baseapi_status refuse(const struct range *range, struct baseapi_error *error)
{
    return baseapi__fail(error, BASEAPI_EINVALID, "option %s must be %u to %u", range->name,
                         range->least, range->most);
}

static enum baseapi_status fill_numbers(struct baseapi_app_options *options,
                                        struct baseapi_error *error)
{
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        unsigned *value = (unsigned *)(void *)((char *)options + numbers[i].offset);

        if (*value == 0)
            *value = numbers[i].standard;
        if (*value < numbers[i].least || *value > numbers[i].most)
            return refuse(&numbers[i], error);
    }
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t *value = (size_t *)(void *)((char *)options + sizes[i].offset);

        if (*value == 0)
            *value = sizes[i].standard;
        if (*value < sizes[i].least || *value > sizes[i].most)
            return refuse(&sizes[i], error);
    }
    return BASEAPI_OK;
}

/* Cores that this process may run on. */
static unsigned core_count(void)
{
    cpu_set_t set;
    int count = 1;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

enum baseapi_status baseapi__options_fill(struct baseapi_app_options *options, struct arena *arena,
                                          struct baseapi_error *error)
{
    if (options->port == 0)
        options->port = BASEAPI_DEFAULT_PORT;
    if (options->port < BASEAPI_PORT_ANY || options->port > 65535)
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "option port must be 1 to 65535, or BASEAPI_PORT_ANY");
    if (options->workers == 0)
        options->workers = core_count() < MAX_WORKERS ? core_count() : MAX_WORKERS;
    if (options->workers > MAX_WORKERS)
        return baseapi__fail(error, BASEAPI_EINVALID, "option workers must be 1 to %d",
                             MAX_WORKERS);
    options->address =
        arena_string(arena, options->address != NULL ? options->address : "127.0.0.1");
    if (options->address == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot make an app: out of memory");
    return fill_numbers(options, error);
}
