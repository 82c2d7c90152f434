/*
 * A request inside the library: what the parts that stand on the HTTP layer may use beyond the
 * public headers.
 *
 * Memory of a request comes from its arena. Answers that are written as text go through
 * baseapi__respond_text_take.
 */
#ifndef BASEAPI_SRC_REQUEST_H
#define BASEAPI_SRC_REQUEST_H

#include <stdarg.h>

#include <baseapi/problem.h>
#include <baseapi/request.h>
#include <baseapi/response.h>
#include <baseapi/status.h>

#include "arena.h"
#include "text.h"

/* The arena that lives as long as the request; a parser may fill it directly. */
struct arena *baseapi__request_arena(struct baseapi_request *request);

/* A formatted string in the request's arena, NULL when memory ran out. */
char *baseapi__request_format(struct baseapi_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

char *baseapi__request_vformat(struct baseapi_request *request, const char *format,
                               va_list arguments) __attribute__((format(printf, 2, 0)));

/* What baseapi_request_json does, of a text in place of the body: at the first call of either. */
enum baseapi_status baseapi__request_json_from(struct baseapi_request *request, const char *data,
                                               size_t size, json_t **out,
                                               struct baseapi_error *error);

/*
 * Answers with JSON that was written into `body`, whose bytes are handed over without a copy;
 * `body` is empty afterwards. A body that failed for want of memory answers 500. Gives the request
 * back.
 */
enum baseapi_status baseapi__respond_text_take(struct baseapi_request *request, unsigned status,
                                               struct text *body);

/* The same with an answer that has header fields already (Location). */
enum baseapi_status baseapi__response_text_take(struct baseapi_response *response,
                                                struct text *body);

/* Adds an error whose detail is formatted; parameter and pointer as in struct baseapi_problem. */
void baseapi__add_problem(struct baseapi_request *request, const char *code, const char *parameter,
                          const char *pointer, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Writes one line to the app's error log, the request's id in front. */
void baseapi__request_log(const struct baseapi_request *request, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
