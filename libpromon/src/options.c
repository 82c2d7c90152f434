/*
 * Options: copies between structures of different versions, told apart by their first member.
 *
 * Invariant: what is copied out is always complete, with its own size in its first member.
 */
#include "options.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"

static size_t size_of(const void *structure)
{
    size_t size;

    memcpy(&size, structure, sizeof(size));
    return size;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

enum promon_status promon__options_copy(void *out, size_t out_size, const void *options,
                                        const char *what, struct promon_error *error)
{
    const size_t size = options == NULL ? 0 : size_of(options);

    if (options != NULL && size < sizeof(size_t))
        return promon__fail(error, PROMON_EINVALID, "%s: size is not set", what);
    if (size > out_size && !is_zero((const unsigned char *)options + out_size, size - out_size))
        return promon__fail(error, PROMON_EINVALID,
                            "%s: an option is set that this version of the library lacks", what);
    memset(out, 0, out_size);
    if (options != NULL)
        memcpy(out, options, size < out_size ? size : out_size);
    memcpy(out, &out_size, sizeof(out_size));
    return PROMON_OK;
}

void promon__figures_copy(void *out, const void *figures, size_t size)
{
    const size_t wanted = size_of(out);
    const size_t copied = wanted < size ? wanted : size;

    if (copied <= sizeof(size_t))
        return;
    memcpy((unsigned char *)out + sizeof(size_t), (const unsigned char *)figures + sizeof(size_t),
           copied - sizeof(size_t));
}
