/*
 * One line of whole UTF-8 characters, out of a text that somebody else has written.
 *
 * Identical copy in each library that uses it; see private.h.
 */
#ifndef SUITE_ONE_LINE_H
#define SUITE_ONE_LINE_H

#include "private.h"

#define one_line PRIVATE(one_line)

/*
 * Makes one line of `message`, which may have several and, cut at the end of its room, half a
 * character.
 */
void one_line(char *message);

#endif
