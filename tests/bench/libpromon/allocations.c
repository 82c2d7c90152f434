#include "allocations.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong counted;

unsigned long bench_allocations(void)
{
    return atomic_load(&counted);
}

/* The C library's function, looked up when it is first wanted; its lookup does not allocate. */
static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    memcpy(function, &found, sizeof(found));
}

#define REAL(name, result, ...)         \
    static result (*real)(__VA_ARGS__); \
                                        \
    atomic_fetch_add(&counted, 1);      \
    if (real == NULL) {                 \
        find(&real, name);              \
    }

void *malloc(size_t size)
{
    REAL("malloc", void *, size_t)
    return real(size);
}

void *calloc(size_t count, size_t size)
{
    REAL("calloc", void *, size_t, size_t)
    return real(count, size);
}

void *realloc(void *pointer, size_t size)
{
    REAL("realloc", void *, void *, size_t)
    return real(pointer, size);
}

void *reallocarray(void *pointer, size_t count, size_t size)
{
    REAL("reallocarray", void *, void *, size_t, size_t)
    return real(pointer, count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL("aligned_alloc", void *, size_t, size_t)
    return real(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    REAL("posix_memalign", int, void **, size_t, size_t)
    return real(out, alignment, size);
}
