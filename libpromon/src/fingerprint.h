/*
 * Fingerprints: whether two parts of configurations are the same, without keeping them, because
 * they hold passwords.
 */
#ifndef PROMON_SRC_FINGERPRINT_H
#define PROMON_SRC_FINGERPRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Of each monitor its own and random, so that a fingerprint tells nothing to others. */
struct promon__fingerprint_key {
    uint64_t words[4];
};

struct promon__fingerprint {
    char text[33];
};

bool promon__fingerprint_key_make(struct promon__fingerprint_key *out);

/* The order of keys does not matter. False: no memory. */
bool promon__fingerprint_take(const struct promon__fingerprint_key *key, const json_t *value,
                              struct promon__fingerprint *out);

#endif
