/*
 * Files of requests: what is asked and what has to be answered, as plain text.
 *
 *     # filter of one value takes rows that equal it
 *     > GET /books?filter[name]=Birthday&fields=id
 *     < 200
 *     << {"data":[{"id":1}],"meta":{"count":1,"total_count":1,"offset":0}}
 *
 *     # name that is too long is refused
 *     > POST /authors
 *     > Content-Type: application/json
 *     >> {"data":{"surname":"x","name":"
 *     >* 101 é
 *     >> "}}
 *     < 422
 *     <! data_schema_validation_error /data/name …
 *
 *     # name        begins a scenario: its requests are sent in order, to rows as they were at first
 *     ? sqlite      or ? postgresql: only there
 *     > METHOD T    begins a request
 *     >+ N TEXT     adds TEXT to its target N times, %d in it being 1 to N
 *     > Name: value a header field of it
 *     >> TEXT       adds TEXT to its body
 *     >* N TEXT     adds TEXT to its body N times
 *     >x 7b 22      adds bytes to its body
 *     >= N          it is sent N times, each time with the same answer
 *     < STATUS      what the answer has to be
 *     < Name: value a header field it has to have, in which "…" stands for anything
 *     <- Name       a header field it may not have
 *     << TEXT       adds TEXT to the expected body; alone, the body has to be empty
 *     <! CODE SOURCE DETAIL   an error of the document; SOURCE is a JSON pointer that begins with
 *                   '/', a parameter otherwise, "-" for none, "*" for anything; so is CODE "*"
 *     ; text        a remark
 *
 * The body is compared by json_match; without << and <! it is not looked at.
 */
#ifndef SUPPORT_SCENARIO_H
#define SUPPORT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "http_client.h"

struct lines {
    char **items;
    size_t count;
};

struct exchange {
    unsigned line;
    unsigned times; /* how often it is sent */
    char *method;
    char *target;
    char *headers;
    char *body; /* NULL: none */
    size_t body_size;
    unsigned status;
    struct lines wanted; /* "Name: value" */
    struct lines unwanted; /* "Name" */
    char *expected; /* NULL: any body */
    struct exchange *next;
};

enum scenario_where { SCENARIO_EVERYWHERE, SCENARIO_SQLITE, SCENARIO_POSTGRESQL };

struct scenario {
    char *name; /* "file: sentence" */
    enum scenario_where where;
    struct exchange *first;
    struct scenario *next;
};

/* All scenarios of the files of a folder, in the order of their names. NULL and a line of output
 * when one is malformed. */
struct scenario *scenarios_read(const char *folder);
void scenarios_free(struct scenario *scenarios);

/* Whether it only reads, so that its answers are the same any number of times. */
bool scenario_is_reading(const struct scenario *scenario);

struct http_message exchange_message(const struct exchange *exchange);

/* Whether the answer is the expected one; if not, a text that says why, to be freed. */
char *exchange_fault(const struct exchange *exchange, const struct http_reply *reply);

#endif
