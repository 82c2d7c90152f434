/*
 * Compress: gzip, with memory that is kept from one page to the next.
 */
#ifndef PROMON_SRC_COMPRESS_H
#define PROMON_SRC_COMPRESS_H

#include <promon/status.h>
#include <stdbool.h>

#include "text.h"

struct promon__compressor;

enum promon_status promon__compressor_new(struct promon__compressor **out,
                                          struct promon_error *error);
void promon__compressor_free(struct promon__compressor *compressor);

/* Replaces `out`. False when memory ran out or there is too much: `out` is empty then. */
bool promon__compress(struct promon__compressor *compressor, struct text *out, const void *data,
                      size_t size);

#endif
