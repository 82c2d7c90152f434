/*
 * A PostgreSQL server of a few messages, played by the test itself on the thread of its client:
 * the client's calls do not wait, so that each can be put exactly where the test wants it.
 */
#ifndef TEST_FAKE_SERVER_H
#define TEST_FAKE_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct fake_server {
    int listener;
    int fd; /* of the client's connection; -1: none */
    char url[100];
};

/* Messages to be sent. */
struct fake_reply {
    unsigned char data[512];
    size_t size;
};

void fake_server_open(struct fake_server *server);
void fake_server_close(struct fake_server *server);

/* Takes a client that has begun to connect, and lets it in. */
void fake_server_accept(struct fake_server *server);

/* Reads what has come, and throws it away. */
void fake_server_skip(struct fake_server *server);
void fake_server_send(struct fake_server *server, const void *data, size_t size);

/* Ends the connection: in an orderly way, or as one whose last input nobody reads any more. */
void fake_server_end(struct fake_server *server);
void fake_server_reset(struct fake_server *server);

/* ParseComplete. */
void fake_reply_parsed(struct fake_reply *reply);
/* The answer to a statement: rows of one int4, 1 to `rows`. */
void fake_reply_rows(struct fake_reply *reply, unsigned rows);
/* The answer to a statement that returns nothing. */
void fake_reply_done(struct fake_reply *reply, const char *tag);
/* ReadyForQuery. */
void fake_reply_synced(struct fake_reply *reply);
/* What a server says before it ends a connection. */
void fake_reply_farewell(struct fake_reply *reply);

#endif
