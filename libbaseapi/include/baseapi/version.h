/*
 * The version of libbaseapi. It is written here only: the SONAME, the file names, the pkg-config file and
 * the symbol map are derived from these three lines or compared with them when the library is built.
 */
#ifndef BASEAPI_VERSION_H
#define BASEAPI_VERSION_H

#include <baseapi/export.h>

#define BASEAPI_VERSION_MAJOR 0
#define BASEAPI_VERSION_MINOR 1
#define BASEAPI_VERSION_PATCH 0

#define BASEAPI_VERSION_QUOTE_(number) #number
#define BASEAPI_VERSION_QUOTE(number) BASEAPI_VERSION_QUOTE_(number)

/* The version of the headers as text, for example "0.1.0". */
#define BASEAPI_VERSION                                                                             \
    BASEAPI_VERSION_QUOTE(BASEAPI_VERSION_MAJOR)                                                     \
    "." BASEAPI_VERSION_QUOTE(BASEAPI_VERSION_MINOR) "." BASEAPI_VERSION_QUOTE(BASEAPI_VERSION_PATCH)

BASEAPI_BEGIN_DECLS

/*
 * The version of the library that runs, which may be newer than the headers a program was compiled with.
 *
 * Returns a constant string, valid for ever.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
BASEAPI_API const char *baseapi_version(void);

BASEAPI_END_DECLS

#endif
