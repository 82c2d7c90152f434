/*
 * The version of libminiorm. It is written here only: the SONAME, the file names, the pkg-config
 * file and the symbol map are derived from these three lines or compared with them when the library
 * is built.
 */
#ifndef MINIORM_VERSION_H
#define MINIORM_VERSION_H

#include <miniorm/export.h>

#define MINIORM_VERSION_MAJOR 0
#define MINIORM_VERSION_MINOR 1
#define MINIORM_VERSION_PATCH 0

#define MINIORM_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define MINIORM_VERSION_TEXT(major, minor, patch) MINIORM_VERSION_TEXT_(major, minor, patch)

/* The version of the headers as text, for example "0.1.0". */
#define MINIORM_VERSION \
    MINIORM_VERSION_TEXT(MINIORM_VERSION_MAJOR, MINIORM_VERSION_MINOR, MINIORM_VERSION_PATCH)

MINIORM_BEGIN_DECLS

/*
 * The version of the library that runs, which may be newer than the headers a program was compiled
 * with.
 *
 * Returns a constant string, valid for ever.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API const char *miniorm_version(void);

MINIORM_END_DECLS

#endif
