/*
 * Any body: what is JSON stays JSON when its numbers are rewritten, and what is none does not
 * become it, but for numbers that a reader refuses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <miniorm/miniorm.h>

#include "body_numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS(X, T)                   \
    X(T, int8, id, MINIORM_PRIMARY_KEY) \
    X(T, numeric, price, 0)             \
    X(T, float8, ratio, 0)              \
    X(T, jsonb, extra, 0)

MINIORM_DECLARE(fuzzed, COLUMNS);
MINIORM_DEFINE(fuzzed, COLUMNS, "fuzzed");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct miniorm_text body = {(const char *)data, size};
    struct arena arena = {NULL, 0};
    struct miniorm_text rewritten;
    json_error_t before_error;
    json_t *before;
    json_t *after;

    /* Bodies with null bytes are refused before; jansson skips one behind a number. */
    if (memchr(data, '\0', size) != NULL)
        return 0;
    if (!baseapi__body_numbers_rewrite(&arena, &fuzzed_model, body, &rewritten))
        abort();
    before = json_loadb(body.data, body.size, JSON_DECODE_ANY, &before_error);
    after = json_loadb(rewritten.data, rewritten.size, JSON_DECODE_ANY, NULL);
    if (before != NULL && after == NULL)
        abort();
    if (before == NULL && after != NULL &&
        json_error_code(&before_error) != json_error_numeric_overflow)
        abort();
    json_decref(before);
    json_decref(after);
    arena_free(&arena);
    return 0;
}
