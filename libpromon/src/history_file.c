/*
 * Histories in a file: a line that names the version, entries, and a checksum of all before it.
 *
 * An entry is the size of the name, the name, the size of the history and the history, sizes as
 * numbers of history_code.h. The checksum is 8 bytes, the lowest first.
 */
#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "history_code.h"
#include "read_file.h"

static const char head[] = "promon history 1\n";

enum { HEAD_BYTES = sizeof(head) - 1, CHECKSUM_BYTES = 8 };

/* FNV-1a: against accidents, not against forgery. */
static uint64_t checksum(const char *data, size_t size)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < size; i++)
        sum = (sum ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    return sum;
}

void promon__history_begin(struct text *out)
{
    text_bytes(out, head, HEAD_BYTES);
}

void promon__history_entry(struct text *out, const char *name,
                           const struct promon__history *history)
{
    struct text body = {.size = 0};

    promon__history_encode(&body, history);
    promon__write_number(out, strlen(name));
    text_string(out, name);
    promon__write_number(out, body.size);
    text_bytes(out, body.data, body.size);
    out->failed = out->failed || body.failed;
    text_free(&body);
}

static enum promon_status cannot_write(const char *path, int reason, struct promon_error *error)
{
    char what[160];

    (void)snprintf(what, sizeof(what), "cannot write the history to %.120s", path);
    return promon__fail_errno(error, PROMON_ERESOURCES, reason, what);
}

/* An errno value, 0 when all of it is on the disk. */
static int write_all(int fd, const char *data, size_t size)
{
    while (size != 0) {
        const ssize_t written = write(fd, data, size);

        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
}

/* Makes the file; the end of its name, XXXXXX, becomes one that nobody else writes to. */
static int write_file(char *path, const struct text *text)
{
    const int fd = mkostemp(path, O_CLOEXEC);
    int reason;

    if (fd < 0)
        return errno;
    reason = write_all(fd, text->data, text->size);
    if (close(fd) != 0 && reason == 0)
        reason = errno;
    return reason;
}

static enum promon_status write_beside(const struct text *text, char *beside, const char *path,
                                       struct promon_error *error)
{
    int reason = write_file(beside, text);

    if (reason == 0 && rename(beside, path) != 0)
        reason = errno;
    if (reason == 0)
        return PROMON_OK;
    (void)unlink(beside);
    return cannot_write(path, reason, error);
}

enum promon_status promon__history_write(struct text *text, const char *path,
                                         struct promon_error *error)
{
    struct text beside = {.size = 0};
    enum promon_status status;
    uint64_t sum;
    unsigned i;

    if (!text->failed) {
        sum = checksum(text->data, text->size);
        for (i = 0; i < CHECKSUM_BYTES; i++)
            text_char(text, (char)(unsigned char)(sum >> (8 * i)));
    }
    text_string(&beside, path);
    text_string(&beside, ".XXXXXX");
    if (text->failed || beside.failed)
        status = promon__fail_memory(error);
    else
        status = write_beside(text, beside.data, path, error);
    text_free(&beside);
    return status;
}

static bool is_whole(const struct text *text)
{
    uint64_t sum = 0;
    size_t size;
    unsigned i;

    if (text->size < HEAD_BYTES + CHECKSUM_BYTES || memcmp(text->data, head, HEAD_BYTES) != 0)
        return false;
    size = text->size - CHECKSUM_BYTES;
    for (i = 0; i < CHECKSUM_BYTES; i++)
        sum |= (uint64_t)(unsigned char)text->data[size + i] << (8 * i);
    return sum == checksum(text->data, size);
}

enum promon_status promon__history_image_read(const char *path, struct promon__history_image *out,
                                              struct promon_error *error)
{
    struct text text = {.size = 0};
    enum promon_status status =
        promon__read_file(path, PROMON__MAX_HISTORY_BYTES, PROMON_ENOTFOUND, &text, error);

    if (status == PROMON_OK && !is_whole(&text))
        status = promon__fail(error, PROMON_EPROTOCOL,
                              "%s is no history of this version, or is damaged", path);
    if (status != PROMON_OK) {
        text_free(&text);
        return status;
    }
    out->start = out->next = HEAD_BYTES;
    out->size = text.size - CHECKSUM_BYTES;
    out->data = text.data;
    return PROMON_OK;
}

/* The next `size` bytes, whose number stands before them; NULL at the end or when they lack. */
static const unsigned char *next_bytes(struct promon__reader *reader, size_t *size)
{
    const unsigned char *bytes;

    *size = (size_t)promon__read_number(reader);
    if (reader->failed || *size > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        return NULL;
    }
    bytes = reader->at;
    reader->at += *size;
    return bytes;
}

/* The history of that name among the entries from `from` to `to`; false: none. */
static bool find_between(struct promon__history_image *image, size_t from, size_t to,
                         const char *name, struct promon__reader *out)
{
    const unsigned char *const data = (const unsigned char *)image->data;
    struct promon__reader reader = {data + from, data + to, false};
    size_t name_size, size;

    while (!reader.failed && reader.at != reader.end) {
        const unsigned char *entry = next_bytes(&reader, &name_size);
        const unsigned char *body = next_bytes(&reader, &size);

        if (reader.failed || name_size != strlen(name) || memcmp(entry, name, name_size) != 0)
            continue;
        *out = (struct promon__reader){body, body + size, false};
        image->next = (size_t)(reader.at - data);
        return true;
    }
    return false;
}

bool promon__history_image_find(struct promon__history_image *image, const char *name,
                                struct promon__history *out)
{
    struct promon__reader reader;

    if (image->data == NULL)
        return false;
    return (find_between(image, image->next, image->size, name, &reader) ||
            find_between(image, image->start, image->next, name, &reader)) &&
           promon__history_decode(&reader, out);
}

void promon__history_image_free(struct promon__history_image *image)
{
    free(image->data);
    *image = (struct promon__history_image){.data = NULL};
}
