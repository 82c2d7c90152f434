/*
 * Any text as Accept, Accept-Encoding and query: a format that is there, with a content type of its
 * own, and names that are strings; parameters stay inside of the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "exposition.h"
#include "query_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_part(const char *text, struct promon__part part)
{
    require(part.text >= text && part.text + part.size <= text + strlen(text));
}

static void check_elements(const char *text)
{
    const char *at = text, *before = text;
    struct promon__element element;
    size_t i;

    while (promon__accept_next(&at, &element)) {
        require(at > before && element.weight <= PROMON__WEIGHT_MAX);
        before = at;
        check_part(text, element.value);
        require(element.value.size > 0 && element.n_parameters <= PROMON__ACCEPT_PARAMETERS);
        for (i = 0; i < element.n_parameters; i++) {
            check_part(text, element.parameters[i].name);
            check_part(text, element.parameters[i].value);
        }
    }
}

static void check_format(const char *text)
{
    const enum promon_format format = promon__negotiate_format(text);
    const char *type = promon__content_type(format, text);

    require(format >= PROMON_FORMAT_TEXT && format <= PROMON_FORMAT_TEXT_1);
    require(strncmp(type,
                    format == PROMON_FORMAT_TEXT || format == PROMON_FORMAT_TEXT_1
                        ? "text/plain; version="
                        : "application/",
                    12) == 0);
    /* Without a word of the draft it is not given. */
    require(format != PROMON_FORMAT_OPENMETRICS_2 || strstr(text, "2.0.0") != NULL);
}

static void check_names(const char *query)
{
    struct promon__query_names names;
    const char *const *list = promon__query_names(&names, query);
    size_t i;

    if (list == NULL)
        return;
    for (i = 0; list[i] != NULL; i++)
        require(strlen(list[i]) <= strlen(query));
    require(i == names.count && i > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_elements(text);
    check_format(text);
    (void)promon__negotiate_gzip(text);
    check_names(text);
    free(text);
    return 0;
}
