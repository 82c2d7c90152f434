/*
 * Status codes and the error structure of libbaseapi.
 *
 * Every function that can fail returns an `enum baseapi_status` and fills the caller's
 * `struct baseapi_error`, if one is given. What a client is told is another matter: see
 * <baseapi/problem.h>.
 */
#ifndef BASEAPI_STATUS_H
#define BASEAPI_STATUS_H

#include <stdint.h>

#include <baseapi/export.h>

BASEAPI_BEGIN_DECLS

/* Numbers are part of the ABI: never reused, new ones appended. */
enum baseapi_status {
    BASEAPI_OK = 0,
    BASEAPI_ENOMEM = 3001, /* memory ran out; nothing was done */
    BASEAPI_EINVALID = 3002, /* an argument or a declaration is wrong: a fault of the program */
    BASEAPI_ESTATE = 3003, /* not now: the app already runs, or does not run */
    BASEAPI_EANSWERED = 3004, /* the request has its answer already; the first one stands */
    /* The client is gone or the deadline has answered; this answer was dropped. */
    BASEAPI_ECANCELLED = 3005,
    BASEAPI_ELIMIT = 3006, /* a named limit was reached */
    BASEAPI_ELISTEN = 3007, /* the address cannot be listened on, see system_errno */
    BASEAPI_ESERVER = 3008, /* libmicrohttpd refused to start or to take an answer */
    BASEAPI_ERESOURCES = 3009, /* no thread or descriptor to be had, see system_errno */
    BASEAPI_EDATABASE = 3010, /* the database client of a worker could not be opened */
    BASEAPI_ETIMEDOUT = 3011, /* the drain deadline passed: what still ran was cut off */
    BASEAPI_EFORMAT = 3012, /* the body is not JSON */
    BASEAPI_ENOTFOUND = 3013 /* no such thing */
};

/*
 * What failed and why. Owned by the caller, who sets it to zero or uses BASEAPI_ERROR_INIT; a
 * function that succeeds does not touch it. The first error stays: a filled structure is not
 * overwritten.
 */
struct baseapi_error {
    enum baseapi_status status;
    int system_errno; /* errno where the operating system refused, else 0 */
    int http_status; /* the status a client should see for this, 0 for 500 */
    int native_code; /* status of libminiorm where it failed, else 0 */
    char message[256]; /* one line without newline; never holds a password */
    uint64_t reserved[4];
};

#ifdef __cplusplus
#define BASEAPI_ERROR_INIT \
    {                      \
    }
#else
#define BASEAPI_ERROR_INIT   \
    {                        \
        .status = BASEAPI_OK \
    }
#endif

/*
 * The name of a status, such as "BASEAPI_ELIMIT"; "BASEAPI_E?" for a number that is none. A
 * constant string, never NULL.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API const char *baseapi_status_name(enum baseapi_status status);

BASEAPI_END_DECLS

#endif
