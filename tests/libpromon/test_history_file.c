/*
 * Histories in a file: what was written is read, and what is damaged is not.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history_code.h"
#include "history_file.h"
#include "read_file.h"

#define DAY_S (INT64_C(20000) * 86400)

static char folder[] = "/tmp/promon-history-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/history", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static struct promon__history *new_history(int checks)
{
    struct promon__history *history = calloc(1, sizeof(*history));
    int i;

    assert_non_null(history);
    for (i = 0; i < checks; i++)
        promon__history_add(history, DAY_S + i * 97,
                            i % 7 == 0   ? PROMON__WAS_DOWN
                            : i % 5 == 0 ? PROMON__WAS_UNKNOWN
                                         : PROMON__WAS_UP,
                            INT64_C(1000) * i * i);
    return history;
}

static enum promon_status write_both(const struct promon__history *one,
                                     const struct promon__history *other,
                                     struct promon_error *error)
{
    struct text text = {.size = 0};
    enum promon_status status;

    promon__history_begin(&text);
    promon__history_entry(&text, "one", one);
    promon__history_entry(&text, "other", other);
    status = promon__history_write(&text, path, error);
    text_free(&text);
    return status;
}

static struct text read_back(void)
{
    struct text text = {.size = 0};

    assert_int_equal(promon__read_file(path, 1 << 24, PROMON_ENOTFOUND, &text, NULL), PROMON_OK);
    return text;
}

static void write_raw(const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* In the folder, beside which nothing was left. */
static void expect_one_file(void)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;
    int files = 0;

    assert_non_null(open_folder);
    while ((entry = readdir(open_folder)) != NULL)
        files += entry->d_name[0] != '.';
    (void)closedir(open_folder);
    assert_int_equal(files, 1);
}

static void histories_come_back_by_their_names(void **state)
{
    struct promon__history *one = new_history(5000), *other = new_history(3);
    struct promon__history *read = new_history(1);
    struct promon__history_image image = {.data = NULL};

    (void)state;
    assert_int_equal(write_both(one, other, NULL), PROMON_OK);
    assert_int_equal(promon__history_image_read(path, &image, NULL), PROMON_OK);
    assert_true(promon__history_image_find(&image, "other", read));
    assert_memory_equal(read, other, sizeof(*read));
    assert_true(promon__history_image_find(&image, "one", read));
    assert_memory_equal(read, one, sizeof(*read));
    assert_false(promon__history_image_find(&image, "on", read));
    assert_memory_equal(read, one, sizeof(*read));
    assert_true(promon__history_image_find(&image, "other", read));
    assert_memory_equal(read, other, sizeof(*read));
    promon__history_image_free(&image);
    assert_false(promon__history_image_find(&image, "one", read));
    free(one);
    free(other);
    free(read);
}

static void file_is_for_its_owner_and_leaves_nothing_beside(void **state)
{
    struct promon__history *history = new_history(10);
    struct stat about;

    (void)state;
    assert_int_equal(write_both(history, history, NULL), PROMON_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    expect_one_file();
    free(history);
}

static void missing_file_is_told_as_such(void **state)
{
    struct promon__history_image image = {.data = NULL};
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    (void)unlink(path);
    assert_int_equal(promon__history_image_read(path, &image, &error), PROMON_ENOTFOUND);
    assert_int_equal(error.system_errno, ENOENT);
    assert_null(image.data);
}

static void every_damage_is_noticed(void **state)
{
    struct promon__history *history = new_history(4);
    struct promon__history_image image = {.data = NULL};
    struct text whole;
    size_t i;

    (void)state;
    assert_int_equal(write_both(history, history, NULL), PROMON_OK);
    whole = read_back();
    for (i = 0; i < whole.size; i++) {
        whole.data[i] ^= 0x20;
        write_raw(whole.data, whole.size);
        assert_int_equal(promon__history_image_read(path, &image, NULL), PROMON_EPROTOCOL);
        whole.data[i] ^= 0x20;
        write_raw(whole.data, i);
        assert_int_equal(promon__history_image_read(path, &image, NULL), PROMON_EPROTOCOL);
    }
    write_raw(whole.data, whole.size);
    assert_int_equal(promon__history_image_read(path, &image, NULL), PROMON_OK);
    promon__history_image_free(&image);
    text_free(&whole);
    free(history);
}

static void other_version_is_refused(void **state)
{
    struct promon__history_image image = {.data = NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    struct text text = {.size = 0};
    char expected[160];

    (void)state;
    text_string(&text, "promon history 2\n");
    assert_int_equal(promon__history_write(&text, path, NULL), PROMON_OK);
    text_free(&text);
    assert_int_equal(promon__history_image_read(path, &image, &error), PROMON_EPROTOCOL);
    (void)snprintf(expected, sizeof(expected), "%s is no history of this version, or is damaged",
                   path);
    assert_string_equal(error.message, expected);
}

/* Bodies that a correct checksum may stand behind all the same. */
static void nonsense_is_no_history(void **state)
{
    static const struct {
        size_t size;
        unsigned char bytes[24];
    } bodies[] = {
        {0, {0}},
        {2, {5, 0}},
        {5, {0, 0, 0, 0, 0}},
        {7, {0, 0, 0, 0, 0, 0, 0}}, /* a byte too many */
        {12, {0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}}, /* a slot of no time */
        {18, {9, 2, 3, 1, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0}}, /* one age twice */
        {12, {2, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0}}, /* before 1970 */
        {12, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0}},
        {16, {9, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0}}, /* above 32 bits */
        {11, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0}},
    };
    struct promon__history *history = new_history(0);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct promon__reader reader = {bodies[i].bytes, bodies[i].bytes + bodies[i].size, false};

        history->newest[PROMON__DAYS] = 5;
        if (promon__history_decode(&reader, history))
            fail_msg("body %zu is taken for a history", i);
        assert_int_equal(history->newest[PROMON__DAYS], 0);
    }
    free(history);
}

static void numbers_of_all_sizes_come_back(void **state)
{
    unsigned shift;

    (void)state;
    for (shift = 0; shift < 64; shift++) {
        const uint64_t number = (UINT64_MAX >> shift);
        struct text text = {.size = 0};
        struct promon__reader reader = {.failed = false};

        promon__write_number(&text, number);
        reader.at = (const unsigned char *)text.data;
        reader.end = reader.at + text.size;
        assert_true(promon__read_number(&reader) == number);
        assert_false(reader.failed);
        assert_ptr_equal(reader.at, reader.end);
        text_free(&text);
    }
}

static void folder_that_is_not_there_is_told(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct text text = {.size = 0};

    (void)state;
    promon__history_begin(&text);
    assert_int_equal(promon__history_write(&text, "/nonexistent/history", &error),
                     PROMON_ERESOURCES);
    assert_string_equal(
        error.message,
        "cannot write the history to /nonexistent/history: No such file or directory");
    assert_int_equal(error.system_errno, ENOENT);
    text_free(&text);
}

/* A limit of the process on the size of files fails in the middle of the writing, as a disk does. */
static void disk_that_takes_no_more_leaves_the_old_file(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__history *history = new_history(1000), *larger = new_history(20000);
    struct rlimit limit;
    struct text old, now;

    (void)state;
    assert_int_equal(write_both(history, history, NULL), PROMON_OK);
    old = read_back();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){old.size + 10, limit.rlim_max}), 0);
    assert_int_equal(write_both(history, larger, &error), PROMON_ERESOURCES);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(error.system_errno, EFBIG);
    expect_one_file();
    now = read_back();
    assert_int_equal(now.size, old.size);
    assert_memory_equal(now.data, old.data, old.size);
    text_free(&now);
    text_free(&old);
    free(history);
    free(larger);
}

struct writer {
    const struct promon__history *history;
    int failures;
};

static void *write_often(void *data)
{
    struct writer *writer = data;
    int i;

    for (i = 0; i < 100; i++)
        writer->failures += write_both(writer->history, writer->history, NULL) != PROMON_OK;
    return NULL;
}

static void file_that_two_write_at_once_is_a_whole_one(void **state)
{
    struct promon__history *small = new_history(1), *large = new_history(5000);
    struct writer writers[] = {{small, 0}, {large, 0}};
    pthread_t threads[2];
    int i;

    (void)state;
    assert_int_equal(write_both(small, small, NULL), PROMON_OK);
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, &writers[i]), 0);
    for (i = 0; i < 200; i++) {
        struct promon__history_image image = {.data = NULL};

        assert_int_equal(promon__history_image_read(path, &image, NULL), PROMON_OK);
        promon__history_image_free(&image);
    }
    for (i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(writers[0].failures + writers[1].failures, 0);
    expect_one_file();
    free(small);
    free(large);
}

static void write_without_memory(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const enum promon_status status = write_both(context, context, &error);

    assert_true(status == PROMON_OK || status == PROMON_ENOMEM);
    assert_int_equal(error.status, status);
}

static void read_without_memory(void *context)
{
    struct promon__history_image image = {.data = NULL};
    const enum promon_status status = promon__history_image_read(path, &image, NULL);

    assert_true(status == PROMON_OK || status == PROMON_ENOMEM);
    if (status == PROMON_OK)
        assert_true(promon__history_image_find(&image, "one", context));
    promon__history_image_free(&image);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct promon__history *history = new_history(300);

    (void)state;
    assert_true(oom_for_every_allocation(write_without_memory, history) >= 4);
    assert_true(oom_for_every_allocation(read_without_memory, history) >= 2);
    free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_come_back_by_their_names),
        cmocka_unit_test(file_is_for_its_owner_and_leaves_nothing_beside),
        cmocka_unit_test(missing_file_is_told_as_such),
        cmocka_unit_test(every_damage_is_noticed),
        cmocka_unit_test(other_version_is_refused),
        cmocka_unit_test(nonsense_is_no_history),
        cmocka_unit_test(numbers_of_all_sizes_come_back),
        cmocka_unit_test(folder_that_is_not_there_is_told),
        cmocka_unit_test(disk_that_takes_no_more_leaves_the_old_file),
        cmocka_unit_test(file_that_two_write_at_once_is_a_whole_one),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
