/*
 * Requests and clients: what request.c, client.c and async_transaction.c know of one another. What
 * drivers need is in client_driver.h.
 */
#ifndef MINIORM_SRC_REQUEST_H
#define MINIORM_SRC_REQUEST_H

#include "client_driver.h"

/* Makes a request of zeros a request of `client`. */
void miniorm__request_init(struct miniorm_request *request, struct miniorm_client *client,
                           miniorm_done_fn done, void *data);

/* A request for a query, which it takes over, also on failure. */
enum miniorm_status miniorm__request_new(struct miniorm_client *client, struct miniorm_query *query,
                                         miniorm_done_fn done, void *data,
                                         struct miniorm_request **out, struct miniorm_error *error);

/* A request that was never started, or is over in every respect. */
void miniorm__request_free(struct miniorm_request *request);

/*
 * Hands a request to the driver, with a deadline (0: the database's). On failure it is untouched.
 */
enum miniorm_status miniorm__request_start(struct miniorm_request *request, unsigned timeout_ms,
                                           struct miniorm_error *error);

/*
 * Hands a request to the driver that must not fail: without a deadline if need be, and with an
 * outcome at once when the client is closing.
 */
void miniorm__request_start_surely(struct miniorm_request *request);

/* Nobody waits any more: the outcome is queued, and the driver told. */
void miniorm__request_give_up(struct miniorm_request *request, enum miniorm_status status);

/* Calls the completion of a request that was taken from the queue of outcomes. */
void miniorm__request_tell(struct miniorm_request *request);

/* Whether one more operation may be submitted: MINIORM_ESTATE, MINIORM_ELIMIT. */
enum miniorm_status miniorm__client_admit(const struct miniorm_client *client,
                                          struct miniorm_error *error);

/* Submits a query, in a transaction unless that is NULL; as miniorm_client_submit_take. */
enum miniorm_status miniorm__submit(struct miniorm_client *client,
                                    struct miniorm_async_transaction *transaction,
                                    struct miniorm_query *query,
                                    const struct miniorm_submit_options *options,
                                    miniorm_done_fn done, void *data, struct miniorm_request **out,
                                    struct miniorm_error *error);

/* The options of a submit as a timeout. */
enum miniorm_status miniorm__submit_timeout(const struct miniorm_submit_options *options,
                                            unsigned *timeout_ms, struct miniorm_error *error);

/* Has the timer expire at `at_ms` or before. */
enum miniorm_status miniorm__client_arm(struct miniorm_client *client, uint64_t at_ms,
                                        struct miniorm_error *error);

/* Has the end of the turn told to the driver. */
enum miniorm_status miniorm__client_defer(struct miniorm_client *client,
                                          struct miniorm_error *error);

#endif
