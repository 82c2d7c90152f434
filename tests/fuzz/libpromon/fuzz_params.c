/*
 * Parameters as the text of JSON: they are taken or refused with a message of one line, and what
 * was taken can be asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct promon_param_rule rules[] = {
    {.name = "host", .type = PROMON_PARAM_STRING, .flags = PROMON_PARAM_REQUIRED},
    {.name = "port", .type = PROMON_PARAM_INTEGER, .minimum = 1, .maximum = 65535},
    {.name = "timeout", .type = PROMON_PARAM_NUMBER, .minimum = 0.001, .maximum = 60},
    {.name = "verify_ssl", .type = PROMON_PARAM_BOOLEAN},
    {.name = "names", .type = PROMON_PARAM_STRINGS},
    {.name = "statuses", .type = PROMON_PARAM_INTEGERS, .minimum = 100, .maximum = 599},
    {.name = "headers", .type = PROMON_PARAM_MAP},
    {.name = NULL},
};

static void ask(const struct promon_params *params)
{
    const int64_t port = promon__params_integer(params, "port", 1);
    const double timeout = promon__params_number(params, "timeout", 1);
    const char *key = NULL, *text;
    size_t i;

    if (promon__params_string(params, "host", NULL) == NULL || port < 1 || port > 65535 ||
        !(timeout >= 0.001 && timeout <= 60))
        abort();
    for (i = 0; (text = promon__params_item(params, "statuses", i)) != NULL; i++)
        if (strlen(text) != 3)
            abort();
    for (i = 0; promon__params_entry(params, "headers", i, &key) != NULL; i++)
        if (key == NULL)
            abort();
}

/* Secrets of files and the environment are none of a fuzzer's. */
static int may_be_secret(const char *json)
{
    return strstr(json, "env") != NULL || strstr(json, "file") != NULL ||
           strchr(json, '\\') != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;
    char *json = malloc(size + 1);

    if (json == NULL)
        return 0;
    memcpy(json, data, size);
    json[size] = '\0';
    if (!may_be_secret(json)) {
        if (promon__params_new(rules, NULL, json, &params, &error) == PROMON_OK)
            ask(params);
        else if (error.message[0] == '\0' || strpbrk(error.message, "\r\n") != NULL)
            abort();
    }
    promon__params_free(params);
    free(json);
    return 0;
}
