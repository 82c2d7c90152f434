/*
 * Modules: shared objects that bring a kind of probe. They are found by name in one folder
 * (promon_options.modules): "redis" is FOLDER/probe_redis.so, which exports one symbol,
 *
 *     const struct promon_module promon_module_v1 = {
 *         .abi = PROMON_MODULE_ABI, .size = sizeof(promon_module_v1), .name = "redis", …};
 *
 * A module is not linked with libpromon: what it needs of it is in the table of functions that
 * `open` receives. So it fits a program that links the library statically as well, and it is built
 * with nothing but this header:
 *
 *     cc -shared -fPIC -o probe_mine.so probe_mine.c
 *
 * The library never unloads a module. A module must not exit, print, install signal handlers or
 * change the locale, and sends what it writes to sockets with MSG_NOSIGNAL.
 */
#ifndef PROMON_MODULE_H
#define PROMON_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/result.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct addrinfo;

#define PROMON_MODULE_ABI 1

enum promon_param_type {
    PROMON_PARAM_STRING = 1,
    PROMON_PARAM_INTEGER = 2, /* within minimum and maximum; also as text, "6379" */
    PROMON_PARAM_NUMBER = 3, /* the same, with a fraction */
    PROMON_PARAM_BOOLEAN = 4,
    PROMON_PARAM_STRINGS = 5, /* a list; in a table of C: separated by commas */
    PROMON_PARAM_INTEGERS = 6, /* the same */
    PROMON_PARAM_MAP = 7 /* an object of strings; in a table of C: the text of a JSON object */
};

enum promon_param_flags {
    PROMON_PARAM_REQUIRED = 1,
    /* Never shown; may also be {"env": "NAME"} or {"file": "PATH"}, as any string may. */
    PROMON_PARAM_SECRET = 2
};

/* One parameter that a module takes. */
struct promon_param_rule {
    const char *name; /* NULL ends the table */
    enum promon_param_type type;
    unsigned flags; /* of enum promon_param_flags */
    double minimum; /* of numbers; both zero: no limits */
    double maximum;
    const char *help; /* one line, for `promon modules NAME` */
    const char *otherwise; /* the default as text, for the reader only; NULL: none */
};

/* The parameters of one probe, checked against the rules. */
struct promon_params;

/* A connected TCP or Unix socket, or the reason why there is none. */
struct promon_target {
    size_t size; /* sizeof(struct promon_target) */
    const char *host; /* name or address; a path with '/' at its start is a Unix socket */
    unsigned port;
    int family; /* AF_INET, AF_INET6, or AF_UNSPEC for both */
};

/*
 * What the library does for a module. Functions are only appended; `size` tells how many there
 * are. Those that take a deadline return at it at the latest, by the clock of promon_now_ns, and
 * record what failed and how long it took in `result`.
 */
struct promon_host {
    size_t size;

    /* Parameters; those that are not given return `otherwise`. Valid until `close` returns. */
    const char *(*param_string)(const struct promon_params *params, const char *name,
                                const char *otherwise);
    int64_t (*param_integer)(const struct promon_params *params, const char *name,
                             int64_t otherwise);
    double (*param_number)(const struct promon_params *params, const char *name, double otherwise);
    bool (*param_boolean)(const struct promon_params *params, const char *name, bool otherwise);
    /* The item at `index` of a list, NULL behind the last one. */
    const char *(*param_item)(const struct promon_params *params, const char *name, size_t index);
    /* The same of a map, with its key. */
    const char *(*param_entry)(const struct promon_params *params, const char *name, size_t index,
                               const char **key);

    /* Results, as in promon/result.h. */
    enum promon_verdict (*fail)(struct promon_result *result, enum promon_reason reason,
                                const char *format, ...) PROMON_PRINTF_(3, 4);
    void (*phase)(struct promon_result *result, enum promon_phase phase, int64_t duration_ns);
    void (*value)(struct promon_result *result, const char *key, double value);
    void (*certificate)(struct promon_result *result, int64_t not_after_s,
                        int64_t chain_not_after_s, bool is_verified);
    void (*note)(struct promon_result *result, const char *format, ...) PROMON_PRINTF_(2, 3);
    enum promon_status (*error_set)(struct promon_error *error, enum promon_status status,
                                    const char *format, ...) PROMON_PRINTF_(3, 4);

    int64_t (*now_ns)(void);

    /*
     * Resolves a name. getaddrinfo knows no deadline: it runs on a thread that is left behind when
     * it does not answer, of which there is a limited number. *out is freed by `addresses_free`;
     * NULL on failure, with the verdict.
     */
    enum promon_verdict (*resolve)(const struct promon_target *target, int64_t deadline_ns,
                                   struct promon_result *result, struct addrinfo **out);
    void (*addresses_free)(struct addrinfo *addresses);

    /*
     * Resolves and connects, each address in turn while there is time. *fd is non-blocking,
     * close-on-exec and the caller's; -1 on failure, with the verdict.
     */
    enum promon_verdict (*connect)(const struct promon_target *target, int64_t deadline_ns,
                                   struct promon_result *result, int *fd);

    /* Waits for POLLIN or POLLOUT on fd; 0 at the deadline, else the events that came. */
    int (*wait)(int fd, int events, int64_t deadline_ns);
};

/*
 * The table of a module. Functions are called by any thread; for one context never by two at a
 * time.
 */
struct promon_module {
    uint32_t abi; /* PROMON_MODULE_ABI */
    uint32_t size; /* sizeof(struct promon_module) */
    const char *name; /* "redis", as in the file's name */
    const char *description; /* one line */
    const struct promon_param_rule *params;
    /*
     * Makes the context of one probe; touches no network. `host` and `params` stay valid until
     * `close`. On failure *context is left alone.
     */
    enum promon_status (*open)(const struct promon_host *host, const struct promon_params *params,
                               void **context, struct promon_error *error);
    enum promon_verdict (*check)(void *context, int64_t deadline_ns, struct promon_result *result);
    void (*close)(void *context);
};

/*
 * The symbol of a module: declared here so that it is exported with -fvisibility=hidden too, and by
 * C++. Only modules define it.
 */
extern PROMON_MODULE_SYMBOL_ const struct promon_module promon_module_v1;

PROMON_END_DECLS

#endif
