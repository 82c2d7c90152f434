/*
 * The module "exec", as its parts know it: a command that runs, with pipes for what it says.
 */
#ifndef PROMON_SRC_PROBES_PROBE_EXEC_H
#define PROMON_SRC_PROBES_PROBE_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROMON__EXEC_OUT = 0, PROMON__EXEC_ERR = 1, PROMON__EXEC_PIPES = 2 };

struct promon__child {
    pid_t pid; /* also of its group; 0: none */
    int pidfd; /* readable when it has ended; -1: this system has none */
    int pipes[PROMON__EXEC_PIPES]; /* our ends; -1: closed */
};

/*
 * Starts a command by its path, or by its name in PATH, in a process group of its own, with no
 * input, no other descriptor, and no signal blocked or ignored. Returns an errno value.
 */
int promon__child_start(struct promon__child *child, char *const *arguments,
                        char *const *environment);

/* Whether it has ended; it stays a zombie until it is reaped, so that its number is its own. */
bool promon__child_has_ended(const struct promon__child *child);

/*
 * Ends what is left of the group, takes the status of the child if that has ended, and closes all.
 * False: it has not ended yet, or nobody knows how; `pid` stays in the first case.
 */
bool promon__child_reap(struct promon__child *child, int *status);

#endif
