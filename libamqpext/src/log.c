/*
 * Log: one line to the user's callback, if the level is wanted.
 *
 * Whatever a line is made of, neither password can stand in it: a broker, a resolver or a library
 * below may have repeated what it was given.
 */
#include "link.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_MAX_SIZE = 512,
    /* More than is shown, so that no secret is cut in two before it is masked. */
    BUFFER_SIZE = 1024,
    /* A shorter one is part of ordinary words, and masking those would tell what it is. */
    SECRET_MIN = 4
};

static void make_one_line(char *line)
{
    for (; *line != '\0'; line++) {
        if (*line == '\n' || *line == '\r' || *line == '\t')
            *line = ' ';
    }
}

/* In place: the mask is not longer than any secret that is masked. */
static void mask(char *line, const char *secret)
{
    const size_t size = secret == NULL ? 0 : strlen(secret);
    char *at = line;

    if (size < SECRET_MIN)
        return;
    while ((at = strstr(at, secret)) != NULL) {
        memcpy(at, "***", 3);
        memmove(at + 3, at + size, strlen(at + size) + 1);
        at += 3;
    }
}

/* At a whole character. */
static void cut(char *line)
{
    size_t end = LINE_MAX_SIZE - 1;

    if (strlen(line) <= end)
        return;
    while (end > 0 && ((unsigned char)line[end] & 0xc0) == 0x80)
        end--;
    line[end] = '\0';
}

void amqpext__log(const struct endpoint *endpoint, enum amqpext_log_level level, const char *format,
                  ...)
{
    char line[BUFFER_SIZE];
    va_list arguments;

    if (endpoint->log == NULL || level > endpoint->log_level)
        return;
    va_start(arguments, format);
    if (vsnprintf(line, sizeof(line), format, arguments) < 0)
        line[0] = '\0';
    va_end(arguments);
    make_one_line(line);
    /* As with guest and guest: the name of the user is no secret. */
    if (endpoint->password != NULL &&
        (endpoint->user == NULL || strcmp(endpoint->password, endpoint->user) != 0))
        mask(line, endpoint->password);
    mask(line, endpoint->tls.key_password);
    cut(line);
    endpoint->log(endpoint->log_data, level, line);
}
