/*
 * Faults of providers as answers to the client.
 */
#ifndef BASEAPI_SRC_FAULT_H
#define BASEAPI_SRC_FAULT_H

#include "view.h"

/* Answers what went wrong while `kind` was done to the entity of `level`. */
void baseapi__respond_fault(struct baseapi_request *request, const struct level *level,
                            enum view_kind kind, const struct miniorm_error *error);

/* 404 in the words of a route that does not exist. */
void baseapi__respond_not_found(struct baseapi_request *request);

#endif
