/*
 * Answers inside the library: what the server reads when it sends one.
 */
#ifndef BASEAPI_SRC_RESPONSE_H
#define BASEAPI_SRC_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include <baseapi/response.h>

/*
 * Fields of one answer, and bytes of them: what the server has room for behind the largest head
 * that the default limits let in.
 */
#define RESPONSE_MAX_FIELDS 64
#define RESPONSE_MAX_FIELD_BYTES 7168

struct response_field {
    const char *name;
    const char *value;
    struct response_field *next;
};

struct baseapi_response {
    struct baseapi_request *request;
    unsigned status;
    struct response_field *first, *last;
    size_t field_count;
    size_t field_bytes;
    void *body;
    size_t body_size;
    void (*free_body)(void *body); /* NULL: lives as long as the request, or for ever */
    struct baseapi_response *next; /* of the request */
};

/* Gives up the body. */
void baseapi__response_drop_body(struct baseapi_response *response);

bool baseapi__response_has_body(unsigned status);

#endif
