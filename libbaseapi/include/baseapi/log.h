/*
 * The access log and the error log, both callbacks: the library writes nowhere by itself.
 *
 * Callbacks come on the worker's thread that served the request (error log: any thread of the app,
 * and those that start and stop it) and should not block; several come at once when the app has
 * several workers.
 */
#ifndef BASEAPI_LOG_H
#define BASEAPI_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <baseapi/export.h>

BASEAPI_BEGIN_DECLS

enum baseapi_log_level {
    BASEAPI_LOG_ERROR = 1, /* somebody has to look: an answer was 500, a handler never answered */
    BASEAPI_LOG_WARNING = 2, /* a limit or a deadline acted */
    BASEAPI_LOG_INFO = 3 /* started, stopped */
};

/*
 * One request that has ended. Strings are borrowed for the call. `size` is that of the library's
 * structure: a member beyond it is not there.
 */
struct baseapi_access {
    size_t size;
    const char *request_id;
    const char *method; /* as sent; "" when the request was refused before its method was known */
    /*
     * Raw, query string included: it may hold what a client should not have put there; "" when it
     * was longer than max_target_bytes.
     */
    const char *target;
    const char *route; /* pattern of the route, or NULL when none matched */
    const char *peer; /* address of the client without port, or "" */
    unsigned status; /* as sent, or 499 when the client had gone before the answer */
    uint64_t body_bytes; /* of the answer, without its head */
    uint64_t duration_us; /* from the complete request line to the last byte handed to the kernel */
    int64_t started_at_us; /* microseconds since 1970-01-01 UTC */
};

/* `message` is one line without newline, borrowed for the call. */
typedef void (*baseapi_access_log_fn)(const struct baseapi_access *access, void *data);
typedef void (*baseapi_error_log_fn)(enum baseapi_log_level level, const char *message, void *data);

/* Room for the line of any request that is answered by a handler, with the default limits. */
#define BASEAPI_ACCESS_LINE_SIZE 17408

/*
 * Writes `access` as one JSON object on one line, without newline, into `line` of `size` bytes;
 * what does not fit is left out at the end of the target (and of a method or route of unusual
 * length), so that the line stays valid JSON. Returns the length without the terminator, 0 when
 * `size` is below 512 and so too small to be of use.
 *
 *     {"time":"2026-01-31T12:00:00.123456Z","id":"…","peer":"127.0.0.1","method":"GET",
 *      "target":"/books/1","route":"/books/{id:\\d+}","status":200,"bytes":81,"duration_us":412}
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API size_t baseapi_access_log_format(const struct baseapi_access *access, char *line,
                                             size_t size);

BASEAPI_END_DECLS

#endif
