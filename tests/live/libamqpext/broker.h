/*
 * The real broker that a live test runs with: where it is, and what is done to it. All calls wait
 * until it is done; those that return bool say whether it was.
 */
#ifndef LIVE_BROKER_H
#define LIVE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "amqp://guest:guest@127.0.0.1:PORT/", of the broker or of a proxy in front of it. */
void broker_url(char *out, size_t size, uint16_t port);
uint16_t broker_port(void);

/* What tests/services/control does: kill, stop, start, restart, sigstop, sigcont. */
bool broker_service(const char *action);
/* Evaluates Erlang, without single quotes, printf-like; `answer` may be NULL. */
bool broker_eval(char *answer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Closes all connections with 320. */
bool broker_close_connections(void);
/* Publishers are blocked while it is on. */
bool broker_set_memory_alarm(bool on);
bool broker_delete_queue(const char *queue);
/*
 * Writes the names of quorum queues to disk. The broker does so within a second of their making;
 * killed before, it forgets them and what they have confirmed.
 */
bool broker_keep_queues(void);
/* It does nothing any more, until it crashes. */
bool broker_suspend_queue(const char *queue);
/* Its process crashes and is started again; consumers are cancelled, durable messages stay. */
bool broker_crash_queue(const char *queue);
/* Messages in all queues whose names begin so, delivered and not settled ones included. */
bool broker_count_messages(const char *prefix, unsigned long *sum);
/* Of these, those that a quorum queue has let go and whose arrival elsewhere is not certain yet. */
bool broker_count_let_go(const char *prefix, unsigned long *sum);
/* Writes, as comments of a test, how many each queue has. */
void broker_show_messages(const char *prefix);
bool broker_delete_queues(const char *prefix);

#endif
