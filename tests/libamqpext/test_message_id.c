/* Message ids: UUIDs of version 7 that sort by time, with and without a source. */
#include "test.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message_id.h"

#define N_IDS 10000
#define N_THREADS 4

static void assert_is_uuid_7(const char *id)
{
    size_t i;

    assert_int_equal(strlen(id), AMQPEXT_MESSAGE_ID_SIZE - 1);
    for (i = 0; i < AMQPEXT_MESSAGE_ID_SIZE - 1; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23)
            assert_int_equal(id[i], '-');
        else
            assert_non_null(strchr("0123456789abcdef", id[i]));
    }
    assert_int_equal(id[14], '7');
    assert_non_null(strchr("89ab", id[19]));
}

/* The milliseconds that the first twelve digits hold. */
static uint64_t milliseconds_of(const char *id)
{
    char digits[13];

    memcpy(digits, id, 8);
    memcpy(digits + 8, id + 9, 4);
    digits[12] = '\0';
    return strtoull(digits, NULL, 16);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void id_is_a_uuid_of_version_7_with_the_time(void **state)
{
    char id[AMQPEXT_MESSAGE_ID_SIZE + 1];
    const uint64_t before = now_ms();

    (void)state;
    id[AMQPEXT_MESSAGE_ID_SIZE] = '!';
    amqpext_message_id(id);
    assert_int_equal(id[AMQPEXT_MESSAGE_ID_SIZE], '!');
    assert_is_uuid_7(id);
    assert_in_range(milliseconds_of(id), before, now_ms());
}

static void ids_of_a_source_come_in_order(void **state)
{
    static char ids[N_IDS][AMQPEXT_MESSAGE_ID_SIZE];
    struct message_ids source;
    size_t i;

    (void)state;
    amqpext__message_ids_init(&source);
    for (i = 0; i < N_IDS; i++)
        amqpext__message_ids_next(&source, ids[i]);
    for (i = 0; i < N_IDS; i++)
        assert_is_uuid_7(ids[i]);
    for (i = 1; i < N_IDS; i++)
        assert_true(strcmp(ids[i - 1], ids[i]) < 0);
}

static void ids_come_in_order_when_the_clock_is_set_back(void **state)
{
    char first[AMQPEXT_MESSAGE_ID_SIZE];
    char second[AMQPEXT_MESSAGE_ID_SIZE];
    struct message_ids source;

    (void)state;
    amqpext__message_ids_init(&source);
    /* A day ahead, at the end of a millisecond. */
    source.last_ns = (now_ms() + UINT64_C(86400000)) * 1000000 + 999998;
    amqpext__message_ids_next(&source, first);
    amqpext__message_ids_next(&source, second);
    assert_true(strcmp(first, second) < 0);
    assert_int_equal(milliseconds_of(second), milliseconds_of(first) + 1);
}

struct maker {
    pthread_t thread;
    struct message_ids *source;
    char ids[N_IDS / N_THREADS][AMQPEXT_MESSAGE_ID_SIZE];
};

static void *make(void *data)
{
    struct maker *maker = data;
    size_t i;

    for (i = 0; i < N_IDS / N_THREADS; i++)
        amqpext__message_ids_next(maker->source, maker->ids[i]);
    return NULL;
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void ids_made_by_several_threads_differ(void **state)
{
    static struct maker makers[N_THREADS];
    static char all[N_IDS][AMQPEXT_MESSAGE_ID_SIZE];
    struct message_ids source;
    size_t i;

    (void)state;
    amqpext__message_ids_init(&source);
    for (i = 0; i < N_THREADS; i++) {
        makers[i].source = &source;
        assert_int_equal(pthread_create(&makers[i].thread, NULL, make, &makers[i]), 0);
    }
    for (i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(makers[i].thread, NULL), 0);
        memcpy(all[i * (N_IDS / N_THREADS)], makers[i].ids, sizeof(makers[i].ids));
    }
    qsort(all, N_IDS, sizeof(all[0]), compare);
    for (i = 1; i < N_IDS; i++)
        assert_true(strcmp(all[i - 1], all[i]) != 0);
}

static void ids_made_in_the_same_nanosecond_by_two_sources_differ(void **state)
{
    char left[AMQPEXT_MESSAGE_ID_SIZE];
    char right[AMQPEXT_MESSAGE_ID_SIZE];
    struct message_ids sources[2];

    (void)state;
    amqpext__message_ids_init(&sources[0]);
    amqpext__message_ids_init(&sources[1]);
    sources[0].last_ns = sources[1].last_ns = UINT64_C(1) << 61;
    amqpext__message_ids_next(&sources[0], left);
    amqpext__message_ids_next(&sources[1], right);
    assert_memory_equal(left, right, 20);
    assert_string_not_equal(left, right);
}

/* A child must not repeat what its parent makes, as a generator with state of the process would. */
static void ids_of_parent_and_child_differ(void **state)
{
    char ours[AMQPEXT_MESSAGE_ID_SIZE];
    char theirs[AMQPEXT_MESSAGE_ID_SIZE];
    int ends[2];
    pid_t child;
    int status;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        amqpext_message_id(theirs);
        _exit(write(ends[1], theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) ? 0 : 1);
    }
    amqpext_message_id(ours);
    assert_int_equal(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
    assert_is_uuid_7(theirs);
    assert_string_not_equal(ours + 20, theirs + 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_is_a_uuid_of_version_7_with_the_time),
        cmocka_unit_test(ids_of_a_source_come_in_order),
        cmocka_unit_test(ids_come_in_order_when_the_clock_is_set_back),
        cmocka_unit_test(ids_made_by_several_threads_differ),
        cmocka_unit_test(ids_made_in_the_same_nanosecond_by_two_sources_differ),
        cmocka_unit_test(ids_of_parent_and_child_differ),
    };

    return cmocka_run_group_tests_name("message_id", tests, NULL, NULL);
}
