/*
 * Messages as a producer puts them on the wire, made and read back; and numbers for random tests.
 */
#ifndef TEST_SUPPORT_PUBLISHED_H
#define TEST_SUPPORT_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/* What a message is recognised by. */
struct published {
    char id[256];
    char exchange[256], routing_key[256];
    bool is_mandatory;
    const char *body; /* of the first body frame */
    size_t body_size; /* of all of them */
    size_t largest_frame;
    size_t size; /* of all its frames */
};

/*
 * Reads the message at the front, of which `input` may hold only a part: false then. Anything that
 * is no message fails the test.
 */
bool published_read(struct bytes input, struct published *out);

/* The same numbers for the same seed. */
struct dice {
    uint64_t state;
};

/* With `seed` 0 one of the clock's; prints it. */
struct dice dice_of(uint64_t seed);
uint64_t dice_throw(struct dice *dice, uint64_t sides); /* 0 to sides - 1 */

#endif
