/*
 * Numbers of a body: one pass over the text, which knows strings, brackets and numbers.
 *
 * Invariant: a body that is no JSON stays none, since only whole numbers are rewritten, each to one
 * value.
 */
#include "body_numbers.h"

#include <string.h>

#include "decimal.h"
#include "text.h"

/* The members of the object under "data" are two levels down. */
#define DATA_DEPTH 2
/* Digits that every 64-bit number has room for, and a double's largest exponent of ten. */
#define INT64_DIGITS 18
#define DOUBLE_EXPONENT 308

struct scan {
    const struct miniorm_model *model;
    struct miniorm_text body;
    size_t at;
    size_t depth;
    struct miniorm_text name; /* the last string at the data's depth */
    size_t copied; /* bytes of the body that are in `rewritten` */
    struct text rewritten; /* empty until a number is */
};

static void skip_string(struct scan *scan)
{
    const size_t start = ++scan->at;

    while (scan->at < scan->body.size && scan->body.data[scan->at] != '"')
        scan->at += scan->body.data[scan->at] == '\\' ? 2 : 1;
    if (scan->at > scan->body.size)
        scan->at = scan->body.size;
    if (scan->depth == DATA_DEPTH)
        scan->name = miniorm_text_from(scan->body.data + start, scan->at - start);
    scan->at++;
}

static bool is_integer(struct miniorm_text digits)
{
    return memchr(digits.data, '.', digits.size) == NULL &&
           memchr(digits.data, 'e', digits.size) == NULL &&
           memchr(digits.data, 'E', digits.size) == NULL;
}

static bool is_beyond_int64(struct miniorm_text digits)
{
    struct miniorm_value value;

    return digits.size > INT64_DIGITS &&
           miniorm_value_parse(MINIORM_T_int8, digits, &value, NULL) != MINIORM_OK;
}

static bool is_beyond_double(struct miniorm_text digits)
{
    struct miniorm_value value;

    return baseapi__decimal_exponent(digits) >= DOUBLE_EXPONENT &&
           miniorm_value_parse(MINIORM_T_float8, digits, &value, NULL) != MINIORM_OK;
}

/* Puts the number between `before` and `after`. */
static void rewrite(struct scan *scan, struct miniorm_text digits, const char *before,
                    const char *after)
{
    const size_t start = (size_t)(digits.data - scan->body.data);

    text_bytes(&scan->rewritten, scan->body.data + scan->copied, start - scan->copied);
    text_string(&scan->rewritten, before);
    text_bytes(&scan->rewritten, digits.data, digits.size);
    text_string(&scan->rewritten, after);
    scan->copied = start + digits.size;
}

static void take_member(struct scan *scan, struct miniorm_text digits)
{
    /* A name with escapes is found as no column, which costs its digits and nothing else. */
    const int column = miniorm_model_find_column(scan->model, scan->name.data, scan->name.size);
    const enum miniorm_type type = column < 0 ? MINIORM_T_int8 : scan->model->columns[column].type;

    if (type == MINIORM_T_json || type == MINIORM_T_jsonb)
        return;
    if (type == MINIORM_T_numeric)
        rewrite(scan, digits, "\"", "\"");
    else if (is_beyond_double(digits))
        /* No column takes an array, whereas a string could become the text of one. */
        rewrite(scan, digits, "[\"", "\"]");
    else if (is_integer(digits) && is_beyond_int64(digits))
        rewrite(scan, digits, "", ".0");
}

static void take_number(struct scan *scan)
{
    const char *start = scan->body.data + scan->at;
    struct miniorm_text digits = {start, 0};

    while (scan->at < scan->body.size &&
           memchr("0123456789+-.eE", scan->body.data[scan->at], 15) != NULL)
        scan->at++;
    digits.size = (size_t)(scan->body.data + scan->at - start);
    if (scan->depth == DATA_DEPTH && baseapi__decimal_is_json(digits))
        take_member(scan, digits);
}

static void step(struct scan *scan)
{
    const char c = scan->body.data[scan->at];

    if (c == '"') {
        skip_string(scan);
        return;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        take_number(scan);
        return;
    }
    /* An array below the data's object is another level, like an object. */
    if (c == '{' || c == '[')
        scan->depth++;
    else if ((c == '}' || c == ']') && scan->depth > 0)
        scan->depth--;
    scan->at++;
}

bool baseapi__body_numbers_rewrite(struct arena *arena, const struct miniorm_model *model,
                                   struct miniorm_text body, struct miniorm_text *out)
{
    struct scan scan = {.model = model, .body = body, .name = {"", 0}};
    const char *copy;

    while (scan.at < body.size)
        step(&scan);
    if (scan.rewritten.size == 0 && !scan.rewritten.failed) {
        *out = body;
        return true;
    }
    text_bytes(&scan.rewritten, body.data + scan.copied, body.size - scan.copied);
    copy =
        scan.rewritten.failed ? NULL : arena_copy(arena, scan.rewritten.data, scan.rewritten.size);
    *out = miniorm_text_from(copy, scan.rewritten.size);
    text_free(&scan.rewritten);
    return copy != NULL;
}
