/*
 * The wrapped allocators. The linker sends every malloc() of the program's own objects to
 * __wrap_malloc() and keeps the real one as __real_malloc(); the list in tests.mk and the functions
 * here belong together.
 *
 * Counters are atomic: libraries allocate on threads of their own too.
 */
#include "oom.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
int __real_vasprintf(char **out, const char *format, va_list arguments);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__real_mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_vasprintf(char **out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset);

static atomic_size_t counted;
static atomic_size_t first; /* the first allocation to fail; 0 while none is to */
static atomic_bool persistent;
static atomic_bool failed;

static void arm(size_t n, bool all_after)
{
    atomic_store(&counted, 0);
    atomic_store(&failed, false);
    atomic_store(&persistent, all_after);
    atomic_store(&first, n);
}

void oom_fail_at(size_t n)
{
    arm(n, false);
}

void oom_fail_from(size_t n)
{
    arm(n, true);
}

bool oom_stop(void)
{
    atomic_store(&first, 0);
    return atomic_load(&failed);
}

size_t oom_for_every_allocation(void (*attempt)(void *context), void *context)
{
    size_t n = 0;

    do {
        oom_fail_at(++n);
        attempt(context);
    } while (oom_stop());
    return n - 1;
}

static bool fails(void)
{
    size_t limit = atomic_load(&first);
    size_t n;

    if (limit == 0)
        return false;
    n = atomic_fetch_add(&counted, 1) + 1;
    if (n < limit || (n > limit && !atomic_load(&persistent)))
        return false;
    atomic_store(&failed, true);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(pointer, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

int __wrap_vasprintf(char **out, const char *format, va_list arguments)
{
    return fails() ? -1 : __real_vasprintf(out, format, arguments);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = __wrap_vasprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(out, alignment, size);
}

void *__wrap_mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(place, size, protection, flags, fd, offset);
}
