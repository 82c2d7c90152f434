/*
 * One probe of a module, without an engine: opened with parameters, run under a deadline.
 */
#ifndef TESTS_PROBER_H
#define TESTS_PROBER_H

#include <promon/result.h>
#include <promon/status.h>
#include <stdint.h>

#include "result_state.h"

struct prober;

/* Of the module in `folder`; fails the test when it cannot be opened. */
struct prober *prober_new(const char *folder, const char *module, const char *params_json);
/* The same that must fail; the message stays until the next call. */
const char *prober_refused(const char *folder, const char *module, const char *params_json);
void prober_free(struct prober *prober);

struct probed {
    struct promon_result result; /* finished */
    int64_t took_ms;
    char notes[2048]; /* a line for each */
};

/* Runs it once with so much time; the result stays until the next call. */
const struct probed *prober_run(struct prober *prober, int64_t timeout_ms);

/*
 * Runs it and expects this verdict and reason; shows the message when they are others. DOWN and
 * ERROR must say why, on one line.
 */
const struct probed *prober_expect(struct prober *prober, int64_t timeout_ms,
                                   enum promon_verdict verdict, enum promon_reason reason);

/* Opens, runs once, expects, and closes: one row of a table of outcomes. */
struct probed probe_once(const char *module, const char *params_json, int64_t timeout_ms,
                         enum promon_verdict verdict, enum promon_reason reason);

#endif
