/*
 * Connector: a connected socket to a target, within a deadline.
 *
 * Thread:  any thread.
 */
#ifndef PROMON_SRC_CONNECTOR_H
#define PROMON_SRC_CONNECTOR_H

#include <promon/module.h>
#include <stdint.h>

/* Addresses of one name that are tried. */
#define PROMON__MAX_ADDRESSES 8

/* See struct promon_host. */
enum promon_verdict promon__connect(const struct promon_target *target, int64_t deadline_ns,
                                    struct promon_result *result, int *fd);
int promon__wait_fd(int fd, int events, int64_t deadline_ns);

#endif
