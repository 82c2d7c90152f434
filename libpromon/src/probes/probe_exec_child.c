/*
 * A child process: started by posix_spawn, which is safe in a program with threads, and ended with
 * all that it has started in its group.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe_exec.h"

static void close_both(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static int make_pipes(int ends[PROMON__EXEC_PIPES][2])
{
    int failure;

    if (pipe2(ends[0], O_CLOEXEC) != 0)
        return errno;
    if (pipe2(ends[1], O_CLOEXEC) == 0)
        return 0;
    failure = errno;
    close_both(ends[0]);
    return failure;
}

/* dup3 to the same number would keep close-on-exec; posix_spawn knows that case. */
static int add_actions(posix_spawn_file_actions_t *actions, int ends[PROMON__EXEC_PIPES][2])
{
    int failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (failure == 0)
        failure =
            posix_spawn_file_actions_adddup2(actions, ends[PROMON__EXEC_OUT][1], STDOUT_FILENO);
    if (failure == 0)
        failure =
            posix_spawn_file_actions_adddup2(actions, ends[PROMON__EXEC_ERR][1], STDERR_FILENO);
    if (failure == 0)
        failure = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return failure;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int failure;

    sigemptyset(&none);
    sigfillset(&all);
    failure = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                       POSIX_SPAWN_SETSIGDEF);
    if (failure == 0)
        failure = posix_spawnattr_setpgroup(attributes, 0);
    if (failure == 0)
        failure = posix_spawnattr_setsigmask(attributes, &none);
    if (failure == 0)
        failure = posix_spawnattr_setsigdefault(attributes, &all);
    return failure;
}

static int spawn(pid_t *pid, char *const *arguments, char *const *environment,
                 int ends[PROMON__EXEC_PIPES][2])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure != 0)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = add_actions(&actions, ends);
        if (failure == 0)
            failure = set_attributes(&attributes);
        if (failure == 0)
            failure =
                posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int promon__child_start(struct promon__child *child, char *const *arguments,
                        char *const *environment)
{
    int ends[PROMON__EXEC_PIPES][2];
    int failure = make_pipes(ends);
    unsigned i;

    if (failure != 0)
        return failure;
    failure = spawn(&child->pid, arguments, environment, ends);
    if (failure != 0) {
        child->pid = 0;
        close_both(ends[0]);
        close_both(ends[1]);
        return failure;
    }
    for (i = 0; i < PROMON__EXEC_PIPES; i++) {
        close(ends[i][1]);
        child->pipes[i] = ends[i][0];
        (void)fcntl(child->pipes[i], F_SETFL, O_NONBLOCK);
    }
    /* It is close-on-exec by itself. */
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return 0;
}

bool promon__child_has_ended(const struct promon__child *child)
{
    siginfo_t info = {.si_pid = 0};

    /* A host that ignores SIGCHLD has no zombies: the child is gone, and its status with it. */
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

static void close_all(struct promon__child *child)
{
    unsigned i;

    for (i = 0; i < PROMON__EXEC_PIPES; i++)
        if (child->pipes[i] >= 0)
            close(child->pipes[i]);
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pipes[0] = child->pipes[1] = child->pidfd = -1;
}

bool promon__child_reap(struct promon__child *child, int *status)
{
    pid_t reaped;

    close_all(child);
    if (child->pid == 0)
        return false;
    (void)kill(-child->pid, SIGKILL);
    reaped = waitpid(child->pid, status, WNOHANG);
    if (reaped == 0)
        return false;
    child->pid = 0;
    return reaped > 0;
}
