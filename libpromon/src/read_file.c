/*
 * Files read whole: a regular file, a pipe or a device alike, up to the limit and one byte, which
 * tells that there is more.
 */
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

enum { PIECE_BYTES = 4096 };

static enum promon_status cannot_read(const char *path, enum promon_status status,
                                      struct promon_error *error)
{
    const int reason = errno;
    char what[200];

    snprintf(what, sizeof(what), "cannot read %s", path);
    return promon__fail_errno(error, status, reason, what);
}

/* What read(2) returns, after interruptions; -1 with ENOMEM. */
static ssize_t read_piece(int fd, struct text *out)
{
    char *room = text_reserve(out, PIECE_BYTES);
    ssize_t size = -1;

    errno = ENOMEM;
    if (room != NULL) {
        do
            size = read(fd, room, PIECE_BYTES);
        while (size < 0 && errno == EINTR);
    }
    if (size > 0)
        out->size += (size_t)size;
    return size;
}

static enum promon_status read_all(int fd, const char *path, size_t limit,
                                   enum promon_status status, struct text *out,
                                   struct promon_error *error)
{
    ssize_t size;

    while ((size = read_piece(fd, out)) > 0) {
        if (out->size > limit)
            return promon__fail(error, status, "cannot read %s: it is larger than %zu bytes", path,
                                limit);
    }
    if (size < 0)
        return out->failed ? promon__fail_memory(error) : cannot_read(path, status, error);
    return PROMON_OK;
}

enum promon_status promon__read_file(const char *path, size_t limit, enum promon_status status,
                                     struct text *out, struct promon_error *error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum promon_status result;

    if (fd < 0)
        return cannot_read(path, status, error);
    result = read_all(fd, path, limit, status, out, error);
    close(fd);
    return result;
}

char *promon__path_in(const char *folder, const char *path)
{
    struct text joined = {.size = 0};

    if (folder != NULL && path[0] != '/') {
        text_string(&joined, folder);
        text_char(&joined, '/');
    }
    text_string(&joined, path);
    return text_take(&joined, NULL);
}
