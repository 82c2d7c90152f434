/*
 * Probes of real servers, and of servers that are none: what tests of Redis, RabbitMQ, PostgreSQL
 * and MySQL have in common.
 */
#ifndef LIVE_SERVERS_H
#define LIVE_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "support/prober.h"
#include "support/tiny_server.h"

enum { LONG_MS = 60000, SHORT_MS = 400 };

/* A setting of the environment, which must be there. */
const char *setting(const char *name);

/* One kind of probe. */
struct kind {
    const char *module;
    const char *control; /* the variable that names the program which controls the server */
    const char *password; /* the variable with the password, which is never to be shown */
    /* JSON of parameters with which it works; %s are escaped by `json_of`. */
    const char *(*params)(void);
    enum promon_reason frozen; /* what is told of the server when it is frozen */
    /* What a peer says before it sends single bytes for ever. */
    const char *beginning;
    size_t beginning_size;
};

/* A text as JSON has it, with quotes; stays until it is asked for 16 more. */
const char *json_of(const char *text);

/* Parameters that work with members of another object put over them; null takes one away. */
const char *params_with(const struct kind *kind, const char *more);

struct row {
    const char *more; /* a JSON object */
    enum promon_verdict verdict;
    enum promon_reason reason;
};

/* Runs one with much time; its message and notes must not hold the password. */
struct probed run_row(const struct kind *kind, const struct row *row);
void run_rows(const struct kind *kind, const struct row *rows, size_t count);

/* The same with this much time, and the port of the peer. */
struct probed run_at(const struct kind *kind, uint16_t port, const char *more, int64_t timeout_ms,
                     enum promon_verdict verdict, enum promon_reason reason);

/* A peer that takes connections and says nothing. */
void stay_silent(struct tiny_peer *peer, void *data);

/* Peers that are no servers, or none that answers: every reason that does not need a real one. */
void harm_in_every_way(const struct kind *kind);

/* Kills, stops, starts, freezes the real server. */
void control(const struct kind *kind, const char *action);

/* Frozen, the deadline holds; then it goes on. Stopped, it is refused; then it is up again. */
void freeze_and_stop(const struct kind *kind);

/* A connection that is kept is one, and is replaced within a check when the server was restarted. */
void keep_through_a_restart(const struct kind *kind);

/* Descriptors and threads stay as many over so many checks of each kind. */
void cycle(const struct kind *kind, unsigned with_server, unsigned without);

#endif
