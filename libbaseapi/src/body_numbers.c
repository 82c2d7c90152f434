/*
 * Numbers of a body: one pass over the text, which knows strings, brackets and numbers.
 *
 * Invariant: a body that is no JSON stays none, since only whole numbers are put into quotes.
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
    struct text rewritten; /* empty until a number is put into quotes */
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

/* Whether a JSON reader refuses the number for its size. */
static bool is_too_large(struct miniorm_text digits)
{
    struct miniorm_value value;

    if (is_integer(digits))
        return digits.size > INT64_DIGITS &&
               miniorm_value_parse(MINIORM_T_int8, digits, &value, NULL) != MINIORM_OK;
    return baseapi__decimal_exponent(digits) > DOUBLE_EXPONENT;
}

static bool is_quoted(const struct scan *scan, struct miniorm_text digits)
{
    /* A name with escapes is found as no column, which costs its digits and nothing else. */
    const int column = miniorm_model_find_column(scan->model, scan->name.data, scan->name.size);
    const enum miniorm_type type = column < 0 ? MINIORM_T_int8 : scan->model->columns[column].type;

    switch (type) {
    case MINIORM_T_numeric: return true;
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return false;
    default: return is_too_large(digits);
    }
}

static void quote(struct scan *scan, struct miniorm_text digits)
{
    const size_t start = (size_t)(digits.data - scan->body.data);

    text_bytes(&scan->rewritten, scan->body.data + scan->copied, start - scan->copied);
    text_char(&scan->rewritten, '"');
    text_bytes(&scan->rewritten, digits.data, digits.size);
    text_char(&scan->rewritten, '"');
    scan->copied = start + digits.size;
}

static void take_number(struct scan *scan)
{
    const char *start = scan->body.data + scan->at;
    struct miniorm_text digits = {start, 0};

    while (scan->at < scan->body.size &&
           memchr("0123456789+-.eE", scan->body.data[scan->at], 15) != NULL)
        scan->at++;
    digits.size = (size_t)(scan->body.data + scan->at - start);
    if (scan->depth == DATA_DEPTH && baseapi__decimal_is_json(digits) && is_quoted(scan, digits))
        quote(scan, digits);
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

bool baseapi__body_numbers_quote(struct arena *arena, const struct miniorm_model *model,
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
