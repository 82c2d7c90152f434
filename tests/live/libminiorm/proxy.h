/*
 * A TCP proxy in front of the test's server, on a thread of its own, which cuts connections after a
 * given number of bytes.
 */
#ifndef LIVE_PROXY_H
#define LIVE_PROXY_H

#include <stddef.h>

struct proxy;

enum proxy_direction { PROXY_TO_SERVER = 0, PROXY_TO_CLIENT = 1 };

/* Starts one for the server of this URL, and writes the URL through the proxy to `url`. */
struct proxy *proxy_start(const char *server, char *url, size_t url_size);
void proxy_stop(struct proxy *proxy);

/* Cuts every connection once so many bytes have passed in that direction from now on; the
 * connections after that pass. */
void proxy_cut_after(struct proxy *proxy, enum proxy_direction direction, size_t bytes);

/* Passes on only so many bytes at a time; 0: as they come. */
void proxy_split(struct proxy *proxy, size_t bytes);

/* Passes nothing on, and reads nothing; connections stay open. */
void proxy_freeze(struct proxy *proxy, int frozen);

/* Makes the server stumble over the next such text, a constant, that comes for it in one piece. */
void proxy_spoil(struct proxy *proxy, const char *text);

#endif
