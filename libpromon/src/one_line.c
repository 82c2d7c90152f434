/*
 * One line: the half character at the end goes, then breaks of lines become blanks, and those at
 * the end go as well.
 */
#include "one_line.h"

#include <stddef.h>
#include <string.h>

/* Size of what is left when a character that is not all there is cut off the end. */
static size_t whole_characters(const char *message)
{
    const size_t size = strlen(message);
    size_t start = size;
    unsigned char lead;
    size_t wanted;

    while (start > 0 && size - start < 4 && ((unsigned char)message[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || ((unsigned char)message[start - 1] & 0xc0) != 0xc0)
        return size;
    lead = (unsigned char)message[start - 1];
    wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    return size - start < wanted ? start - 1 : size;
}

void one_line(char *message)
{
    size_t size = whole_characters(message);
    size_t i;

    for (i = 0; i < size; i++) {
        if (message[i] == '\n' || message[i] == '\r' || message[i] == '\t')
            message[i] = ' ';
    }
    while (size > 0 && message[size - 1] == ' ')
        size--;
    message[size] = '\0';
}
