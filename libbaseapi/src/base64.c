/*
 * Base64: three bytes to four characters and back; nothing but the alphabet is accepted.
 */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t baseapi__base64_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

size_t baseapi__base64_encode(const unsigned char *data, size_t size, char *out)
{
    char *end = out;

    for (; size > 0; data += 3, size -= size < 3 ? size : 3, end += 4) {
        const uint32_t bits = (uint32_t)data[0] << 16 | (size > 1 ? (uint32_t)data[1] << 8 : 0) |
                              (size > 2 ? data[2] : 0);

        end[0] = alphabet[bits >> 18];
        end[1] = alphabet[bits >> 12 & 63];
        end[2] = size > 1 ? alphabet[bits >> 6 & 63] : '=';
        end[3] = size > 2 ? alphabet[bits & 63] : '=';
        if (size <= 3) {
            end += 4;
            break;
        }
    }
    *end = '\0';
    return (size_t)(end - out);
}

static int value_of(char c)
{
    const char *found = c == '\0' ? NULL : strchr(alphabet, c);

    return found == NULL ? -1 : (int)(found - alphabet);
}

bool baseapi__base64_decode(const char *text, size_t size, unsigned char *out, size_t *out_size)
{
    size_t written = 0;

    if (size % 4 != 0)
        return false;
    for (size_t i = 0; i < size; i += 4) {
        const bool is_last = i + 4 == size;
        const size_t padding =
            is_last ? (size_t)((text[i + 3] == '=') + (text[i + 2] == '=' && text[i + 3] == '='))
                    : 0;
        uint32_t bits = 0;

        for (size_t j = 0; j < 4; j++) {
            const int value = j < 4 - padding ? value_of(text[i + j]) : 0;

            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        /* Bits behind the last byte must be zero: one text for one value. */
        if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0))
            return false;
        for (size_t j = 0; j < 3 - padding; j++)
            out[written++] = (unsigned char)(bits >> (16 - 8 * j));
    }
    *out_size = written;
    return true;
}
