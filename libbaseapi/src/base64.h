/*
 * Base64 of RFC 4648 with its padding: how bytes travel in JSON.
 */
#ifndef BASEAPI_SRC_BASE64_H
#define BASEAPI_SRC_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Characters that `size` bytes take. */
size_t baseapi__base64_size(size_t size);

/* Writes the characters, and a NUL behind them; returns their number. */
size_t baseapi__base64_encode(const unsigned char *data, size_t size, char *out);

/* Reads characters into `out`, which has room for size / 4 * 3 bytes. False when they are none. */
bool baseapi__base64_decode(const char *text, size_t size, unsigned char *out, size_t *out_size);

#endif
