/*
 * The version of libbaseapi. It is written here only: SONAME, file names, pkg-config file and
 * symbol map derive from these three lines, or are compared with them when the library is built.
 */
#ifndef BASEAPI_VERSION_H
#define BASEAPI_VERSION_H

#include <baseapi/export.h>

#define BASEAPI_VERSION_MAJOR 0
#define BASEAPI_VERSION_MINOR 1
#define BASEAPI_VERSION_PATCH 0

#define BASEAPI_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define BASEAPI_VERSION_TEXT(major, minor, patch) BASEAPI_VERSION_TEXT_(major, minor, patch)

/* The version of the headers as text, for example "0.1.0". */
#define BASEAPI_VERSION \
    BASEAPI_VERSION_TEXT(BASEAPI_VERSION_MAJOR, BASEAPI_VERSION_MINOR, BASEAPI_VERSION_PATCH)

BASEAPI_BEGIN_DECLS

/*
 * The version of the library that runs, which may be newer than the headers that a program was
 * compiled with.
 *
 * Returns a constant string, valid for ever.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API const char *baseapi_version(void);

BASEAPI_END_DECLS

#endif
