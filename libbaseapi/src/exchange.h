/*
 * Exchanges: a request, its answer, and the connection they travel on, as the worker sees them.
 *
 * A request is held by two: the HTTP side, from the request line until the last byte of the answer,
 * and its owner, from the first middleware until the owner answers. Whoever lets go last frees it.
 * Either may be first: the client may go away before the handler answers.
 */
#ifndef BASEAPI_SRC_EXCHANGE_H
#define BASEAPI_SRC_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include "deadlines.h"
#include "guard.h"
#include "request.h"
#include "router.h"

/* Hexadecimal digits of an own request id. */
#define REQUEST_ID_SIZE 16
/* Bytes taken are asked of the kernel only when an answer takes long. */
#define PROGRESS_UNKNOWN UINT64_MAX
/* Longest X-Request-Id that is accepted. */
#define REQUEST_ID_MAX_SIZE 64

struct baseapi_worker;
struct baseapi_response;
struct canned;

enum stage {
    STAGE_LINE = 0, /* the request line is known */
    STAGE_BODY, /* the head was accepted, the body is being read */
    STAGE_RUNNING, /* inside the server's call for the complete request */
    STAGE_WAITING, /* suspended until there is an answer */
    STAGE_RESUMED, /* to be looked at by the server's next run */
    STAGE_REPLYING /* the answer is with the server */
};

/* What the server has to do next. */
enum verdict {
    VERDICT_READ, /* go on reading */
    VERDICT_REPLY, /* send the answer */
    VERDICT_WAIT, /* suspend the connection */
    VERDICT_CLOSE /* drop the connection */
};

struct path_parameter {
    const char *name;
    const char *text; /* decoded */
};

struct data_slot {
    const void *key;
    void *value;
    struct data_slot *next;
};

struct problem_node {
    struct baseapi_problem problem;
    struct problem_node *next;
};

struct connection {
    struct baseapi_worker *worker;
    void *handle; /* the server's */
    int fd;
    bool is_dead; /* the server is to drop it at its next call */
    struct baseapi_request *request;
    struct deadline deadline; /* of the present phase */
    struct deadline watch; /* until a hang-up is acted upon */
    uint64_t phase_start_ms; /* when the body began */
    uint64_t progress; /* bytes at the last look */
    struct sockaddr_storage address;
    char peer[INET6_ADDRSTRLEN];
    struct connection *previous, *next; /* of the worker */
};

struct baseapi_request {
    struct baseapi_worker *worker;
    struct connection *connection; /* NULL when the HTTP side has ended; the worker's thread only */
    struct baseapi_request *previous, *next; /* of the worker */
    unsigned holders;
    enum stage stage;

    const char *method;
    const char *raw_target; /* NULL when it was too long */
    struct target target;
    const char *path; /* NUL-terminated */
    struct header_field *fields;
    size_t field_count, field_capacity;
    size_t field_bytes; /* of names and values, and four more for each field */
    bool is_head_too_large;
    const struct route *route;
    bool path_exists;
    bool has_no_memory; /* for its head or its body */
    bool close_after; /* the connection cannot go on after this answer */
    struct path_parameter *parameters;

    struct text body;
    size_t body_limit;
    size_t body_dropped;
    json_t *json;

    char id[REQUEST_ID_MAX_SIZE + 1];
    char peer[INET6_ADDRSTRLEN];
    uint64_t started_us;

    /* The way through middlewares and handler. */
    size_t step; /* of the chain: how many were entered */
    bool is_in_before; /* a middleware's `before` runs */
    bool is_paused; /* one returned BASEAPI_PENDING */
    bool is_resumed; /* baseapi_request_resume came meanwhile */

    atomic_bool is_answered; /* by the owner, or by the worker in its place */
    atomic_bool is_cancelled; /* nobody waits for the owner's answer */
    bool owner_is_done;
    bool owner_won; /* its answer is the one */
    bool is_ready; /* there is something to send */
    bool is_on_pool;
    struct baseapi_response *response;
    const struct canned *substitute; /* sent in place of an answer of the owner */
    unsigned sent_status;
    uint64_t sent_bytes;
    bool client_left;

    baseapi_cancelled_fn cancelled;
    void *cancelled_data;
    struct data_slot *slots;
    struct baseapi_response *responses; /* all that were made, for what they own */
    struct problem_node *problems, *last_problem;
    size_t problem_count;
    bool problems_failed;

    struct baseapi_request *next_mail; /* in the worker's inbox or the pool's queue */
    enum mail { MAIL_NONE = 0, MAIL_ANSWERED, MAIL_RESUMED } mail;

    struct arena arena; /* the one part that outlives the request, with a block for the next */
};

/* For the server, in this order for each connection and request. */
void baseapi__connection_open(struct connection *connection);
void baseapi__connection_close(struct connection *connection);
void baseapi__exchange_begin(struct connection *connection, const char *raw_target);
void baseapi__exchange_expect_fields(struct baseapi_request *request, size_t count);
void baseapi__exchange_add_field(struct baseapi_request *request, const struct header_field *field);
enum verdict baseapi__exchange_head(struct baseapi_request *request, const char *method,
                                    const char *version);
enum verdict baseapi__exchange_body(struct baseapi_request *request, const char *data, size_t size);
enum verdict baseapi__exchange_ready(struct baseapi_request *request);
void baseapi__exchange_sending(struct baseapi_request *request, unsigned status,
                               uint64_t body_bytes);

/*
 * The HTTP side has ended; `server_status` is that of an answer the server made by itself, else 0.
 */
void baseapi__exchange_end(struct connection *connection, unsigned server_status);

/* The owner has answered, or its late answer was dropped; on the worker's thread. */
void baseapi__exchange_answered(struct baseapi_request *request);

/*
 * Answers in the owner's place with `canned`, or, when that is NULL, drops the connection: the
 * client has gone.
 */
void baseapi__exchange_give_up(struct baseapi_request *request, const struct canned *canned);

/*
 * At the end of a worker: lets go of a waiting request whatever its state, its connection being
 * dead.
 */
void baseapi__exchange_drop(struct baseapi_request *request);

void baseapi__request_release(struct baseapi_request *request);

/* Runs the chain of middlewares and the handler from where it stands. */
void baseapi__dispatch(struct baseapi_request *request);
void baseapi__dispatch_after(struct baseapi_request *request, struct baseapi_response *response);

#endif
