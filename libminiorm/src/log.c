/*
 * Log: passes one line to the function that the program gave when it opened the database.
 *
 * Invariant: what is passed has no line break or other control character, whatever a server or a
 * statement put into it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

/* Most messages fit; the text of a long statement gets memory of its own, or is cut if there is
 * none. */
#define LINE_SIZE 512

static void flatten(char *line)
{
    for (; *line != '\0'; line++) {
        if ((unsigned char)*line < ' ')
            *line = ' ';
    }
}

void miniorm__log(const struct miniorm_database *database, enum miniorm_log_level level,
                  const char *format, ...)
{
    char buffer[LINE_SIZE];
    char *line = buffer;
    va_list arguments;
    int length;

    if (database->options.log == NULL)
        return;
    va_start(arguments, format);
    length = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    if (length >= LINE_SIZE && (line = malloc((size_t)length + 1)) != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(line, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    if (line == NULL)
        line = buffer;
    flatten(line);
    database->options.log(database->options.log_data, level, line);
    if (line != buffer)
        free(line);
}
