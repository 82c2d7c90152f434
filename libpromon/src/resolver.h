/*
 * Resolver: the addresses of a name, within a deadline that the system's resolver knows nothing of.
 *
 * Thread:  any thread.
 */
#ifndef PROMON_SRC_RESOLVER_H
#define PROMON_SRC_RESOLVER_H

#include <promon/module.h>
#include <promon/status.h>
#include <stdint.h>

struct addrinfo;

/*
 * Threads that were left behind in getaddrinfo, for the whole process: while there are so many,
 * names are not looked up, for the name service is dead and a thread costs memory.
 */
#define PROMON__MAX_LOST_LOOKUPS 32

/* See struct promon_host. Addresses in digits take no thread. */
enum promon_verdict promon__resolve(const struct promon_target *target, int64_t deadline_ns,
                                    struct promon_result *result, struct addrinfo **out);
void promon__addresses_free(struct addrinfo *addresses);

/* Threads that are left behind now. */
unsigned promon__lost_lookups(void);

#endif
