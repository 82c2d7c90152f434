/*
 * Status codes and the error structure of libamqpext.
 *
 * Every function that can fail returns an `enum amqpext_status` and fills the caller's
 * `struct amqpext_error`, if one is given. What the broker answers is mapped to a status in one
 * place; its reply code stays in the error.
 */
#ifndef AMQPEXT_STATUS_H
#define AMQPEXT_STATUS_H

#include <stdint.h>

#include <amqpext/export.h>

AMQPEXT_BEGIN_DECLS

/* Numbers are part of the ABI: never reused, new ones appended. */
enum amqpext_status {
    AMQPEXT_OK = 0,
    AMQPEXT_ENOMEM = 1001, /* memory ran out; nothing was done */
    AMQPEXT_EINVALID = 1002, /* an argument or a declaration is wrong: a fault of the program */
    AMQPEXT_ESTATE = 1003, /* the object cannot do this now: not started, settled already */
    AMQPEXT_ECLOSED = 1004, /* the object is closing or closed */
    AMQPEXT_ELIMIT = 1005, /* a named limit was reached: the buffer of a producer is full */
    AMQPEXT_ETOOLARGE = 1006, /* a message, a name or a table is larger than may be sent */
    AMQPEXT_ETIMEDOUT = 1007, /* the deadline passed */
    AMQPEXT_ECANCELLED = 1008, /* given up by the caller, dropped, or closed with work left */
    AMQPEXT_EBLOCKED = 1009, /* the broker takes no messages: its memory or disk alarm is on */
    AMQPEXT_ESTALE = 1010, /* the delivery belongs to a connection that is gone; it comes again */
    AMQPEXT_ERESOLVE = 1011, /* the name of the host cannot be resolved */
    AMQPEXT_ECONNECTION = 1012, /* no connection, or it broke: connecting goes on */
    AMQPEXT_EPROTOCOL = 1013, /* the peer sent what AMQP 0-9-1 forbids, or is no AMQP server */
    AMQPEXT_ERESOURCES = 1014, /* no thread, descriptor or port to be had; see system_errno */
    /* Permanent until somebody changes something: repeating alone does not help. */
    AMQPEXT_EAUTH = 1015, /* user, password or mechanism refused (403 while logging in) */
    AMQPEXT_EVHOST = 1016, /* no such virtual host, or not for this user (530) */
    AMQPEXT_ETLS = 1017, /* the certificate of the peer, or our own, is not accepted */
    /* A permission is missing, or an exclusive consumer has the queue (403). */
    AMQPEXT_EACCESS = 1018,
    AMQPEXT_ENOTFOUND = 1019, /* no such queue or exchange (404) */
    AMQPEXT_ELOCKED = 1020, /* an exclusive queue of somebody else (405) */
    AMQPEXT_EPRECONDITION = 1021, /* exists with other properties, or was refused (406) */
    AMQPEXT_EBROKER = 1022, /* any other reply of the broker; see reply_code */
    /* Outcomes of single messages. */
    AMQPEXT_ERETURNED = 1023, /* no queue takes a mandatory message (312, 313) */
    AMQPEXT_EREFUSED = 1024, /* the broker did not take the message (basic.nack) */
    AMQPEXT_EENCODE = 1025, /* the payload cannot be written by the serializer */
    AMQPEXT_EDECODE = 1026, /* the body is not what its serializer reads */
    AMQPEXT_EREMOTE = 1027 /* the other side of a remote call answered with an error */
};

/*
 * What failed and why. Owned by the caller, who sets it to zero or uses AMQPEXT_ERROR_INIT; a
 * function that succeeds does not touch it. The first error stays: a filled structure is not
 * overwritten.
 */
struct amqpext_error {
    enum amqpext_status status;
    int system_errno; /* errno where the operating system refused, else 0 */
    int reply_code; /* of the broker (404, 406, …), else 0 */
    int reserved_code;
    char message[256]; /* one line without newline; never holds a password */
    uint64_t reserved[4];
};

#ifdef __cplusplus
#define AMQPEXT_ERROR_INIT \
    {                      \
    }
#else
#define AMQPEXT_ERROR_INIT   \
    {                        \
        .status = AMQPEXT_OK \
    }
#endif

/*
 * The name of a status, such as "AMQPEXT_EBLOCKED"; "AMQPEXT_E?" for a number that is none. A
 * constant string, never NULL.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API const char *amqpext_status_name(enum amqpext_status status);

/*
 * Whether the same may succeed later without anybody changing anything: ELIMIT, ETIMEDOUT,
 * EBLOCKED, ERESOLVE, ECONNECTION, ERESOURCES, ENOMEM.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API int amqpext_status_is_temporary(enum amqpext_status status);

/*
 * Fills an error and returns `status`: for handlers and serializers, so that they fail as the
 * library does. `error` may be NULL; one that is filled already stays. Line breaks become spaces,
 * and what is too long is cut.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_error_set(struct amqpext_error *error,
                                                  enum amqpext_status status, const char *format,
                                                  ...) AMQPEXT_PRINTF_(3, 4);

AMQPEXT_END_DECLS

#endif
