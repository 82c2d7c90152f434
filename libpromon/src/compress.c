/*
 * gzip by zlib, in one go: the room for the worst case is there before it begins.
 *
 * Order: new, compress any number of times by one thread at a time, free.
 */
#include "compress.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "error.h"

/* Pages are repetitive: the fastest level makes them a tenth already. */
#define LEVEL Z_BEST_SPEED
#define WINDOW_BITS 15
/* Added to the bits of the window, asks zlib for gzip's header and check sum. */
#define GZIP_FORMAT 16
#define MEMORY_LEVEL 8
/* zlib counts bytes in unsigned int; a page of this size is none that anybody reads. */
#define SIZE_LIMIT ((size_t)INT_MAX)

struct promon__compressor {
    z_stream stream;
};

enum promon_status promon__compressor_new(struct promon__compressor **out,
                                          struct promon_error *error)
{
    struct promon__compressor *compressor = calloc(1, sizeof(*compressor));

    if (compressor == NULL)
        return promon__fail_memory(error);
    if (deflateInit2(&compressor->stream, LEVEL, Z_DEFLATED, WINDOW_BITS + GZIP_FORMAT,
                     MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(compressor);
        return promon__fail_memory(error);
    }
    *out = compressor;
    return PROMON_OK;
}

void promon__compressor_free(struct promon__compressor *compressor)
{
    if (compressor == NULL)
        return;
    deflateEnd(&compressor->stream);
    free(compressor);
}

bool promon__compress(struct promon__compressor *compressor, struct text *out, const void *data,
                      size_t size)
{
    z_stream *stream = &compressor->stream;
    size_t room;

    out->size = 0;
    if (size > SIZE_LIMIT || deflateReset(stream) != Z_OK)
        return false;
    room = deflateBound(stream, (uLong)size);
    if (room > UINT_MAX || text_reserve(out, room) == NULL) {
        out->failed = false;
        return false;
    }
    stream->next_in = (z_const Bytef *)data;
    stream->avail_in = (uInt)size;
    stream->next_out = (Bytef *)out->data;
    stream->avail_out = (uInt)room;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return false;
    out->size = room - stream->avail_out;
    out->data[out->size] = '\0';
    return true;
}
