/*
 * The version of libpromon. It is written here only: the SONAME, the file names, the pkg-config
 * file and the symbol map are derived from these three lines or compared with them when the library
 * is built.
 */
#ifndef PROMON_VERSION_H
#define PROMON_VERSION_H

#include <promon/export.h>

#define PROMON_VERSION_MAJOR 0
#define PROMON_VERSION_MINOR 1
#define PROMON_VERSION_PATCH 0

#define PROMON_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define PROMON_VERSION_TEXT(major, minor, patch) PROMON_VERSION_TEXT_(major, minor, patch)

/* The version of the headers as text, for example "0.1.0". */
#define PROMON_VERSION \
    PROMON_VERSION_TEXT(PROMON_VERSION_MAJOR, PROMON_VERSION_MINOR, PROMON_VERSION_PATCH)

PROMON_BEGIN_DECLS

/*
 * The version of the library that runs, which may be newer than the headers a program was compiled
 * with.
 *
 * Returns a constant string, valid for ever.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API const char *promon_version(void);

PROMON_END_DECLS

#endif
