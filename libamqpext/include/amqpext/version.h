/*
 * The version of libamqpext. It is written here only: the SONAME, the file names, the pkg-config
 * file and the symbol map are derived from these three lines or compared with them when the library
 * is built.
 */
#ifndef AMQPEXT_VERSION_H
#define AMQPEXT_VERSION_H

#include <amqpext/export.h>

#define AMQPEXT_VERSION_MAJOR 0
#define AMQPEXT_VERSION_MINOR 1
#define AMQPEXT_VERSION_PATCH 0

#define AMQPEXT_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define AMQPEXT_VERSION_TEXT(major, minor, patch) AMQPEXT_VERSION_TEXT_(major, minor, patch)

/* The version of the headers as text, for example "0.1.0". */
#define AMQPEXT_VERSION \
    AMQPEXT_VERSION_TEXT(AMQPEXT_VERSION_MAJOR, AMQPEXT_VERSION_MINOR, AMQPEXT_VERSION_PATCH)

AMQPEXT_BEGIN_DECLS

/*
 * The version of the library that runs, which may be newer than the headers a program was compiled
 * with.
 *
 * Returns a constant string, valid for ever.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API const char *amqpext_version(void);

AMQPEXT_END_DECLS

#endif
