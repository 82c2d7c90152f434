/*
 * What the commands share: a monitor of a configuration, and a look at its metrics.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "promon_commands.h"

struct promon *open_monitor(const struct arguments *arguments, struct promon_options *options)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    options->config_file = arguments->words[0];
    options->modules = arguments->modules;
    if (promon_new(options, &promon, &error) != PROMON_OK) {
        complain("%s", error.message);
        return NULL;
    }
    return promon;
}

/* "name{labels} value": the parts end where the next begins, in place. */
static void visit_line(char *text, void (*line)(void *, const char *, const char *, const char *),
                       void *data)
{
    char *open = strchr(text, '{');
    char *close = open == NULL ? NULL : strrchr(open, '}');

    if (text[0] == '#' || close == NULL || close[1] != ' ')
        return;
    *open = '\0';
    *close = '\0';
    line(data, text, open + 1, close + 2);
}

static void visit_lines(char *body, void (*line)(void *, const char *, const char *, const char *),
                        void *data)
{
    char *rest = body;
    char *text;

    while ((text = strsep(&rest, "\n")) != NULL)
        visit_line(text, line, data);
}

bool visit_samples(struct promon *promon, const char *query,
                   void (*line)(void *data, const char *name, const char *labels,
                                const char *value),
                   void *data)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    bool is_well;
    char *body = NULL;

    request.query = query;
    request.format = PROMON_FORMAT_TEXT;
    is_well = promon_respond(promon, &request, &page, NULL) == PROMON_OK;
    if (is_well)
        body = strndup(page.body, page.body_size);
    promon_page_clear(&page);
    if (body == NULL)
        return false;
    visit_lines(body, line, data);
    free(body);
    return true;
}
