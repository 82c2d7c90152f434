/*
 * Tables of text for the tests of values: what a text becomes, or NULL where it is refused.
 */
#ifndef TESTS_TEXTS_H
#define TESTS_TEXTS_H

#include "test.h"

#include <miniorm/value.h>

struct text_case {
    const char *text;
    const char *expected;
};

#define expect_texts(type, cases) expect_text_cases(type, cases, sizeof(cases) / sizeof((cases)[0]))

static inline struct miniorm_text text_of(const char *string)
{
    return miniorm_text_from(string, strlen(string));
}

/* Parses each text as `type` and compares what is written again. */
static inline void expect_text_cases(enum miniorm_type type, const struct text_case *cases,
                                     size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct miniorm_value value;
        char out[MINIORM_FORMAT_SIZE];
        size_t size;
        const enum miniorm_status status =
            miniorm_value_parse(type, text_of(cases[i].text), &value, &error);

        if (cases[i].expected == NULL ? status != MINIORM_EVALUE : status != MINIORM_OK)
            fail_msg("%s \"%s\": %s", miniorm_type_name(type), cases[i].text,
                     miniorm_status_name(status));
        if (cases[i].expected == NULL)
            continue;
        size = miniorm_value_format(&value, out);
        assert_int_equal(size, strlen(out));
        if (strcmp(out, cases[i].expected) != 0)
            fail_msg("%s \"%s\": %s, not %s", miniorm_type_name(type), cases[i].text, out,
                     cases[i].expected);
    }
}

#endif
