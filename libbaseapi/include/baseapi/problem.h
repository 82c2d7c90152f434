/*
 * Error documents, all of one shape:
 *
 *     {"errors":[
 *         {"code":"invalid_query_parameter","detail":"…","source":{"parameter":"page[limit]"}},
 *         {"code":"data_schema_validation_error","detail":"…","source":{"pointer":"/data/name"}}]}
 *
 * Statuses without a code of their own have their reason phrase in lower case with underscores:
 * `method_not_allowed`.
 *
 * Thread:  whoever has the request; functions that answer from any thread.
 */
#ifndef BASEAPI_PROBLEM_H
#define BASEAPI_PROBLEM_H

#include <stddef.h>

#include <baseapi/export.h>
#include <baseapi/status.h>

BASEAPI_BEGIN_DECLS

struct baseapi_request;

#define BASEAPI_CODE_QUERY_PARAMETER "invalid_query_parameter" /* 422 */
#define BASEAPI_CODE_FILTER_OPERATOR "invalid_filter_operator" /* 422 */
#define BASEAPI_CODE_SCHEMA "data_schema_validation_error" /* 422 */
#define BASEAPI_CODE_FORMAT "invalid_format" /* 400 */
#define BASEAPI_CODE_NOT_FOUND "entity_not_found" /* 404 */
#define BASEAPI_CODE_INTERNAL "internal_error" /* 500 */

/*
 * One error, borrowed for the call. Every member but `code` may be NULL and is then left out; of
 * parameter and pointer one is set at most.
 */
struct baseapi_problem {
    const char *code;
    const char *detail;
    const char *parameter; /* the query parameter at fault, as in "page[limit]" */
    const char *pointer; /* the place in the body, RFC 6901, as in "/data/name" */
};

/*
 * The code that goes with a status: 404 gives "entity_not_found", 500 "internal_error"; a status
 * without a name "client_error" or, outside 400 to 499, "internal_error". A constant, never NULL.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API const char *baseapi_status_code_name(unsigned http_status);

/*
 * Answers with one or with several errors. NULL as `code` or `detail` stands for what goes with the
 * status. A 503 carries "Retry-After: 1" unless a middleware sets another.
 *
 * Errors:  as baseapi_request_respond.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_respond_problem(struct baseapi_request *request,
                                                        unsigned status, const char *code,
                                                        const char *detail);
BASEAPI_API enum baseapi_status baseapi_respond_problems(struct baseapi_request *request,
                                                         unsigned status,
                                                         const struct baseapi_problem *problems,
                                                         size_t count);

/*
 * Answers with what went wrong inside: 400 `invalid_format` for BASEAPI_EFORMAT, else
 * error->http_status and its code, with the message as detail; without an http_status 500
 * `internal_error`, whose cause goes to the error log and only in debug mode to the client. NULL is
 * a 500 without a cause.
 *
 * Errors:  as baseapi_request_respond.
 * Since:   0.1
 */
BASEAPI_API enum baseapi_status baseapi_respond_error(struct baseapi_request *request,
                                                      const struct baseapi_error *error);

/*
 * Collects errors in the request, copied, to be answered together. Adding fails only for want of
 * memory, and then baseapi_respond_added_problems answers 500.
 *
 * Errors:  as baseapi_request_respond.
 * Since:   0.1
 */
BASEAPI_API void baseapi_request_add_problem(struct baseapi_request *request,
                                             const struct baseapi_problem *problem);
BASEAPI_API size_t baseapi_request_problem_count(const struct baseapi_request *request);
BASEAPI_API enum baseapi_status baseapi_respond_added_problems(struct baseapi_request *request,
                                                               unsigned status);

BASEAPI_END_DECLS

#endif
