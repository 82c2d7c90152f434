/*
 * An HTTP client, and a server of one thread that answers anything with the same
 * bytes: what the machine itself takes for a question and an answer.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>

struct client_target {
    unsigned port;
    const char *path;
    int status; /* that each answer must have */
    double *ms; /* what each answer took */
};

/* Asks each target `n` times, in turn, `rate` times a second; each over one connection. */
void client_ask(const struct client_target *targets, size_t n_targets, unsigned long n,
                unsigned long rate);

/* Starts the server, which runs until the program ends; its port. */
unsigned client_plain_server(void);

#endif
