/*
 * The pool of threads for handlers that block, with a bounded queue in front.
 */
#ifndef BASEAPI_SRC_BLOCKING_H
#define BASEAPI_SRC_BLOCKING_H

#include <stdbool.h>

#include <baseapi/status.h>

struct baseapi_request;
struct blocking;

/* Starts `threads` threads. Errors: BASEAPI_ENOMEM, BASEAPI_ERESOURCES. */
enum baseapi_status baseapi__blocking_start(unsigned threads, unsigned queue_limit,
                                            struct blocking **out, struct baseapi_error *error);

/*
 * Ends the threads once their handlers have returned; what waits in the queue is dropped. The
 * workers' threads must have ended before, their inboxes not. NULL is allowed.
 */
void baseapi__blocking_stop(struct blocking *blocking);

/* Queues a request whose handler is to run on a thread; false when the queue is full. */
bool baseapi__blocking_submit(struct blocking *blocking, struct baseapi_request *request);

#endif
