/*
 * Result: what a check tells, kept consistent.
 *
 * Order: reset, what the check tells, finish.
 * Invariant: strings are one line of UTF-8. After the end the verdict goes with the reason: UP with
 * none, ERROR with INTERNAL, DOWN with any other.
 */
#include "result_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "one_line.h"
#include "utf8.h"

/* What is not UTF-8 would not fit a label or a page. */
static void clean(char *string)
{
    size_t left;

    one_line(string);
    for (left = strlen(string); left != 0;) {
        size_t length = utf8_character(string, left);

        if (length == 0 || (unsigned char)*string < 0x20 || *string == 0x7f) {
            *string = '?';
            length = 1;
        }
        string += length;
        left -= length;
    }
}

static void write_line(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void write_line(char *out, size_t size, const char *format, va_list arguments)
{
    if (vsnprintf(out, size, format, arguments) < 0)
        out[0] = '\0';
    clean(out);
}

void promon__result_reset(struct promon_result *result)
{
    size_t i;

    result->verdict = 0;
    result->reason = PROMON_REASON_NONE;
    result->message[0] = '\0';
    for (i = 0; i < PROMON_PHASES; i++)
        result->phases_ns[i] = -1;
    result->n_values = 0;
    result->has_certificate = result->is_verified = false;
    result->not_after_s = result->chain_not_after_s = 0;
    result->note = NULL;
    result->note_data = NULL;
}

static enum promon_verdict verdict_of(enum promon_reason reason)
{
    return reason == PROMON_REASON_INTERNAL ? PROMON_ERROR : PROMON_DOWN;
}

static bool is_reason(enum promon_reason reason)
{
    return reason > PROMON_REASON_NONE && reason <= PROMON_REASON_INTERNAL;
}

enum promon_verdict promon_result_fail(struct promon_result *result, enum promon_reason reason,
                                       const char *format, ...)
{
    va_list arguments;

    if (result->reason != PROMON_REASON_NONE)
        return verdict_of(result->reason);
    result->reason = is_reason(reason) ? reason : PROMON_REASON_INTERNAL;
    va_start(arguments, format);
    write_line(result->message, sizeof(result->message), format, arguments);
    va_end(arguments);
    return verdict_of(result->reason);
}

void promon_result_phase(struct promon_result *result, enum promon_phase phase, int64_t duration_ns)
{
    int64_t *sum;

    if ((unsigned)phase >= PROMON_PHASES)
        return;
    if (duration_ns < 0)
        duration_ns = 0;
    sum = &result->phases_ns[(unsigned)phase];
    if (*sum < 0)
        *sum = duration_ns;
    else
        *sum = *sum > INT64_MAX - duration_ns ? INT64_MAX : *sum + duration_ns;
}

void promon_result_value(struct promon_result *result, const char *key, double value)
{
    char kept[PROMON__KEY_BYTES];
    unsigned i;

    if (key == NULL || *key == '\0')
        return;
    (void)snprintf(kept, sizeof(kept), "%s", key);
    clean(kept);
    for (i = 0; i < result->n_values && strcmp(result->values[i].key, kept) != 0; i++)
        ;
    if (i == PROMON_RESULT_MAX_VALUES)
        return;
    if (i == result->n_values) {
        memcpy(result->values[i].key, kept, sizeof(kept));
        result->n_values++;
    }
    result->values[i].value = value;
}

void promon_result_certificate(struct promon_result *result, int64_t not_after_s,
                               int64_t chain_not_after_s, bool is_verified)
{
    result->has_certificate = true;
    result->not_after_s = not_after_s;
    result->chain_not_after_s = chain_not_after_s;
    result->is_verified = is_verified;
}

void promon_result_note(struct promon_result *result, const char *format, ...)
{
    char line[2 * PROMON__MESSAGE_BYTES];
    va_list arguments;

    if (result->note == NULL)
        return;
    va_start(arguments, format);
    write_line(line, sizeof(line), format, arguments);
    va_end(arguments);
    result->note(result->note_data, line);
}

void promon__result_finish(struct promon_result *result, enum promon_verdict returned)
{
    if (returned == PROMON_UP) {
        /* What failed on the way, as the first of two addresses does, was made good. */
        result->reason = PROMON_REASON_NONE;
        result->message[0] = '\0';
        result->verdict = PROMON_UP;
        return;
    }
    if (returned == PROMON_DOWN)
        (void)promon_result_fail(result, PROMON_REASON_STATUS, "the check says no, and not why");
    else if (returned == PROMON_ERROR)
        (void)promon_result_fail(result, PROMON_REASON_INTERNAL, "the check failed, and not why");
    else
        (void)promon_result_fail(result, PROMON_REASON_INTERNAL,
                                 "the check returned %d, which is no verdict", (int)returned);
    result->verdict = verdict_of(result->reason);
}
