/*
 * HTTP as bytes on a socket, for tests of what a client must not send: nothing is checked or added on the way.
 *
 * Thread:  one thread at a time per socket.
 */
#ifndef SUPPORT_WIRE_H
#define SUPPORT_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#define WIRE_HEAD_SIZE 8192
#define WIRE_BODY_SIZE 65536

enum wire_outcome {
    WIRE_REPLY, /* a whole answer */
    WIRE_CLOSED, /* the server closed the connection before or inside of one */
    WIRE_SILENT /* nothing came in time */
};

struct wire_reply {
    enum wire_outcome outcome;
    unsigned status;
    bool closes; /* Connection: close */
    char head[WIRE_HEAD_SIZE];
    char body[WIRE_BODY_SIZE];
    size_t body_size;
};

/* A connection to a port of loopback, -1 when refused. Close it with close(2). */
int wire_open(unsigned port);

/* Sends all bytes; false when the server did not take them. */
bool wire_send(int fd, const char *data, size_t size);
bool wire_print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads one answer, that of a HEAD request without a body; waits up to timeout_ms for each piece of it. */
enum wire_outcome wire_read(int fd, bool is_head, unsigned timeout_ms, struct wire_reply *reply);

/* For what comes at once, on a machine of any speed. */
enum { WIRE_PATIENCE_MS = 30000 };

/* Sends a request for `target` and reads the answer; the status, or 0 without one. */
unsigned wire_get(int fd, const char *target, struct wire_reply *reply);

/* Value of a header field copied into `value`, NULL when it is not there. */
const char *wire_header(const struct wire_reply *reply, const char *name, char *value, size_t size);

/* Whether the server closes the connection within timeout_ms without sending anything more. */
bool wire_is_closed(int fd, unsigned timeout_ms);

#endif
