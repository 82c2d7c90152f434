/*
 * Request targets (RFC 9112, section 3.2): origin form, absolute form reduced to its path, and "*".
 */
#include "target.h"

#include <string.h>
#include <strings.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int baseapi__target_escape_value(const char *text)
{
    const int high = digit_value(text[1]);
    const int low = high < 0 ? -1 : digit_value(text[2]);

    return low < 0 ? -1 : high * 16 + low;
}

static enum target_fault check(const char *raw)
{
    bool is_path = true;

    for (; *raw != '\0'; raw++) {
        if ((unsigned char)*raw <= 0x20 || (unsigned char)*raw >= 0x7f || *raw == '#')
            return TARGET_CHARACTER;
        if (*raw == '?')
            is_path = false;
        if (*raw == '%') {
            const int value = baseapi__target_escape_value(raw);

            if (value == 0)
                return TARGET_NUL;
            if (value < 0 && is_path)
                return TARGET_ESCAPE;
        }
    }
    return TARGET_OK;
}

/* Behind "http://host", or NULL when the target has not that form. */
static const char *skip_authority(const char *raw)
{
    const char *host;
    size_t size;

    if (strncasecmp(raw, "http://", 7) == 0)
        host = raw + 7;
    else if (strncasecmp(raw, "https://", 8) == 0)
        host = raw + 8;
    else
        return NULL;
    size = strcspn(host, "/?");
    /* User names in an HTTP address are a disguise (RFC 9110, section 4.2.4). */
    if (size == 0 || memchr(host, '@', size) != NULL)
        return NULL;
    return host + size;
}

enum target_fault baseapi__target_parse(const char *raw, struct target *out)
{
    const enum target_fault fault = check(raw);
    const char *rest = raw;

    if (fault != TARGET_OK)
        return fault;
    if (raw[0] != '/' && strcmp(raw, "*") != 0)
        rest = skip_authority(raw);
    if (rest == NULL)
        return TARGET_FORM;
    out->path = rest;
    out->path_size = strcspn(rest, "?");
    out->query = rest[out->path_size] == '?' ? rest + out->path_size + 1 : "";
    if (out->path_size == 0) {
        out->path = "/";
        out->path_size = 1;
    }
    return TARGET_OK;
}

bool baseapi__target_is_encoded(const char *encoded, size_t size)
{
    return memchr(encoded, '%', size) != NULL;
}

size_t baseapi__target_decode(const char *encoded, size_t size, char *out)
{
    size_t length = 0;
    size_t i = 0;

    while (i < size) {
        const int value =
            encoded[i] == '%' && size - i >= 3 ? baseapi__target_escape_value(encoded + i) : -1;

        out[length++] = value < 0 ? encoded[i] : (char)value;
        i += value < 0 ? 1 : 3;
    }
    return length;
}
