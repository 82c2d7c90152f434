/*
 * The probe "exec": commands that succeed, fail, talk, never end, and leave others behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"
#include "support/prober.h"

enum { LONG_MS = 60000 };

/* Parameters that let sh run the script; freed by the caller. */
static char *params_of(const char *script, const char *more)
{
    json_t *params = json_pack("{s: [s, s, s]}", "command", "sh", "-c", script);
    json_t *over = json_loads(more, 0, NULL);
    char *text;

    assert_non_null(params);
    assert_non_null(over);
    json_object_update(params, over);
    text = json_dumps(params, 0);
    json_decref(params);
    json_decref(over);
    return text;
}

static struct probed run(const char *script, const char *more, int64_t timeout_ms,
                         enum promon_verdict verdict, enum promon_reason reason)
{
    char *params = params_of(script, more);
    const struct probed probed = probe_once("exec", params, timeout_ms, verdict, reason);

    free(params);
    return probed;
}

static void exit_codes_are_judged(void **state)
{
    struct probed probed;

    (void)state;
    probed = run("exit 0", "{}", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    probed = run("exit 2", "{}", LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS);
    assert_string_equal(probed.result.message, "exit code 2");
    (void)run("exit 2", "{\"expected_codes\": [0, 2]}", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    (void)run("exit 0", "{\"expected_codes\": [2]}", LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS);
    probed = run("kill -9 $$", "{}", LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS);
    assert_string_equal(probed.result.message, "ended by signal 9");
}

static void the_first_line_of_an_error_is_told(void **state)
{
    struct probed probed;

    (void)state;
    probed = run("echo 'the disk is full' >&2; echo more >&2; exit 1", "{}", LONG_MS, PROMON_DOWN,
                 PROMON_REASON_STATUS);
    assert_string_equal(probed.result.message, "exit code 1: the disk is full");
}

static double figure(const struct probed *probed, const char *key)
{
    unsigned i;

    for (i = 0; i < probed->result.n_values; i++)
        if (strcmp(probed->result.values[i].key, key) == 0)
            return probed->result.values[i].value;
    return -1;
}

static void lines_with_a_key_and_a_number_are_figures(void **state)
{
    struct probed probed;

    (void)state;
    probed = run("echo depth 3; echo share\t0.25; echo not a figure; echo lonely; echo inf inf;"
                 "printf 'last 1e3'",
                 "{}", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(figure(&probed, "depth") == 3);
    assert_true(figure(&probed, "share") == 0.25);
    assert_true(figure(&probed, "last") == 1000);
    assert_true(figure(&probed, "exit_code") == 0);
    assert_int_equal(probed.result.n_values, 4);
    assert_non_null(strstr(probed.notes, "it says: lonely"));
}

static void output_without_end_is_cut_and_does_not_stop_it(void **state)
{
    (void)state;
    (void)run("head -c 1000000 /dev/zero | tr '\\0' x", "{}", LONG_MS, PROMON_UP,
              PROMON_REASON_NONE);
}

static bool lives(long pid)
{
    char path[64], line[512] = "";
    FILE *file;
    const char *state;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    (void)fgets(line, sizeof(line), file);
    fclose(file);
    state = strrchr(line, ')');
    return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

/* The number that a command wrote into the file. */
static long number_in(const char *path)
{
    FILE *file = fopen(path, "re");
    long number = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &number), 1);
    fclose(file);
    assert_true(number > 1);
    return number;
}

static void assert_gone(long pid)
{
    unsigned i;

    for (i = 0; i < 1000 && lives(pid); i++)
        usleep(10000);
    assert_false(lives(pid));
}

static void at_the_deadline_it_is_killed_with_all_that_it_has_started(void **state)
{
    char path[] = "/tmp/promon-exec-XXXXXX", script[256];
    const int fd = mkstemp(path);
    struct probed probed;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(script, sizeof(script), "trap '' TERM; sleep 600 & echo $! >%s; wait", path);
    probed = run(script, "{}", 1500, PROMON_DOWN, PROMON_REASON_TIMEOUT);
    assert_true(probed.took_ms < 30000);
    assert_gone(number_in(path));
    unlink(path);
}

static void what_it_leaves_in_its_group_is_ended_with_it(void **state)
{
    char path[] = "/tmp/promon-exec-XXXXXX", script[256];
    const int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(script, sizeof(script), "sleep 600 & echo $! >%s", path);
    (void)run(script, "{}", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_gone(number_in(path));
    unlink(path);
}

static void its_own_timeout_is_shorter(void **state)
{
    (void)state;
    (void)run("sleep 600", "{\"timeout\": 0.2}", LONG_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT);
}

static void it_inherits_no_descriptor_and_no_variable(void **state)
{
    struct probed probed;
    const int fd = open("/dev/null", O_RDONLY); /* not close-on-exec */

    (void)state;
    setenv("PROMON_TEST_SECRET_OF_THE_HOST", "x", 1);
    probed = run("ls /proc/self/fd >&2; echo count $(ls /proc/$$/fd | wc -l)", "{}", LONG_MS,
                 PROMON_UP, PROMON_REASON_NONE);
    assert_true(figure(&probed, "count") <= 4); /* the shell may have one of its own */
    (void)run("test -z \"$PROMON_TEST_SECRET_OF_THE_HOST\" && test -n \"$PATH\" && "
              "test \"$GIVEN\" = 'a b'",
              "{\"environment\": {\"GIVEN\": \"a b\"}}", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    (void)run("test \"$PATH\" = /bin:/usr/bin", "{\"environment\": {\"PATH\": \"/bin:/usr/bin\"}}",
              LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    unsetenv("PROMON_TEST_SECRET_OF_THE_HOST");
    close(fd);
}

/* The harness, or whoever calls it, may block or ignore some. */
static void it_has_no_signal_blocked_or_ignored(void **state)
{
    sigset_t all, before;

    (void)state;
    signal(SIGUSR1, SIG_IGN);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)run("kill -USR1 $$; sleep 60", "{}", LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
}

/* Under valgrind a child that cannot become its command ends with 127 instead. */
static bool is_told_of_failed_commands(void)
{
    char *arguments[] = {(char[]){"/none"}, NULL};
    pid_t pid;

    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, arguments + 1) != 0)
        return true;
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return false;
}

static void a_command_that_is_not_there_says_nothing_of_what_it_would_check(void **state)
{
    struct probed probed;

    (void)state;
    if (!is_told_of_failed_commands())
        skip();
    probed = probe_once("exec", "{\"command\": [\"/none/at/all\"]}", LONG_MS, PROMON_ERROR,
                        PROMON_REASON_INTERNAL);
    assert_string_equal(probed.result.message,
                        "\"/none/at/all\" cannot be started: No such file or directory");
}

static void no_shell_reads_the_arguments(void **state)
{
    (void)state;
    (void)probe_once("exec", "{\"command\": [\"test\", \"$PATH;`a`\", \"=\", \"$PATH;`a`\"]}",
                     LONG_MS, PROMON_UP, PROMON_REASON_NONE);
}

static void a_host_that_waits_for_no_children_is_told_so(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    (void)run("exit 0", "{}", LONG_MS, PROMON_ERROR, PROMON_REASON_INTERNAL);
    signal(SIGCHLD, SIG_DFL);
}

static unsigned count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void nothing_is_left_behind_over_many_checks(void **state)
{
    struct prober *good = prober_new(modules_folder(), "exec", "{\"command\": [\"true\"]}");
    struct prober *bad = prober_new(modules_folder(), "exec", "{\"command\": [\"/none\"]}");
    struct prober *late =
        prober_new(modules_folder(), "exec", "{\"command\": [\"sleep\", \"600\"]}");
    const unsigned before = count_descriptors();
    const bool is_told = is_told_of_failed_commands();
    unsigned i;

    (void)state;
    for (i = 0; i < 200; i++) {
        (void)prober_expect(good, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
        (void)prober_expect(bad, LONG_MS, is_told ? PROMON_ERROR : PROMON_DOWN,
                            is_told ? PROMON_REASON_INTERNAL : PROMON_REASON_STATUS);
    }
    for (i = 0; i < 5; i++)
        (void)prober_expect(late, 20, PROMON_DOWN, PROMON_REASON_TIMEOUT);
    assert_int_equal(count_descriptors(), before);
    prober_free(good);
    prober_free(bad);
    prober_free(late);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    assert_int_equal(errno, ECHILD);
}

static void wrong_parameters_are_told(void **state)
{
    const char *folder = modules_folder();

    (void)state;
    assert_string_equal(prober_refused(folder, "exec", "{\"command\": []}"),
                        "params.command: is empty");
    assert_string_equal(
        prober_refused(folder, "exec",
                       "{\"command\": [\"true\"], \"environment\": {\"A=B\": \"c\"}}"),
        "params.environment: \"A=B\" is not a name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_judged),
        cmocka_unit_test(the_first_line_of_an_error_is_told),
        cmocka_unit_test(lines_with_a_key_and_a_number_are_figures),
        cmocka_unit_test(output_without_end_is_cut_and_does_not_stop_it),
        cmocka_unit_test(at_the_deadline_it_is_killed_with_all_that_it_has_started),
        cmocka_unit_test(what_it_leaves_in_its_group_is_ended_with_it),
        cmocka_unit_test(its_own_timeout_is_shorter),
        cmocka_unit_test(it_inherits_no_descriptor_and_no_variable),
        cmocka_unit_test(it_has_no_signal_blocked_or_ignored),
        cmocka_unit_test(a_command_that_is_not_there_says_nothing_of_what_it_would_check),
        cmocka_unit_test(no_shell_reads_the_arguments),
        cmocka_unit_test(a_host_that_waits_for_no_children_is_told_so),
        cmocka_unit_test(nothing_is_left_behind_over_many_checks),
        cmocka_unit_test(wrong_parameters_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
