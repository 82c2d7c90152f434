/*
 * Text: read strictly; a key that is given twice is a mistake, not the later one.
 *
 * Invariant: of the text, an error shows the name of a key at most: what stands beside a mistake
 * may be a secret.
 */
#include "config_text.h"

#include <promon/config.h>
#include <stddef.h>
#include <string.h>

#include "error.h"

/* Where jansson's words are about its own interface, or too few. */
static const struct reason {
    enum json_error_code code;
    const char *words;
} reasons[] = {
    {json_error_null_character, "\\u0000 is not allowed in a text"},
    {json_error_null_byte_in_key, "a key holds a NUL byte"},
    {json_error_premature_end_of_input, "the text ends before the JSON does"},
    {json_error_end_of_input_expected, "something follows behind the JSON"},
    {json_error_numeric_overflow, "the number is too large"},
    {json_error_stack_overflow, "objects and lists are nested too deep"},
};

static const char *own_words(enum json_error_code code)
{
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].code == code)
            return reasons[i].words;
    }
    return NULL;
}

/* jansson ends with " near '…'", the source beside the mistake; of a key it is the name. */
static size_t size_to_show(const json_error_t *wrong)
{
    const char *source = strstr(wrong->text, " near ");

    return source == NULL ? strlen(wrong->text) : (size_t)(source - wrong->text);
}

/* jansson leaves out names that are long. */
static enum promon_status wrong_twice(const json_error_t *wrong, const struct promon__place *whole,
                                      struct promon_error *error)
{
    const char *key = strchr(wrong->text, '"');
    const char *end = strrchr(wrong->text, '"');

    if (key == NULL)
        return promon__wrong(whole, error, "line %d, column %d: a key is there twice", wrong->line,
                             wrong->column);
    return promon__wrong(whole, error, "line %d, column %d: the key %.*s is there twice",
                         wrong->line, wrong->column, (int)(end - key + 1), key);
}

static enum promon_status wrong_text(const json_error_t *wrong, const struct promon__place *whole,
                                     struct promon_error *error)
{
    const char *words = own_words(json_error_code(wrong));

    if (json_error_code(wrong) == json_error_out_of_memory)
        return promon__fail_memory(error);
    if (json_error_code(wrong) == json_error_duplicate_key)
        return wrong_twice(wrong, whole, error);
    if (words != NULL)
        return promon__wrong(whole, error, "line %d, column %d: %s", wrong->line, wrong->column,
                             words);
    return promon__wrong(whole, error, "line %d, column %d: %.*s", wrong->line, wrong->column,
                         (int)size_to_show(wrong), wrong->text);
}

enum promon_status promon__config_parse(const char *json, size_t size,
                                        const struct promon__place *whole, json_t **out,
                                        struct promon_error *error)
{
    json_error_t wrong;
    json_t *root;

    if (size > PROMON_MAX_CONFIG_BYTES)
        return promon__wrong(whole, error, "larger than %d bytes", PROMON_MAX_CONFIG_BYTES);
    root = json_loadb(json == NULL ? "" : json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &wrong);
    if (root == NULL)
        return wrong_text(&wrong, whole, error);
    *out = root;
    return PROMON_OK;
}
