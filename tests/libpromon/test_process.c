/* Metrics of the process, against what the kernel tells otherwise. */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "support/counting.h"

static struct promon *new_monitor(void)
{
    struct promon *promon = counting_new();

    assert_int_equal(promon__process_metrics_add(promon->registry, NULL), PROMON_OK);
    return promon;
}

static double value(struct promon *promon, const char *name)
{
    return counting_value(promon, name, NULL);
}

static void figures_are_those_of_the_process(void **state)
{
    struct promon *promon = new_monitor();
    const double now = (double)time(NULL);
    struct rlimit files;

    (void)state;
    assert_true(value(promon, "process_cpu_seconds_total") > 0);
    assert_true(value(promon, "process_cpu_seconds_total") < 600);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(value(promon, "process_max_fds") == (double)files.rlim_cur);
    assert_true(value(promon, "process_resident_memory_bytes") > 100000);
    assert_true(value(promon, "process_virtual_memory_bytes") >
                value(promon, "process_resident_memory_bytes"));
    assert_true(value(promon, "process_start_time_seconds") > now - 3600);
    assert_true(value(promon, "process_start_time_seconds") <= now + 2);
    assert_true(value(promon, "process_start_time_seconds") ==
                value(promon, "process_start_time_seconds"));
    counting_free(promon);
}

static void open_descriptors_are_counted_without_the_one_for_counting(void **state)
{
    struct promon *promon = new_monitor();
    const double before = value(promon, "process_open_fds");
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(file >= 0);
    assert_true(before >= 3);
    assert_true(value(promon, "process_open_fds") == before + 1);
    close(file);
    assert_true(value(promon, "process_open_fds") == before);
    counting_free(promon);
}

static void *wait_at(void *data)
{
    pthread_barrier_wait(data);
    return NULL;
}

static void threads_are_counted(void **state)
{
    struct promon *promon = new_monitor();
    const double before = value(promon, "process_threads");
    pthread_barrier_t barrier;
    pthread_t thread;

    (void)state;
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, wait_at, &barrier), 0);
    assert_true(value(promon, "process_threads") >= before + 1);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    counting_free(promon);
}

static void a_limit_that_does_not_exist_is_left_out(void **state)
{
    struct promon *promon = new_monitor();
    struct rlimit memory;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &memory), 0);
    if (memory.rlim_cur == RLIM_INFINITY)
        assert_true(value(promon, "process_virtual_memory_max_bytes") == COUNTING_ABSENT);
    else
        assert_true(value(promon, "process_virtual_memory_max_bytes") == (double)memory.rlim_cur);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_process),
        cmocka_unit_test(open_descriptors_are_counted_without_the_one_for_counting),
        cmocka_unit_test(threads_are_counted),
        cmocka_unit_test(a_limit_that_does_not_exist_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
