/*
 * Metrics of the process, nine of them, from the kernel and the allocator. One that cannot be told
 * is left out: no number is better than a wrong one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "registry_state.h"

/* Of /proc/self/stat, counted from 0 behind the name of the program. */
enum { FIELD_THREADS = 17, FIELD_START_TIME = 19, FIELD_VIRTUAL = 20, FIELD_RESIDENT = 21 };
#define STAT_BYTES 1024
#define DIRECTORY_BYTES 8192

static void tell(struct promon_collection *collection, enum promon_kind kind, const char *name,
                 const char *unit, const char *help, double value)
{
    struct promon_collected family = PROMON_COLLECTED_INIT;

    family.kind = kind;
    family.name = name;
    family.unit = unit;
    family.help = help;
    promon_collect_family(collection, &family);
    promon_collect_value(collection, NULL, value);
}

static void tell_cpu(struct promon_collection *collection)
{
    struct timespec used;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        tell(collection, PROMON_COUNTER, "process_cpu_seconds_total", "seconds",
             "Total user and system CPU time spent in seconds.",
             (double)used.tv_sec + (double)used.tv_nsec / 1e9);
}

/* Entries of an open folder but those whose names begin with a point; -1 when it is not read. */
static long count_entries(int folder)
{
    _Alignas(struct dirent64) char buffer[DIRECTORY_BYTES];
    long n = 0;

    for (;;) {
        const ssize_t size = getdents64(folder, buffer, sizeof(buffer));
        ssize_t i;

        if (size <= 0)
            return size == 0 ? n : -1;
        for (i = 0; i < size; i += ((struct dirent64 *)(void *)(buffer + i))->d_reclen)
            n += ((struct dirent64 *)(void *)(buffer + i))->d_name[0] != '.';
    }
}

static void tell_descriptors(struct promon_collection *collection)
{
    const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long n;

    if (folder < 0)
        return;
    n = count_entries(folder);
    close(folder);
    /* The folder's own is not the program's. */
    if (n > 0)
        tell(collection, PROMON_GAUGE, "process_open_fds", NULL, "Number of open file descriptors.",
             (double)(n - 1));
}

static void tell_limit(struct promon_collection *collection, int resource, const char *name,
                       const char *unit, const char *help)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        tell(collection, PROMON_GAUGE, name, unit, help, (double)limit.rlim_cur);
}

/* Reads a small file of the kernel's; 0 when there is nothing. */
static size_t read_small(const char *path, char *out, size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (file < 0)
        return 0;
    n = read(file, out, size - 1);
    close(file);
    if (n < 0)
        n = 0;
    out[n] = '\0';
    return (size_t)n;
}

/* A field of /proc/self/stat; -1 when it is not there. The name may hold blanks and brackets. */
static double field_of(const char *stat, int wanted)
{
    const char *at = strrchr(stat, ')');
    int i;

    if (at == NULL)
        return -1;
    at++;
    for (i = 0; i < wanted && at != NULL; i++)
        at = strchr(at + 1, ' ');
    return at == NULL ? -1 : (double)strtoull(at + 1, NULL, 10);
}

static void tell_memory(struct promon_collection *collection, const char *stat)
{
    const double virtual_bytes = field_of(stat, FIELD_VIRTUAL);
    const double pages = field_of(stat, FIELD_RESIDENT);

    if (virtual_bytes > 0)
        tell(collection, PROMON_GAUGE, "process_virtual_memory_bytes", "bytes",
             "Virtual memory size in bytes.", virtual_bytes);
    if (pages > 0)
        tell(collection, PROMON_GAUGE, "process_resident_memory_bytes", "bytes",
             "Resident memory size in bytes.", pages * (double)sysconf(_SC_PAGESIZE));
}

static void tell_heap(struct promon_collection *collection)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 33))
    const struct mallinfo2 heap = mallinfo2();
    const size_t bytes = heap.arena + heap.hblkhd;

    /* Another allocator than the C library's tells nothing here. */
    if (bytes > 0)
        tell(collection, PROMON_GAUGE, "process_heap_bytes", "bytes", "Process heap size in bytes.",
             (double)bytes);
#else
    (void)collection;
#endif
}

/* Seconds since 1970 at which the machine started, as the two clocks tell. */
static double boot_time_s(void)
{
    struct timespec wall, since_boot;

    if (clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0 ||
        clock_gettime(CLOCK_REALTIME, &wall) != 0)
        return -1;
    return (double)(wall.tv_sec - since_boot.tv_sec) +
           (double)(wall.tv_nsec - since_boot.tv_nsec) / 1e9;
}

/* Told as it was computed first: a clock that is set does not start the process anew. */
static void tell_start_time(struct promon_collection *collection, const char *stat, double *start_s)
{
    const double ticks = field_of(stat, FIELD_START_TIME), boot_s = boot_time_s();

    if (*start_s == 0 && ticks >= 0 && boot_s > 0)
        *start_s = boot_s + ticks / (double)sysconf(_SC_CLK_TCK);
    if (*start_s != 0)
        tell(collection, PROMON_GAUGE, "process_start_time_seconds", "seconds",
             "Start time of the process since unix epoch in seconds.", *start_s);
}

static void tell_stat(struct promon_collection *collection, double *start_s)
{
    char stat[STAT_BYTES];
    double threads;

    if (read_small("/proc/self/stat", stat, sizeof(stat)) == 0)
        return;
    tell_memory(collection, stat);
    tell_start_time(collection, stat, start_s);
    threads = field_of(stat, FIELD_THREADS);
    if (threads > 0)
        tell(collection, PROMON_GAUGE, "process_threads", NULL,
             "Number of operating system threads.", threads);
}

static void collect(void *data, struct promon_collection *collection)
{
    struct promon__registry *registry = data;

    tell_cpu(collection);
    tell_descriptors(collection);
    tell_limit(collection, RLIMIT_NOFILE, "process_max_fds", NULL,
               "Maximum number of open file descriptors.");
    tell_limit(collection, RLIMIT_AS, "process_virtual_memory_max_bytes", "bytes",
               "Maximum amount of virtual memory available in bytes.");
    tell_heap(collection);
    tell_stat(collection, &registry->process_start_s);
}

enum promon_status promon__process_metrics_add(struct promon__registry *registry,
                                               struct promon_error *error)
{
    return promon__registry_collector_add(registry, collect, registry, NULL, error);
}
