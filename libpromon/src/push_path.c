/*
 * Paths of groups. A value stands percent-encoded in its segment; one that cannot (it is empty, has
 * a '/', or is a segment that clients and proxies resolve) is written in base64, which the label's
 * name announces.
 */
#include "push_path.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Base64 for URLs without padding, but for "=" alone, which is how the gateway reads nothing. */
static void write_base64(struct text *out, const char *value)
{
    const unsigned char *bytes = (const unsigned char *)value;
    size_t size = strlen(value), i;

    if (size == 0)
        text_char(out, '=');
    for (i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t word = (uint32_t)bytes[i] << 16 |
                              (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                              (left > 2 ? bytes[i + 2] : 0);

        text_char(out, digits[word >> 18]);
        text_char(out, digits[word >> 12 & 63]);
        if (left > 1)
            text_char(out, digits[word >> 6 & 63]);
        if (left > 2)
            text_char(out, digits[word & 63]);
    }
}

/* RFC 3986, 2.3 */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_percent(struct text *out, const char *value)
{
    const unsigned char *c;

    for (c = (const unsigned char *)value; *c != '\0'; c++) {
        if (is_unreserved(*c)) {
            text_char(out, (char)*c);
        } else {
            text_char(out, '%');
            text_char(out, "0123456789ABCDEF"[*c >> 4]);
            text_char(out, "0123456789ABCDEF"[*c & 15]);
        }
    }
}

static bool needs_base64(const char *value)
{
    return value[0] == '\0' || strchr(value, '/') != NULL || strcmp(value, ".") == 0 ||
           strcmp(value, "..") == 0;
}

static void write_label(struct text *out, const char *name, const char *value)
{
    text_char(out, '/');
    text_string(out, name);
    if (needs_base64(value)) {
        text_string(out, "@base64/");
        write_base64(out, value);
    } else {
        text_char(out, '/');
        write_percent(out, value);
    }
}

void promon__push_path(struct text *out, const char *job, const char *const *grouping)
{
    text_string(out, "/metrics");
    write_label(out, "job", job);
    for (; grouping != NULL && grouping[0] != NULL; grouping += 2)
        write_label(out, grouping[0], grouping[1]);
}
