/*
 * Commands of the program `promon`, each in a file of its own, and what they share.
 *
 * Invariant: nothing that is printed holds a secret; results go to the standard output, all else to
 * the standard error.
 */
#ifndef PROMON_COMMANDS_H
#define PROMON_COMMANDS_H

#include <promon/promon.h>
#include <stdbool.h>

enum promon_exit {
    EXIT_UP = 0,
    EXIT_DOWN = 1, /* also: a configuration is wrong, a monitor cannot run */
    EXIT_UNKNOWN = 2, /* the probe itself failed, or there is none to be run */
    EXIT_USAGE = 64
};

/* What was given behind the command. */
struct arguments {
    const char *command;
    const char *words[2]; /* NULL: not given */
    const char *modules; /* NULL: those of the installation */
    const char *listen;
    bool is_verbose;
    bool wants_help;
};

int command_run(const struct arguments *arguments);
int command_check(const struct arguments *arguments);
int command_probe(const struct arguments *arguments);
int command_modules(const struct arguments *arguments);

/* "promon: …" on the standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The monitor of the configuration words[0]; NULL after a complaint. */
struct promon *open_monitor(const struct arguments *arguments, struct promon_options *options);

/*
 * Calls `line` with each sample of the families `query` ("name[]=x&name[]=y") of the monitor, in
 * the text format. False: no memory.
 */
bool visit_samples(struct promon *promon, const char *query,
                   void (*line)(void *data, const char *name, const char *labels,
                                const char *value),
                   void *data);

#endif
