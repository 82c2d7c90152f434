/*
 * Accept: the elements of a header that lists what its sender takes, with parameters and weights.
 */
#ifndef PROMON_SRC_ACCEPT_H
#define PROMON_SRC_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the header; parameters in quotes without them. */
struct promon__part {
    const char *text;
    size_t size;
};

#define PROMON__ACCEPT_PARAMETERS 8
#define PROMON__WEIGHT_MAX 1000

struct promon__element {
    struct promon__part value; /* text/plain, gzip, … */
    struct {
        struct promon__part name, value;
    } parameters[PROMON__ACCEPT_PARAMETERS]; /* without q */
    size_t n_parameters;
    unsigned weight; /* thousandths */
};

/*
 * Takes the next element off the front of the header; those that are malformed are passed over.
 * False at the end.
 */
bool promon__accept_next(const char **header, struct promon__element *element);

/* Whether a part is a word; letters of ASCII may be of either case. */
bool promon__part_is(struct promon__part part, const char *word);

/* The value of a parameter; its text is NULL when it is not there. */
struct promon__part promon__element_parameter(const struct promon__element *element,
                                              const char *name);

#endif
