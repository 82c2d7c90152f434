/*
 * Memory running out under a running server, in its own allocations and in those of libmicrohttpd and jansson: a request may
 * fail, the server goes on.
 */
#include "test.h"

#include <dlfcn.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

static struct rig rig;
static struct wire_reply reply;

/* The allocation from now on that fails, counted down; below zero none does. */
static atomic_long until_failure = -1;
/* Sanitizers and valgrind have allocators of their own: only the library's allocations fail then. */
static bool has_own_allocator;

static void arm(long n)
{
    if (has_own_allocator)
        atomic_store(&until_failure, n);
    else
        oom_fail_at((size_t)n + 1);
}

static bool disarm(void)
{
    return has_own_allocator ? atomic_exchange(&until_failure, -1) < 0 : oom_stop();
}

#ifndef HAS_SANITIZER

static bool fails(void)
{
    return atomic_load(&until_failure) >= 0 && atomic_fetch_sub(&until_failure, 1) == 0;
}

/* Symbols of the program come before those of the C library for every shared library too. */
void *malloc(size_t size)
{
    static void *(*next)(size_t size);

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "malloc");
    return fails() ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
    static void *(*next)(size_t count, size_t size);

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "calloc");
    return fails() ? NULL : next(count, size);
}

void *realloc(void *memory, size_t size)
{
    static void *(*next)(void *memory, size_t size);

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "realloc");
    return fails() ? NULL : next(memory, size);
}

#endif

struct sample {
    const char *text;
    unsigned status;
};

static const struct sample samples[] = {
    {"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    {"POST /json?x HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{\"a\":1}", 200},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     200},
    {"GET /names/%41 HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\n\r\n", 200},
    {"GET /later/1 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    {"GET /block/1 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    {"DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n", 204},
    {"GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
};

/* Sends one sample with the n-th allocation failing; returns whether one was made to fail. */
static bool attempt(const struct sample *sample, long n)
{
    const int fd = wire_open(rig.port);
    bool has_failed;

    assert_true(fd >= 0);
    arm(n);
    assert_true(wire_send(fd, sample->text, strlen(sample->text)));
    (void)wire_read(fd, false, 3000, &reply);
    has_failed = disarm();
    /* An answer of one kind or the other, or the end; but not silence. */
    assert_int_not_equal(reply.outcome, WIRE_SILENT);
    if (reply.outcome == WIRE_REPLY && reply.status != sample->status)
        assert_in_range(reply.status, 400, 500);
    close(fd);
    return has_failed;
}

static void every_allocation_of_a_request_may_fail(void **state)
{
    long total = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        long n = 0;
        int fd;

        while (attempt(&samples[i], n) && n < 400)
            n++;
        /* The library alone may have all it needs from the request before. */
        assert_in_range(n, has_own_allocator ? 2 : 0, 399);
        total += n;
        fd = wire_open(rig.port);
        assert_int_equal(wire_get(fd, "/after", &reply), 200);
        close(fd);
    }
    assert_true(total > 0);
    assert_true(rig_await_idle(&rig));
    assert_int_equal(rig_stats(&rig).active_requests, 0);
}

static void look_for_own_allocator(void)
{
    void *volatile memory;

    atomic_store(&until_failure, 0);
    memory = malloc(1);
    has_own_allocator = memory == NULL;
    atomic_store(&until_failure, -1);
    free(memory);
}

static int start(void **state)
{
    (void)state;
    look_for_own_allocator();
    rig_prepare(&rig);
    rig.options.workers = 1;
    rig.options.max_connections = 50;
    rig_declare(&rig);
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&rig, 5000) == BASEAPI_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_request_may_fail),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
