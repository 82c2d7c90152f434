/*
 * The end of a child of a fork. What belonged to threads of the parent is left there on purpose, so
 * that nobody may count its memory: another program takes its place.
 */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

#include <stdio.h>
#include <unistd.h>

static inline void child_end(int status)
{
    char command[32];

    (void)snprintf(command, sizeof(command), "exit %d", status);
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

#endif
