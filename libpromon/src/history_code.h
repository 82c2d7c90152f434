/*
 * One history as bytes: small numbers take one byte, slots without a check none.
 */
#ifndef PROMON_SRC_HISTORY_CODE_H
#define PROMON_SRC_HISTORY_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "text.h"

/* Bytes that are read; `failed` stays once something was not there. */
struct promon__reader {
    const unsigned char *at, *end;
    bool failed;
};

void promon__write_number(struct text *out, uint64_t number);
uint64_t promon__read_number(struct promon__reader *reader);

void promon__history_encode(struct text *out, const struct promon__history *history);
/* Whether the bytes are a history to the last one; else *out is zeros. */
bool promon__history_decode(struct promon__reader *reader, struct promon__history *out);

#endif
