/* Reading a file whole, whatever it is, within a limit. */
#ifndef PROMON_SRC_READ_FILE_H
#define PROMON_SRC_READ_FILE_H

#include <promon/status.h>
#include <stddef.h>

#include "text.h"

/*
 * Appends the content of the file at `path` to `out`. On failure returns `status`, with errno and
 * the path in the error.
 */
enum promon_status promon__read_file(const char *path, size_t limit, enum promon_status status,
                                     struct text *out, struct promon_error *error);

/* A copy of `path` that is found from anywhere, when it is relative to `folder`; NULL: no memory.
 * A folder of NULL is the working one. */
char *promon__path_in(const char *folder, const char *path);

#endif
