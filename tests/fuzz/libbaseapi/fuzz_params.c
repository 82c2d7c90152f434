/*
 * Any query string: it is parsed within its limits, or refused with an error that is told.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counts {
    unsigned includes;
    unsigned filters;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(struct miniorm_text text)
{
    require(text.size == 0 || utf8_is_valid(text.data, text.size));
    require(text.size == 0 || memchr(text.data, '\0', text.size) == NULL);
}

static void check_words(const struct baseapi_word *word)
{
    for (; word != NULL; word = word->next)
        check_text(word->text);
}

static void check_parameters(const struct baseapi_parameter *parameter, unsigned *count)
{
    for (; parameter != NULL; parameter = parameter->next, ++*count) {
        size_t n_values = 0;

        check_text(parameter->name);
        check_text(parameter->value);
        for (const struct baseapi_word *word = parameter->values; word != NULL; word = word->next)
            n_values++;
        check_words(parameter->values);
        require(n_values == parameter->n_values);
        require(n_values >= 1 && n_values <= BASEAPI_MAX_LIST_VALUES);
    }
}

static void check_level(const struct baseapi_params *params, unsigned depth, struct counts *counts)
{
    const struct baseapi_params *child = params->includes;
    unsigned n_page = 0;

    require(depth <= BASEAPI_MAX_INCLUDE_DEPTH);
    check_text(params->name);
    check_words(params->fields);
    check_words(params->sort);
    check_words(params->retrieve);
    check_parameters(params->filters, &counts->filters);
    check_parameters(params->page, &n_page);
    for (; child != NULL; child = child->next) {
        counts->includes++;
        check_level(child, depth + 1, counts);
    }
}

static void tell(void *context, const char *parameter, const char *detail)
{
    (void)context;
    require(parameter != NULL && *detail != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct params_report report = {.tell = tell};
    struct arena arena = {NULL, 0};
    struct counts counts = {0, 0};
    const struct baseapi_params *params = NULL;
    char *query = malloc(size + 1);
    enum baseapi_status status;

    require(query != NULL);
    memcpy(query, data, size);
    query[size] = '\0';
    status = baseapi__params_parse(&arena, query, &report, &params);
    require((status == BASEAPI_OK) == (report.count == 0));
    if (status == BASEAPI_OK) {
        check_level(params, 0, &counts);
        require(counts.includes <= BASEAPI_MAX_INCLUDES);
        require(counts.filters <= BASEAPI_MAX_FILTERS);
    }
    arena_free(&arena);
    free(query);
    return 0;
}
