/*
 * An engine on a bench: a monitor of registry and engine only, which keeps what its log said, and
 * checks that answer by a script.
 */
#ifndef TESTS_ENGINE_BENCH_H
#define TESTS_ENGINE_BENCH_H

#include <pthread.h>
#include <promon/cell.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include "engine.h"
#include "monitor.h"
#include "wait.h"

/* Nothing here takes so long unless it hangs. */
#define PATIENCE_NS (60 * PROMON__SECOND_NS)
/* The deadline of a check that does not hang, on any machine. */
#define LONG_MS 30000

struct bench {
    struct promon promon;
    pthread_mutex_t lock;
    char lines[8192];
};

/* A check that answers by its script, one letter each time and the last for ever: u, d, e; s is
 * stuck until it is let go. One whose probe may overrun is static: nobody waits for its check. */
struct script {
    const char *letters;
    atomic_int runs, overlaps, inside, closed;
    atomic_int_least64_t first_ns, last_ns;
    sem_t go;
    struct bench *bench;
};

struct bench *bench_new(unsigned workers, unsigned max_stuck);
void bench_free(struct bench *bench);
void bench_start(struct bench *bench);

/* Fails the test when it is refused. */
void bench_add(struct bench *bench, struct promon__plan *plan);

struct promon_probe_status bench_status(struct bench *bench, const char *name);
struct promon_probe_status bench_run_now(struct bench *bench, const char *name);

/* Waits until a line is logged, which is after the result is there. */
void bench_await_logged(struct bench *bench, const char *line);
/* … until so many results, or calls, were counted. */
void bench_await_runs(struct bench *bench, const char *name, uint64_t runs);
void await_count(atomic_int *count, int least);

/* A metric with a label, or NULL, and of the probe p; -99 when there is none. */
double bench_value(struct bench *bench, const char *name, const char *label, const char *of);
double bench_probe_value(struct bench *bench, const char *name);
double bench_reason_value(struct bench *bench, const char *reason);

void script_init(struct script *script, const char *letters);
enum promon_verdict script_play(void *data, int64_t deadline_ns, struct promon_result *result);

/* The probe of a check, directly; the first is NULL without memory, the other fails the test. */
struct promon__plan *plan_of(const char *name, promon_check_fn run, void *data, int64_t interval_ms,
                             int64_t timeout_ms);
struct promon__plan *script_plan(const char *name, struct script *script, int64_t interval_ms,
                                 int64_t timeout_ms);

#endif
