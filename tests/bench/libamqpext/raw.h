/*
 * What the hand-written programs share: a connection of rabbitmq-c with one channel, and the objects
 * at the broker.
 *
 * Each function that fails has said why.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif
#include <stdbool.h>

enum { RAW_CHANNEL = 1 };

/* Connects, logs in and opens the channel; NULL on failure. */
amqp_connection_state_t raw_connect(const char *url);
/* Durable exchange, durable classic queue, binding: what is there already stays. */
bool raw_declare(amqp_connection_state_t state);
/* Whether the broker's last answer was what was asked for. */
bool raw_succeeded(amqp_connection_state_t state, const char *what);
/* The same of a function that returns a status. */
bool raw_is_ok(int status, const char *what);
/* Closes the channel and the connection, so that the broker has handled all that was sent. */
bool raw_close(amqp_connection_state_t state);

#endif
