/*
 * Names in queries. Each parameter is decoded in place of a copy, so that names are strings there.
 */
#include "query_names.h"

#include <stdbool.h>
#include <string.h>

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. False when it is no encoding, or of a NUL. */
static bool decode(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++) {
        if (*text == '%') {
            const int high = hexadecimal(text[1]);
            const int low = high < 0 ? -1 : hexadecimal(text[2]);

            if (low < 0 || high * 16 + low == 0)
                return false;
            *out++ = (char)(high * 16 + low);
            text += 2;
        } else {
            *out++ = *text == '+' ? ' ' : *text;
        }
    }
    *out = '\0';
    return true;
}

static void read_parameter(struct promon__query_names *names, char *parameter)
{
    char *value = strchr(parameter, '=');

    if (value == NULL)
        return;
    *value++ = '\0';
    if (!decode(parameter) || strcmp(parameter, "name[]") != 0 || names->count == PROMON__NAMES_MAX)
        return;
    names->list[names->count++] = decode(value) ? value : "";
}

const char *const *promon__query_names(struct promon__query_names *names, const char *query)
{
    const size_t size = query == NULL ? 0 : strnlen(query, sizeof(names->text));
    char *parameter = names->text, *rest;

    names->count = 0;
    if (size == 0 || size == sizeof(names->text))
        return NULL;
    memcpy(names->text, query, size + 1);
    for (; parameter != NULL; parameter = rest) {
        rest = strchr(parameter, '&');
        if (rest != NULL)
            *rest++ = '\0';
        read_parameter(names, parameter);
    }
    names->list[names->count] = NULL;
    return names->count == 0 ? NULL : names->list;
}
