/*
 * Listening sockets.
 */
#ifndef BASEAPI_SRC_LISTEN_H
#define BASEAPI_SRC_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include <baseapi/status.h>

/*
 * Opens `count` sockets that listen on the same address and port, so that the kernel spreads
 * connections over them. *port 0 lets the kernel choose; it is set to the port. Unless
 * `share_port`, a port that another process listens on is refused. On failure none is open. Errors:
 * BASEAPI_EINVALID, BASEAPI_ELISTEN.
 */
enum baseapi_status baseapi__listen(const char *address, bool share_port, unsigned *port, int *fds,
                                    size_t count, struct baseapi_error *error);

#endif
