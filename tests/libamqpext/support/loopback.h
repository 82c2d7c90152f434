/*
 * Listening sockets on loopback ports that stay their own while connections are refused: ports of
 * the range that the system takes for clients could be gone afterwards.
 */
#ifndef TEST_SUPPORT_LOOPBACK_H
#define TEST_SUPPORT_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

/* Non-blocking; ends the program when there is no port to be had. */
int loopback_listen(uint16_t *port);
/* Refuses connections, also those that wait to be accepted; poll() must leave the socket alone. */
void loopback_refuse(int listener);
void loopback_resume(int listener);
/* Accepts a connection, non-blocking and without delay; -1 if there is none. */
int loopback_accept(int listener);
/* A connection to a port, perhaps not established yet; -1 if refused. */
int loopback_connect(uint16_t port);
/* Closes with a reset in place of an orderly end. */
void loopback_reset(int fd);

#endif
