/*
 * A folder of a test, removed with everything in it.
 */
#ifndef TESTS_TEMPORARY_H
#define TESTS_TEMPORARY_H

struct temporary {
    char folder[64];
    char path[96]; /* of a file "database" in it */
    char url[128]; /* "sqlite:" and that path */
};

void temporary_make(struct temporary *temporary);
void temporary_remove(struct temporary *temporary);

#endif
