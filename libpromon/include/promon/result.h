/*
 * What a check tells beside its verdict: why it failed, how long its parts took, figures, and the
 * certificate of the server. A result belongs to one run of one check and is used by its thread.
 *
 * Thread:  the one that runs the check.
 */
#ifndef PROMON_RESULT_H
#define PROMON_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>

PROMON_BEGIN_DECLS

struct promon_result;

enum promon_verdict {
    PROMON_UP = 1, /* it works: 1 */
    PROMON_DOWN = 2, /* it does not: 0; a refused connection as much as a wrong answer */
    PROMON_ERROR = 3 /* the probe itself failed and knows nothing of what it checks: -1 */
};

/* Why. The list is closed, so that it can be a label. */
enum promon_reason {
    PROMON_REASON_NONE = 0,
    PROMON_REASON_DNS = 1, /* the name cannot be resolved, or not in time */
    PROMON_REASON_REFUSED = 2, /* nobody listens, or there is no way there */
    PROMON_REASON_CONNECT_TIMEOUT = 3, /* no connection, TLS included, before the deadline */
    PROMON_REASON_TLS_VERIFY = 4, /* the certificate is not trusted, or of another name */
    PROMON_REASON_TLS_EXPIRED = 5, /* the certificate, or one of its chain, has expired */
    PROMON_REASON_AUTH = 6, /* user, password, database or virtual host refused */
    PROMON_REASON_PROTOCOL = 7, /* the answer is not of that protocol, or was broken off */
    PROMON_REASON_STATUS = 8, /* an orderly answer that says no: HTTP 500, exit code 2 */
    PROMON_REASON_BODY = 9, /* the content is not the one wanted */
    PROMON_REASON_TIMEOUT = 10, /* connected, but no answer before the deadline */
    PROMON_REASON_OVERRUN = 11, /* the check did not return at its deadline */
    PROMON_REASON_INTERNAL = 12 /* the probe itself: no memory, no descriptor, a wrong parameter */
};

/* Parts of a check. */
enum promon_phase {
    PROMON_PHASE_RESOLVE = 0,
    PROMON_PHASE_CONNECT = 1,
    PROMON_PHASE_TLS = 2,
    PROMON_PHASE_LOGIN = 3,
    PROMON_PHASE_QUERY = 4, /* from the question to the first byte of the answer */
    PROMON_PHASE_TRANSFER = 5
};

#define PROMON_PHASES 6

/* The most figures that one check can give; further ones are left out. */
#define PROMON_RESULT_MAX_VALUES 16

/*
 * Tells why it failed, in words on one line, without a secret, and returns the verdict that goes
 * with the reason: PROMON_ERROR with INTERNAL, PROMON_DOWN with any other. The first one stays.
 *
 *     return promon_result_fail(result, PROMON_REASON_STATUS, "depth is %d", depth);
 *
 * Since: 0.1
 */
PROMON_API enum promon_verdict promon_result_fail(struct promon_result *result,
                                                  enum promon_reason reason, const char *format,
                                                  ...) PROMON_PRINTF_(3, 4);

/* How long a part took; several of one part are added up. Since: 0.1 */
PROMON_API void promon_result_phase(struct promon_result *result, enum promon_phase phase,
                                    int64_t duration_ns);

/* A figure: promon_probe_value{probe,key}. `key` is copied, at most 63 bytes of it. Since: 0.1 */
PROMON_API void promon_result_value(struct promon_result *result, const char *key, double value);

/*
 * The server's certificate, whether it is trusted or not: when it ends, when the first of the chain
 * ends (both seconds since 1970), and whether it was verified.
 *
 * Since: 0.1
 */
PROMON_API void promon_result_certificate(struct promon_result *result, int64_t not_after_s,
                                          int64_t chain_not_after_s, bool is_verified);

/* A line for whoever looks at one run (`promon probe -v`); dropped otherwise. Since: 0.1 */
PROMON_API void promon_result_note(struct promon_result *result, const char *format, ...)
    PROMON_PRINTF_(2, 3);

/* Names such as "connect_timeout", "resolve"; "?" for a number that is none. Since: 0.1 */
PROMON_API const char *promon_reason_name(enum promon_reason reason);
PROMON_API const char *promon_phase_name(enum promon_phase phase);

PROMON_END_DECLS

#endif
