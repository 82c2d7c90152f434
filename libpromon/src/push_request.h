/*
 * One request to a Pushgateway: PUT, POST or DELETE of a group.
 */
#ifndef PROMON_SRC_PUSH_REQUEST_H
#define PROMON_SRC_PUSH_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "push_target.h"

struct promon__push_request {
    const struct promon__push_target *target;
    const char *method;
    const char *content_type; /* NULL without a body */
    const char *content_encoding; /* "" for none */
    const char *body;
    size_t body_size;
    const atomic_bool *is_cancelled; /* looked at during the request; may be NULL */
};

/*
 * Returns at the target's timeout at the latest. *may_pass tells whether a later attempt may
 * succeed: no connection, no answer, 429, 5xx. Errors: PROMON_EREJECTED, PROMON_ECONNECTION,
 * PROMON_ETIMEDOUT, PROMON_EPROTOCOL, PROMON_EINVALID, PROMON_ENOMEM; PROMON_ESTATE: cancelled.
 */
enum promon_status promon__push_request(const struct promon__push_request *request, bool *may_pass,
                                        struct promon_error *error);

#endif
