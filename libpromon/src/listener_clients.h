/*
 * Listener clients: the connections of a listener with what each is given time for, so that one
 * that sends or reads too slowly is cut off however it keeps busy.
 *
 * Order: new; enter, begin, end, leave by any thread; drain; free.
 * Invariant: the descriptor of a client is open from enter until leave has returned.
 */
#ifndef PROMON_SRC_LISTENER_CLIENTS_H
#define PROMON_SRC_LISTENER_CLIENTS_H

#include <promon/page.h>
#include <promon/status.h>
#include <stdbool.h>
#include <stdint.h>

struct promon__clients;

struct promon__client {
    struct promon__client *next, *previous;
    int fd;
    int64_t deadline_ns;
    bool is_answered; /* from begin to end */
    bool is_head_read; /* of the request under way */
    struct promon_page page; /* its memory serves all answers of the connection */
    bool is_target_long;
    char target[PROMON_MAX_HEADER_BYTES + 1]; /* of the request under way */
};

enum promon_status promon__clients_new(unsigned timeout_s, struct promon__clients **out,
                                       struct promon_error *error);
void promon__clients_free(struct promon__clients *clients); /* NULL is allowed */

/* A connection has the timeout for its first request. NULL when memory ran out. */
struct promon__client *promon__clients_enter(struct promon__clients *clients, int fd);

/*
 * An answer is made (of no bytes yet) and, told again, of so many bytes to be read; and it has been
 * read, or the connection has ended.
 */
void promon__clients_begin(struct promon__clients *clients, struct promon__client *client,
                           size_t size);
void promon__clients_end(struct promon__clients *clients, struct promon__client *client);

/* Takes it off and frees it. */
void promon__clients_leave(struct promon__clients *clients, struct promon__client *client);

/* Waits until no answer is under way, at most so long. */
void promon__clients_drain(struct promon__clients *clients, int64_t longest_ns);

/* In the child of a fork: their connections are the parent's. */
void promon__clients_after_fork(struct promon__clients *clients);

#endif
