/*
 * Histories of probes in a file: kept over restarts, by the name of the probe.
 *
 * Writing: begin, an entry for each probe, write. Reading: read, find for each probe, free.
 * Invariant: the file is always a whole one, the old or the new. One that is damaged, or of another
 * version, is refused as a whole.
 */
#ifndef PROMON_SRC_HISTORY_FILE_H
#define PROMON_SRC_HISTORY_FILE_H

#include <promon/status.h>
#include <stdbool.h>
#include <stddef.h>

#include "history.h"
#include "text.h"

enum { PROMON__MAX_HISTORY_BYTES = 1024 * 1024 * 1024 };

/* The content of a file that was found whole; of zeros: none. */
struct promon__history_image {
    char *data;
    size_t size; /* of the entries */
    size_t start;
    size_t next; /* after the entry that was found last: they are looked for in their order */
};

/* Errors: PROMON_ENOTFOUND it cannot be read, see system_errno; PROMON_EPROTOCOL it is damaged. */
enum promon_status promon__history_image_read(const char *path, struct promon__history_image *out,
                                              struct promon_error *error);
/* False when the name is not there, and *out untouched; or its entry is none, and *out zeros. */
bool promon__history_image_find(struct promon__history_image *image, const char *name,
                                struct promon__history *out);
void promon__history_image_free(struct promon__history_image *image);

void promon__history_begin(struct text *out);
void promon__history_entry(struct text *out, const char *name,
                           const struct promon__history *history);
/*
 * Ends the text and writes it to a file beside `path`, which then takes its place; of several that
 * write to one path the last one counts. Errors: PROMON_ERESOURCES, also when the disk is full;
 * PROMON_ENOMEM.
 */
enum promon_status promon__history_write(struct text *text, const char *path,
                                         struct promon_error *error);

#endif
