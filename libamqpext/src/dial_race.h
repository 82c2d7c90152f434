/*
 * Race: TCP connections to all addresses of a host, each started a moment after the one before or
 * as soon as that has failed; the first that stands wins, the others are closed (RFC 8305).
 *
 * A race of zeros has ended. Thread: one, the owner's.
 */
#ifndef AMQPEXT_SRC_DIAL_RACE_H
#define AMQPEXT_SRC_DIAL_RACE_H

#include "resolver.h"

struct race {
    struct addresses addresses;
    const struct host *host;
    int epoll_fd; /* the owner's */
    int fds[ADDRESSES_MAX]; /* -1: over */
    size_t n_started, n_open;
    uint64_t next_us; /* when the next one starts */
    struct amqpext_error error; /* of the first that failed */
};

/* `addresses` of the race are filled in already. */
void amqpext__race_start(struct race *race, const struct host *host, int epoll_fd);
/* DIAL_DONE: *fd is connected, and no longer watched by the descriptor of the owner. */
enum dial_result amqpext__race_step(struct race *race, uint64_t now_us, int *fd,
                                    struct amqpext_error *error);
uint64_t amqpext__race_due_us(const struct race *race);
void amqpext__race_end(struct race *race);

#endif
