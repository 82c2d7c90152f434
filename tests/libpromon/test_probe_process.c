/*
 * The probe "process": this very test, a child of it, and such as are not there.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"
#include "support/prober.h"

enum { LONG_MS = 60000 };

static double figure(const struct probed *probed, const char *key)
{
    unsigned i;

    for (i = 0; i < probed->result.n_values; i++)
        if (strcmp(probed->result.values[i].key, key) == 0)
            return probed->result.values[i].value;
    return -1;
}

/* Writes a file and probes the process that it names. */
static struct probed probe_file(const char *content, enum promon_verdict verdict,
                                enum promon_reason reason)
{
    char path[] = "/tmp/promon-process-XXXXXX", params[128];
    const int fd = mkstemp(path);
    struct probed probed;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (int)strlen(content));
    close(fd);
    snprintf(params, sizeof(params), "{\"pid_file\": \"%s\"}", path);
    probed = probe_once("process", params, LONG_MS, verdict, reason);
    unlink(path);
    return probed;
}

static void a_process_that_a_file_names_is_measured(void **state)
{
    char content[32];
    struct probed probed;

    (void)state;
    snprintf(content, sizeof(content), "%d\n", (int)getpid());
    probed = probe_file(content, PROMON_UP, PROMON_REASON_NONE);
    assert_true(figure(&probed, "processes") == 1);
    assert_true(figure(&probed, "cpu_seconds") >= 0);
    assert_true(figure(&probed, "resident_memory_bytes") > 100000);
    assert_true(figure(&probed, "threads") >= 1);
    assert_true(figure(&probed, "open_fds") >= 3);
}

static void a_file_that_names_nobody_is_told(void **state)
{
    (void)state;
    (void)probe_file("4194305", PROMON_DOWN, PROMON_REASON_STATUS);
    (void)probe_file("", PROMON_DOWN, PROMON_REASON_BODY);
    (void)probe_file("0", PROMON_DOWN, PROMON_REASON_BODY);
    (void)probe_file("-1", PROMON_DOWN, PROMON_REASON_BODY);
    (void)probe_file("12 34", PROMON_DOWN, PROMON_REASON_BODY);
    (void)probe_once("process", "{\"pid_file\": \"/none\"}", LONG_MS, PROMON_DOWN,
                     PROMON_REASON_STATUS);
}

static void a_file_that_cannot_be_read_says_nothing_of_the_process(void **state)
{
    struct rlimit limit, none;
    struct prober *by_file, *by_name;

    (void)state;
    (void)probe_once("process", "{\"pid_file\": \"/tmp\"}", LONG_MS, PROMON_ERROR,
                     PROMON_REASON_INTERNAL);
    by_file = prober_new(modules_folder(), "process", "{\"pid_file\": \"/proc/self/stat\"}");
    by_name = prober_new(modules_folder(), "process", "{\"name\": \"sh\"}");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    (void)prober_expect(by_file, LONG_MS, PROMON_ERROR, PROMON_REASON_INTERNAL);
    (void)prober_expect(by_name, LONG_MS, PROMON_ERROR, PROMON_REASON_INTERNAL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    prober_free(by_file);
    prober_free(by_name);
}

static pid_t start_child(void)
{
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execlp("sleep", "promon test sleeper", "600", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void a_process_that_has_ended_does_not_live_though_nobody_has_reaped_it(void **state)
{
    const pid_t pid = start_child();
    char content[32];

    (void)state;
    snprintf(content, sizeof(content), "%d", (int)pid);
    (void)probe_file(content, PROMON_UP, PROMON_REASON_NONE);
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){.si_pid = 0}, WEXITED | WNOWAIT), 0);
    (void)probe_file(content, PROMON_DOWN, PROMON_REASON_STATUS);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)probe_file(content, PROMON_DOWN, PROMON_REASON_STATUS);
}

static void processes_are_found_by_their_name(void **state)
{
    struct probed probed;
    const pid_t pid = start_child();
    /* Only once it is that program; fork alone is still this one. */
    struct prober *prober =
        prober_new(modules_folder(), "process", "{\"name\": \"promon test sleeper\"}");
    unsigned i;

    (void)state;
    for (i = 0; i < 1000 && prober_run(prober, LONG_MS)->result.verdict != PROMON_UP; i++)
        usleep(10000);
    (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    prober_free(prober);
    probed = probe_once("process", "{\"name\": \"promon test sleeper\", \"minimum\": 2}", LONG_MS,
                        PROMON_DOWN, PROMON_REASON_STATUS);
    assert_string_equal(probed.result.message, "1 processes \"promon test sleeper\" live");
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Under whatever runs it. */
static void a_name_that_it_gives_itself_counts_too(void **state)
{
    char name[32] = "", params[64];
    FILE *file = fopen("/proc/self/comm", "re");
    struct probed probed;

    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(name, sizeof(name), file));
    fclose(file);
    name[strcspn(name, "\n")] = '\0';
    snprintf(params, sizeof(params), "{\"name\": \"%s\"}", name);
    probed = probe_once("process", params, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(figure(&probed, "processes") >= 1);
}

static void a_name_that_nobody_has_is_told(void **state)
{
    struct probed probed;

    (void)state;
    probed = probe_once("process", "{\"name\": \"no-such-program\"}", LONG_MS, PROMON_DOWN,
                        PROMON_REASON_STATUS);
    assert_true(figure(&probed, "processes") == 0);
}

static void wrong_parameters_are_told(void **state)
{
    static const char either[] = "params: expected either \"pid_file\" or \"name\"";
    const char *folder = modules_folder();

    (void)state;
    assert_string_equal(prober_refused(folder, "process", "{}"), either);
    assert_string_equal(
        prober_refused(folder, "process", "{\"name\": \"a\", \"pid_file\": \"/b\"}"), either);
    assert_string_equal(prober_refused(folder, "process", "{\"name\": \"/bin/a\"}"),
                        "params.name: expected the name of a program, without a folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_a_file_names_is_measured),
        cmocka_unit_test(a_file_that_names_nobody_is_told),
        cmocka_unit_test(a_file_that_cannot_be_read_says_nothing_of_the_process),
        cmocka_unit_test(a_process_that_has_ended_does_not_live_though_nobody_has_reaped_it),
        cmocka_unit_test(processes_are_found_by_their_name),
        cmocka_unit_test(a_name_that_it_gives_itself_counts_too),
        cmocka_unit_test(a_name_that_nobody_has_is_told),
        cmocka_unit_test(wrong_parameters_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
