/*
 * The monitor: metrics, probes, a listener and pushes of one program, and their life.
 *
 *     struct promon_options options = PROMON_OPTIONS_INIT;
 *     options.config_file = "promon.json";
 *     if (promon_new(&options, &promon, &error) != PROMON_OK || promon_start(promon, &error) != …)
 *     …
 *     promon_free(promon);
 *
 * Order: new; families, collectors and probes at any time; start, stop, start again; free. Metrics
 * count from the beginning; probes, listener and pushes run between start and stop. Everything a
 * configuration can say can be said by C tables as well (promon/config.h).
 *
 * Nothing here is global: a program may have several monitors.
 */
#ifndef PROMON_MONITOR_H
#define PROMON_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;

enum promon_log_level {
    PROMON_LOG_ERROR = 1, /* somebody has to look: a check that overruns, a reload that failed */
    PROMON_LOG_WARNING = 2, /* a probe went down, a push failed */
    PROMON_LOG_INFO = 3, /* started, a probe came up, reloaded */
    PROMON_LOG_DEBUG = 4
};

/*
 * Called from any thread. It may count, but not start, stop, load or free the monitor, nor add or
 * remove probes: that may be what tells. `message` is one line without newline and without a
 * secret, borrowed for the call.
 */
typedef void (*promon_log_fn)(void *data, enum promon_log_level level, const char *message);

/*
 * Paths that are answered (promon/page.h). NULL means the default, "" that there is none; all
 * begin with '/'.
 */
struct promon_routes {
    const char *ping; /* default "/ping" */
    const char *metrics; /* default "/metrics" */
    const char *live; /* default "/livez" */
    const char *ready; /* default "/readyz" */
    const char *startup; /* default "/startupz" */
    const char *status; /* the page; default "/status", its JSON at "/status.json", badges at
                         * "/status/PROBE/state.svg", "…/uptime.svg", "…/latency.svg" */
};

/* The listener of the library's own; without it the application serves the pages itself. */
struct promon_listen_options {
    size_t size; /* sizeof(struct promon_listen_options) */
    const char *address; /* numeric IPv4 or IPv6; default "127.0.0.1" */
    int port; /* default 9464; PROMON_PORT_ANY: the kernel chooses, promon_port tells */
    unsigned threads; /* that answer; default 2, at most 64 */
    unsigned max_connections; /* default 64 */
    unsigned max_connections_per_ip; /* default 32 */
    unsigned idle_timeout_s; /* of a connection; default 15 */
};

#define PROMON_LISTEN_OPTIONS_INIT PROMON_INIT_(promon_listen_options)
#define PROMON_DEFAULT_PORT 9464
#define PROMON_PORT_ANY (-1)

/* Zero of every member means its default. All is copied, `…_data` is borrowed. */
struct promon_options {
    size_t size; /* sizeof(struct promon_options) */
    /* A configuration to begin with, promon/config.h; its words win over the members below. */
    const char *config_file;
    const char *config_json;
    struct promon_routes routes;
    const struct promon_listen_options *listen; /* default: no listener */
    const char *modules; /* folder of the modules; default: the one of the installation */
    unsigned workers; /* threads for checks at most; default 16, at most 1024 */
    unsigned max_stuck_workers; /* left behind by checks that overrun, at most; default 64 */
    bool no_process_metrics; /* without process_cpu_seconds_total and its kin */
    bool health_details; /* /readyz?verbose and its kin name probes and their state */
    bool no_status_page;
    const char *title; /* of the status page; default "Status" */
    bool created_samples; /* OpenMetrics 1.0: also x_created; doubles many series */
    /* Keeps the history of probes over restarts: written once a minute and when it stops. */
    const char *history_file;
    promon_log_fn log; /* default: no log */
    void *log_data;
    enum promon_log_level log_level; /* the least important that is told; default INFO */
};

#define PROMON_OPTIONS_INIT PROMON_INIT_(promon_options)

/*
 * Makes a monitor; nothing runs yet. `options` may be NULL. *out is untouched on failure; free it
 * with promon_free.
 *
 * Errors:  PROMON_EINVALID  an option is wrong; the message tells which.
 *          PROMON_ECONFIG, PROMON_ESECRET, PROMON_EMODULE, PROMON_ENOTFOUND  the configuration.
 *          PROMON_ENOMEM, PROMON_ERESOURCES
 * Since:   0.1
 */
PROMON_API enum promon_status promon_new(const struct promon_options *options, struct promon **out,
                                         struct promon_error *error);

/*
 * Stops and frees with everything that was added: families, cells, probes, collectors. Nobody may
 * use them any more. A check that is stuck keeps what it needs until it returns. NULL is allowed.
 *
 * Thread:  one, when no other uses the monitor.
 * Since:   0.1
 */
PROMON_API void promon_free(struct promon *promon);

/*
 * Starts probes, listener and periodic pushes, and waits for the first result of the probes that
 * ask for it (wait_first). Probes begin at phases of their own, not all at once.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ESTATE     it runs.
 *          PROMON_ELISTEN    the listener's address cannot be had; the message tells why.
 *          PROMON_ERESOURCES, PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_start(struct promon *promon, struct promon_error *error);

/*
 * Stops: no more checks, the last pushes, all of them at the same time, the listener after its
 * answers under way. Takes at most the longest timeout of a check or push, and a second. Metrics
 * keep counting.
 *
 * Thread:  any thread, but not a callback.
 * Errors:  PROMON_ESTATE  it does not run.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_stop(struct promon *promon, struct promon_error *error);

/* Whether it runs. Thread: any thread. Since: 0.1 */
PROMON_API bool promon_is_running(const struct promon *promon);

/* The port listened on; 0 without a listener or before the first start. Since: 0.1 */
PROMON_API unsigned promon_port(const struct promon *promon);

/* The folder of modules of the installation, the default of `modules`. Since: 0.1 */
PROMON_API const char *promon_modules_folder(void);

/*
 * To be called in the child after fork() of a program with a monitor: the monitor does not run
 * there, and counts from zero; cells stay valid and may be used. The listener's port and the groups
 * of pushers stay the parent's. The child may start it. Other threads of the program must not have
 * been inside of functions of the library that allocate, when fork was called; hot calls on cells
 * may.
 *
 * Thread:  the only one of the child.
 * Since:   0.1
 */
PROMON_API void promon_after_fork(struct promon *promon);

PROMON_END_DECLS

#endif
