/*
 * Log: one line to the host's function, if its level is wanted.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "one_line.h"

enum { LINE_BYTES = 512 };

void promon__log(const struct promon__log *log, enum promon_log_level level, const char *format,
                 ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    if (log == NULL || log->log == NULL || level > log->level)
        return;
    va_start(arguments, format);
    if (vsnprintf(line, sizeof(line), format, arguments) < 0)
        line[0] = '\0';
    va_end(arguments);
    one_line(line);
    log->log(log->data, level, line);
}
