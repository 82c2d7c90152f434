/*
 * Text as values: the first byte chooses the type, the rest is the text. What is accepted must be written,
 * read again as the same, convert to any type or be refused, and as a numeric keep its value in its normal
 * form.
 */
#include <miniorm/numeric.h>

#include <stdlib.h>
#include <string.h>

#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_order(struct miniorm_text left, struct miniorm_text right)
{
    const int forward = miniorm__numeric_compare(left.data, left.size, right.data, right.size);
    const int backward = miniorm__numeric_compare(right.data, right.size, left.data, left.size);

    check((forward > 0) == (backward < 0) && (forward == 0) == (backward == 0));
    check(miniorm__numeric_compare(left.data, left.size, left.data, left.size) == 0);
}

static void check_numeric(struct miniorm_text text)
{
    struct arena arena = {0};
    const struct miniorm_text normal = miniorm__numeric_normal(text, &arena);
    const struct miniorm_text again = miniorm__numeric_normal(normal, &arena);

    check(miniorm__numeric_is_valid(normal));
    check(miniorm__numeric_compare(text.data, text.size, normal.data, normal.size) == 0);
    check(again.size == normal.size && memcmp(again.data, normal.data, normal.size) == 0);
    arena_free(&arena);
}

/* What fits is written whole, and fits as it is. */
static void check_fit(struct miniorm_text text, unsigned precision, unsigned scale)
{
    char buffer[MINIORM_NUMERIC_SIZE];
    char buffer_again[MINIORM_NUMERIC_SIZE];
    struct miniorm_text fit;
    struct miniorm_text again;

    if (miniorm_numeric_fit(text, precision, scale, buffer, &fit, NULL) != MINIORM_OK)
        return;
    check(fit.data == text.data ||
          (fit.data == buffer && fit.size < sizeof(buffer) && buffer[fit.size] == '\0'));
    check(miniorm_numeric_fit(fit, precision, scale, buffer_again, &again, NULL) == MINIORM_OK);
    check(again.data == fit.data && again.size == fit.size);
}

static void check_scalar(const struct miniorm_value *value)
{
    char text[MINIORM_FORMAT_SIZE];
    char text_again[MINIORM_FORMAT_SIZE];
    struct miniorm_value again;
    const size_t size = miniorm_value_format(value, text);

    check(size > 0 && size < MINIORM_FORMAT_SIZE && text[size] == '\0');
    check(miniorm_value_parse(value->type, miniorm_text_from(text, size), &again, NULL) ==
          MINIORM_OK);
    check(miniorm_value_format(&again, text_again) == size && strcmp(text, text_again) == 0);
}

static void check_conversions(const struct miniorm_value *value)
{
    struct arena arena = {0};
    unsigned type;

    for (type = MINIORM_T_boolean; type <= MINIORM_T_timestamptz; type++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct miniorm_value out;

        if (miniorm__value_convert(value, (enum miniorm_type)type, &arena, &out, &error) ==
            MINIORM_OK)
            check(out.type == (enum miniorm_type)type);
        else
            check(error.status != MINIORM_OK && error.message[0] != '\0');
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct miniorm_text text =
        miniorm_text_from((const char *)data + 1, size == 0 ? 0 : size - 1);
    struct miniorm_value value;

    if (size == 0)
        return 0;
    check_order(text, miniorm_text_from(text.data, text.size / 2));
    /* Letters as types, so that inputs can be written by hand. */
    if (miniorm_value_parse((enum miniorm_type)(data[0] - 'a' + 1), text, &value, NULL) !=
        MINIORM_OK)
        return 0;
    if (value.type == MINIORM_T_numeric) {
        check_numeric(value.as.text);
        check_fit(value.as.text, 12, 2);
        check_fit(value.as.text, MINIORM_PRECISION_MAX, (unsigned)size % MINIORM_PRECISION_MAX);
    } else if (!miniorm__type_is_text(value.type)) {
        check_scalar(&value);
    }
    check_conversions(&value);
    return 0;
}
