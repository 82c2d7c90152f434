/*
 * A name server that takes questions and never answers: each module that is given a name keeps its
 * deadline all the same.
 *
 * The system is told of that server in a network and a file system of the test's own, which a child
 * process makes for itself; where it may not, the test is skipped.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"
#include "support/prober.h"

enum { TIMEOUT_MS = 300, MUST_END_MS = 25000, CANNOT = 77 };

static bool bring_loopback_up(void)
{
    struct ifreq request;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_done;

    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, "lo", sizeof("lo"));
    request.ifr_flags = IFF_UP;
    is_done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return is_done;
}

static bool open_silent_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool name_it(const char *path)
{
    static const char text[] = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool is_done;

    if (fd < 0)
        return false;
    is_done = write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1;
    close(fd);
    return is_done && mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
}

static bool make_world(const char *path)
{
    return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && bring_loopback_up() &&
           open_silent_server() && name_it(path);
}

static bool keeps_deadline(const char *module, const char *params)
{
    struct prober *prober = prober_new(modules_folder(), module, params);
    const struct probed *probed = prober_run(prober, TIMEOUT_MS);
    const bool is_kept = probed->result.verdict == PROMON_DOWN &&
                         probed->result.reason == PROMON_REASON_DNS &&
                         probed->took_ms >= TIMEOUT_MS - 10 && probed->took_ms < MUST_END_MS;

    if (!is_kept)
        printf("# %s: verdict %d, %s, after %ld ms\n", module, (int)probed->result.verdict,
               probed->result.message, (long)probed->took_ms);
    prober_free(prober);
    return is_kept;
}

/* Exit status 0: all of them did. */
static int probe_all(const char *path)
{
    static const struct {
        const char *module, *params;
    } rows[] = {
        {"tcp", "{\"host\": \"backend.example\", \"port\": 80}"},
        {"tls", "{\"host\": \"backend.example\"}"},
        {"dns", "{\"name\": \"a.example\", \"server\": \"backend.example\"}"},
        {"http", "{\"url\": \"http://backend.example/\"}"},
        {"http", "{\"url\": \"https://backend.example/\"}"},
    };
    int failed = 0;
    size_t i;

    if (!make_world(path))
        return CANNOT;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        failed += keeps_deadline(rows[i].module, rows[i].params) ? 0 : 1;
    fflush(stdout);
    return failed;
}

static void every_module_keeps_its_deadline(void **state)
{
    char path[] = "/tmp/test_silent_name_service_XXXXXX";
    const int fd = mkstemp(path);
    int status = 0;
    pid_t child;

    (void)state;
    close(fd);
    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(probe_all(path));
    assert_int_equal(waitpid(child, &status, 0), child);
    unlink(path);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_module_keeps_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
