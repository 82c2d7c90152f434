/*
 * Status codes and the error structure of libpromon.
 *
 * Every function that can fail returns an `enum promon_status` and fills the caller's
 * `struct promon_error`, if one is given. Hot calls on cells return nothing: what they are used
 * wrongly for is counted in promon_misuse_total.
 */
#ifndef PROMON_STATUS_H
#define PROMON_STATUS_H

#include <stdint.h>

#include <promon/export.h>

PROMON_BEGIN_DECLS

/* Numbers are part of the ABI: never reused, new ones appended. */
enum promon_status {
    PROMON_OK = 0,
    PROMON_ENOMEM = 4001, /* memory ran out; nothing was done */
    PROMON_EINVALID = 4002, /* an argument is wrong: a fault of the program */
    PROMON_ESTATE = 4003, /* the object cannot do this now: it runs, or it does not */
    PROMON_EEXISTS = 4004, /* the name is taken by another metric or probe */
    PROMON_ENOTFOUND = 4005, /* no such family, series, probe, file or module */
    PROMON_ELIMIT = 4006, /* a named limit was reached */
    PROMON_ETIMEDOUT = 4007, /* the deadline passed */
    PROMON_ERESOURCES = 4008, /* no thread or descriptor to be had; see system_errno */
    PROMON_ECONFIG = 4009, /* the configuration is wrong; the message tells where and how */
    PROMON_ESECRET = 4010, /* the environment variable or file of a secret is not there */
    PROMON_EMODULE = 4011, /* a module cannot be loaded, or is of another ABI */
    PROMON_ELISTEN = 4012, /* address and port cannot be listened on */
    PROMON_ECONNECTION = 4013, /* the Pushgateway cannot be reached, or broke off */
    PROMON_EREJECTED = 4014, /* the Pushgateway refused; see http_status and the message */
    PROMON_EPROTOCOL = 4015 /* the peer's answer cannot be understood */
};

/*
 * What failed and why. Owned by the caller, who sets it to zero or uses PROMON_ERROR_INIT; a
 * function that succeeds does not touch it. The first error stays: a filled structure is not
 * overwritten.
 */
struct promon_error {
    enum promon_status status;
    int system_errno; /* errno where the operating system refused, else 0 */
    int http_status; /* of the Pushgateway's answer, else 0 */
    int reserved_code;
    char message[256]; /* one line without newline; never holds a secret */
    uint64_t reserved[4];
};

#ifdef __cplusplus
#define PROMON_ERROR_INIT \
    {                     \
    }
#else
#define PROMON_ERROR_INIT   \
    {                       \
        .status = PROMON_OK \
    }
#endif

/*
 * The name of a status, such as "PROMON_ECONFIG"; "PROMON_E?" for a number that is none. A constant
 * string, never NULL.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API const char *promon_status_name(enum promon_status status);

/*
 * Fills an error and returns `status`: for modules and callbacks, so that they fail as the library
 * does. `error` may be NULL; one that is filled already stays. Line breaks become spaces, and what
 * is too long is cut.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_error_set(struct promon_error *error,
                                               enum promon_status status, const char *format, ...)
    PROMON_PRINTF_(3, 4);

PROMON_END_DECLS

#endif
