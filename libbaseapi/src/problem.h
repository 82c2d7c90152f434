/*
 * Error documents inside the library.
 */
#ifndef BASEAPI_SRC_PROBLEM_H
#define BASEAPI_SRC_PROBLEM_H

#include <baseapi/problem.h>

#include "text.h"

/*
 * An answer that needs no memory: for when there is none, or when the request is not the library's
 * to write into.
 */
struct canned {
    unsigned status;
    const char *reason;
    const char *body;
};

extern const struct canned baseapi__canned_no_memory; /* 500 */
extern const struct canned baseapi__canned_late; /* 504 */
extern const struct canned baseapi__canned_timeout; /* 408 */
extern const struct canned baseapi__canned_too_large; /* 413 */

/* Appends the document of `count` errors. */
void baseapi__problem_document(struct text *text, const struct baseapi_problem *problems,
                               size_t count);

/* The text that goes with a status when nothing better is known: "404: Not Found". */
const char *baseapi__status_detail(unsigned http_status);

#endif
