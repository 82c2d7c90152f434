/*
 * The inside of a result: written by one run of a check, read by the engine when that has returned,
 * or never when it overran.
 */
#ifndef PROMON_SRC_RESULT_STATE_H
#define PROMON_SRC_RESULT_STATE_H

#include <promon/result.h>

enum { PROMON__KEY_BYTES = 64, PROMON__MESSAGE_BYTES = 256 };

struct promon__figure {
    char key[PROMON__KEY_BYTES];
    double value;
};

struct promon_result {
    enum promon_verdict verdict; /* what the check returned, made consistent with the reason */
    enum promon_reason reason;
    char message[PROMON__MESSAGE_BYTES];
    int64_t phases_ns[PROMON_PHASES]; /* -1: was not gone through */
    struct promon__figure values[PROMON_RESULT_MAX_VALUES];
    unsigned n_values;
    bool has_certificate, is_verified;
    int64_t not_after_s, chain_not_after_s;
    /* Told each note at once, on the thread of the check; NULL: dropped. */
    void (*note)(void *data, const char *line);
    void *note_data;
};

/* As before a check. */
void promon__result_reset(struct promon_result *result);

/* Joins what the check returned with what it told: see promon_result_fail. */
void promon__result_finish(struct promon_result *result, enum promon_verdict returned);

#endif
