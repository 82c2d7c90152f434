/*
 * A database that does what a test says, and writes down what it was asked for.
 *
 * The journal has a letter for each step: + connect, - disconnect, x execute, B begin, C commit,
 * R rollback, and for savepoints s1 set, r1 release, t1 roll back to, with their level.
 */
#ifndef TESTS_FAKE_DRIVER_H
#define TESTS_FAKE_DRIVER_H

#include <pthread.h>

#include "test.h"

#include "driver.h"
#include "pool.h"
#include "session.h"

struct fake {
    struct miniorm_database database;
    pthread_mutex_t lock;
    char journal[4096];
    unsigned connections; /* open now */
    enum miniorm_status connect_status;
    unsigned connect_delay_ms;
    enum miniorm_status execute_status; /* of the next `failures` executions */
    unsigned failures;
    bool failures_break; /* a failing execution breaks its connection */
    const char *failing_steps; /* letters of the verbs that fail, with `verb_status` */
    enum miniorm_status verb_status;
    uint64_t deadline_ms; /* of the newest execution */
    const char *sql; /* of the newest execution; valid until the call returns */
    struct miniorm_transaction_options options; /* of the newest begin */
};

struct fake_connection {
    struct miniorm__connection base;
    bool is_broken;
    bool is_in_transaction;
};

/* Makes a database with a pool and a session; `options` may be NULL. */
struct fake *fake_new(const struct miniorm_database_options *options);
void fake_free(struct fake *fake);

/* The journal so far, which begins anew. Valid until the next call. */
const char *fake_journal(struct fake *fake);

/* Waits until `waiting` threads stand in line. */
void fake_await_waiting(struct fake *fake, unsigned waiting);

#endif
