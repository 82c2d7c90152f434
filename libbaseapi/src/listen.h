/*
 * Listening sockets.
 */
#ifndef BASEAPI_SRC_LISTEN_H
#define BASEAPI_SRC_LISTEN_H

#include <stddef.h>

#include <baseapi/status.h>

/*
 * Opens `count` sockets that listen on the same address and port, so that the kernel spreads
 * connections over them. *port 0 lets the kernel choose; it is set to the port. On failure none is
 * open. Errors: BASEAPI_EINVALID, BASEAPI_ELISTEN.
 */
enum baseapi_status baseapi__listen(const char *address, unsigned *port, int *fds, size_t count,
                                    struct baseapi_error *error);

#endif
