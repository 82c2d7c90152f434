/*
 * A TCP proxy on a thread of its own, between a client and a broker on loopback ports, that harms
 * their connections as a test says, at any time. It never holds more than 64 kB per direction, so
 * that a stalled side notices that nobody reads.
 *
 * Thread:  any thread.
 */
#ifndef TEST_SUPPORT_FAULT_PROXY_H
#define TEST_SUPPORT_FAULT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

struct fault_proxy;

enum fault_direction { FAULT_TO_BROKER = 0, FAULT_TO_CLIENT = 1 };

enum fault_end {
    FAULT_CLOSE, /* an orderly end of both directions */
    FAULT_RESET,
    FAULT_HALF /* an end of that direction only; what follows in it is thrown away */
};

struct fault_proxy *fault_proxy_new(uint16_t broker_port);
void fault_proxy_free(struct fault_proxy *proxy);
uint16_t fault_proxy_port(const struct fault_proxy *proxy);

/*
 * Ends the connection that carries the last of the next `bytes` bytes in that direction, after
 * exactly these; once. With 0 bytes: all connections, now.
 */
void fault_proxy_cut_after(struct fault_proxy *proxy, enum fault_direction direction,
                           uint64_t bytes, enum fault_end how);
/* Whether a cut is still to come; forgets it. */
bool fault_proxy_forget_cut(struct fault_proxy *proxy);
/* Ends all connections now. */
void fault_proxy_cut(struct fault_proxy *proxy, enum fault_end how);
/* Passes nothing on in that direction; connections stay open. */
void fault_proxy_stall(struct fault_proxy *proxy, enum fault_direction direction, bool stalls);
/* Passes on so many bytes per second; 0: as they come. */
void fault_proxy_slow(struct fault_proxy *proxy, enum fault_direction direction,
                      uint64_t bytes_per_s);
/* Refuses new connections. */
void fault_proxy_refuse(struct fault_proxy *proxy, bool refuses);
/* The same until so many milliseconds have passed. */
void fault_proxy_refuse_for(struct fault_proxy *proxy, unsigned ms);
/* No fault any more; connections that were ended stay so. */
void fault_proxy_heal(struct fault_proxy *proxy);

/* Since it was made: bytes passed on; connections taken. */
uint64_t fault_proxy_bytes(struct fault_proxy *proxy, enum fault_direction direction);
unsigned fault_proxy_connections(struct fault_proxy *proxy);

#endif
