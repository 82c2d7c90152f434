/*
 * Probes: availability checks that run at a fixed rate beside the application.
 *
 * A probe is a module with parameters ("redis", promon/module.h) or a C function of the
 * application. It runs on a worker thread of the monitor under a deadline; its last result, its
 * history and its state are kept, told as metrics, and answer health requests without any waiting.
 *
 * Metrics, with the label probe unless said otherwise:
 *     NAME                                        gauge: 1 up, 0 down, -1 the probe itself failed
 *     promon_probe_success                        gauge: 1 up, else 0
 *     promon_probe_value{probe,key}               gauges that a check gave
 *     promon_probe_runs_total, promon_probe_failures_total{probe,reason}
 *     promon_probe_duration_seconds{probe,phase}  histogram; phase "all" is the whole check
 *     promon_probe_last_run_timestamp_seconds, promon_probe_last_success_timestamp_seconds
 *     promon_probe_state                          state set: unknown, up, down
 *     promon_probe_interval_seconds, promon_probe_timeout_seconds
 *     promon_probe_tls_not_after_timestamp_seconds         of the server's own certificate
 *     promon_probe_tls_chain_not_after_timestamp_seconds   the earliest of those that it sent
 *     promon_probe_tls_verified                            gauge: 1 when its chain is trusted
 *     promon_probe_overrun_total                  checks that did not end at their deadline
 *     promon_scheduler_lag_seconds                histogram, no label: begun after it was due
 *     promon_scheduler_workers, promon_scheduler_workers_stuck   gauges, no label
 * Before the first result the gauges of values are NaN, so that nobody takes it for "down".
 */
#ifndef PROMON_PROBE_H
#define PROMON_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/result.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;

/*
 * Checks something once. Runs on a worker; two runs of one probe never overlap. It should return
 * before `deadline_ns` of the clock of promon_now_ns: a check that does not is recorded as
 * PROMON_REASON_OVERRUN, its late answer is dropped, and its worker is replaced. It may add
 * probes, remove others and ask how they are.
 */
typedef enum promon_verdict (*promon_check_fn)(void *data, int64_t deadline_ns,
                                               struct promon_result *result);

/* One parameter of a module as text, of any type: {"port", "6379"}, {"verify_ssl", "true"}. */
struct promon_param {
    const char *name; /* NULL ends a table */
    const char *value;
};

/* Zero of every member means its default. All but `data` is copied. */
struct promon_probe_options {
    size_t size; /* sizeof(struct promon_probe_options) */
    const char *name; /* of the probe and of its gauge; mandatory; a metric name */
    const char *description; /* default "" */
    /* Either a module with its parameters, in a table or as the text of a JSON object, */
    const char *module;
    const struct promon_param *params;
    const char *params_json;
    /* or a function. */
    promon_check_fn check;
    void *data; /* borrowed until the probe is removed and promon_probe_remove has returned */
    int64_t interval_ms; /* from one start to the next; default 60000, at least 10 */
    int64_t timeout_ms; /* of one check; default 10000 or interval_ms, which is also the most */
    int64_t retry_interval_ms; /* while its last check failed; default and at most interval_ms */
    unsigned fail_after; /* state: failures in a row until it is down; default 1 */
    unsigned ok_after; /* state: successes in a row until it is up; default 1 */
    /*
     * Names of health groups, NULL-terminated; "ready" answers at /readyz, "startup" at /startupz;
     * "live" is refused: a process does not get better by a restart when its database is down.
     */
    const char *const *groups;
    bool wait_first; /* promon_start waits for its first result */
};

#define PROMON_PROBE_OPTIONS_INIT PROMON_INIT_(promon_probe_options)

/*
 * Adds a probe; on a monitor that runs, it begins within 5 s, or its interval if that is shorter.
 *
 * Thread:  any thread.
 * Errors:  PROMON_EINVALID   an option is wrong; the message tells which.
 *          PROMON_ECONFIG    a parameter is wrong.
 *          PROMON_EEXISTS    a probe or a metric of this name is there.
 *          PROMON_ELIMIT     there are PROMON_MAX_PROBES.
 *          PROMON_EMODULE, PROMON_ESECRET, PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_probe_add(struct promon *promon,
                                               const struct promon_probe_options *options,
                                               struct promon_error *error);

/*
 * Removes a probe with its metrics and its history, and returns when its check does not run any
 * more: that of a function however long it overruns, since its data is the caller's; that of a
 * module, which keeps what it needs, at most until it overruns.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOTFOUND
 *          PROMON_ESTATE     called from inside of that check, or of one that it waits for.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_probe_remove(struct promon *promon, const char *name,
                                                  struct promon_error *error);

/* How a probe is. */
enum promon_state {
    PROMON_STATE_UNKNOWN = 0, /* no result yet, or the probe itself fails */
    PROMON_STATE_UP = 1, /* after ok_after successes in a row */
    PROMON_STATE_DOWN = 2 /* after fail_after failures in a row */
};

/* Set `size`; later versions append. */
struct promon_probe_status {
    size_t size; /* sizeof(struct promon_probe_status) */
    enum promon_state state;
    enum promon_verdict verdict; /* of the last check; 0 before the first */
    enum promon_reason reason; /* of the last check; PROMON_REASON_NONE when it was up */
    int64_t last_run_ms; /* since 1970, of the end of the last check; 0 before */
    int64_t last_success_ms; /* since 1970; 0 for never */
    int64_t state_since_ms; /* since 1970 */
    int64_t duration_ns; /* of the last check */
    uint64_t runs;
    uint64_t failures; /* DOWN and ERROR */
    uint64_t overruns;
    int64_t tls_not_after_s; /* since 1970; 0 when there is none */
    char message[256]; /* of the last failure; "" when it was up */
};

#define PROMON_PROBE_STATUS_INIT PROMON_INIT_(promon_probe_status)

/*
 * Copies how a probe is.
 *
 * Thread:  any thread; does not wait for a check.
 * Errors:  PROMON_ENOTFOUND
 * Since:   0.1
 */
PROMON_API enum promon_status promon_probe_status(struct promon *promon, const char *name,
                                                  struct promon_probe_status *out,
                                                  struct promon_error *error);

/*
 * Runs a probe now, started or not, on a thread of its own, and waits for its result at most its
 * timeout and a second. When its check runs already, that is the one waited for. The result counts
 * like any other. `out` may be NULL.
 *
 * Thread:  any thread, but not a check.
 * Errors:  PROMON_ENOTFOUND   no such probe, or it was removed meanwhile.
 *          PROMON_ETIMEDOUT   it overran, which is its result too.
 *          PROMON_ESTATE      called from inside of a check.
 *          PROMON_ERESOURCES  no thread, or max_stuck_workers are left behind already.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_probe_run(struct promon *promon, const char *name,
                                               struct promon_probe_status *out,
                                               struct promon_error *error);

/*
 * The same, and `note` is told what the check notes (promon_result_note), on the calling
 * thread, as they come. NULL: as promon_probe_run.
 *
 * Since: 0.1
 */
typedef void (*promon_note_fn)(void *data, const char *line);
PROMON_API enum promon_status promon_probe_trace(struct promon *promon, const char *name,
                                                 promon_note_fn note, void *data,
                                                 struct promon_probe_status *out,
                                                 struct promon_error *error);

/* Names such as "up", "unknown"; "?" for a number that is none. Since: 0.1 */
PROMON_API const char *promon_state_name(enum promon_state state);

PROMON_END_DECLS

#endif
