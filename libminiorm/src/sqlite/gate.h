/*
 * Gate: keeps apart, inside one process, the connections that SQLite's locks would make wait by
 * sleeping and trying again: whoever comes first goes first, and is woken at once.
 *
 * With a write-ahead log only writers pass it, one at a time. Without one (databases in memory)
 * readers share it.
 */
#ifndef MINIORM_SRC_SQLITE_GATE_H
#define MINIORM_SRC_SQLITE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum miniorm__sqlite_pass {
    MINIORM__SQLITE_NO_PASS = 0,
    MINIORM__SQLITE_SHARED = 1,
    MINIORM__SQLITE_EXCLUSIVE = 2
};

struct miniorm__sqlite_waiter;

struct miniorm__sqlite_gate {
    pthread_mutex_t lock;
    pthread_condattr_t monotonic;
    struct miniorm__sqlite_waiter *line;
    struct miniorm__sqlite_waiter **line_end;
    unsigned readers;
    bool has_writer;
};

void miniorm__sqlite_gate_init(struct miniorm__sqlite_gate *gate);
void miniorm__sqlite_gate_destroy(struct miniorm__sqlite_gate *gate);

/* Waits until `pass` can be had; false when the deadline passed or *is_cancelled was set. */
bool miniorm__sqlite_gate_enter(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass,
                                uint64_t deadline_ms, const atomic_bool *is_cancelled);
void miniorm__sqlite_gate_leave(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass);

/* Makes those who wait look at their *is_cancelled. */
void miniorm__sqlite_gate_wake(struct miniorm__sqlite_gate *gate);

#endif
