/*
 * Values from text and as text: booleans, integers, uuids and text itself here, the other kinds in
 * datetime.c, numeric.c and real.c.
 *
 * Invariant: nothing depends on the locale; a value is written only when the whole text was one.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "value.h"

#define UUID_SIZE 16

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct miniorm_text trim(struct miniorm_text text)
{
    while (text.size > 0 && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* Whether `text` is the beginning of `word`, at least `least` letters long, in any case. */
static bool abbreviates(struct miniorm_text text, const char *word, size_t least)
{
    size_t i;

    if (text.size < least || text.size > strlen(word))
        return false;
    for (i = 0; i < text.size; i++) {
        if ((text.data[i] | 0x20) != word[i])
            return false;
    }
    return true;
}

static bool parse_boolean(struct miniorm_text text, bool *out)
{
    const bool digit = text.size == 1 && (text.data[0] == '0' || text.data[0] == '1');

    if (abbreviates(text, "true", 1) || abbreviates(text, "yes", 1) || abbreviates(text, "on", 2))
        *out = true;
    else if (abbreviates(text, "false", 1) || abbreviates(text, "no", 1) ||
             abbreviates(text, "off", 2))
        *out = false;
    else if (digit)
        *out = text.data[0] == '1';
    else
        return false;
    return true;
}

enum number { NUMBER_FINE, NUMBER_MALFORMED, NUMBER_TOO_LARGE };

static enum number parse_integer(struct miniorm_text text, int64_t *out)
{
    const bool negative = text.size > 0 && text.data[0] == '-';
    const uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    enum number outcome = NUMBER_FINE;
    uint64_t magnitude = 0;
    size_t i = negative || (text.size > 0 && text.data[0] == '+') ? 1 : 0;

    if (i == text.size)
        return NUMBER_MALFORMED;
    for (; i < text.size; i++) {
        const unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9)
            return NUMBER_MALFORMED;
        if (magnitude > (limit - digit) / 10)
            outcome = NUMBER_TOO_LARGE;
        else
            magnitude = magnitude * 10 + digit;
    }
    if (outcome == NUMBER_FINE)
        *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return outcome;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* As PostgreSQL reads them: braces around, and a hyphen after any group of four digits. */
static bool parse_uuid(struct miniorm_text text, struct miniorm_uuid *out)
{
    struct miniorm_uuid uuid;
    size_t i = 0;
    size_t n;

    if (text.size >= 2 && text.data[0] == '{' && text.data[text.size - 1] == '}') {
        text.data++;
        text.size -= 2;
    }
    for (n = 0; n < UUID_SIZE; n++) {
        int high, low;

        if (n != 0 && n % 2 == 0 && i < text.size && text.data[i] == '-')
            i++;
        if (text.size - i < 2)
            return false;
        high = hex_digit(text.data[i]);
        low = hex_digit(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        uuid.bytes[n] = (unsigned char)(high << 4 | low);
        i += 2;
    }
    if (i != text.size)
        return false;
    *out = uuid;
    return true;
}

/* Size of the UTF-8 sequence that begins with `lead`, 0 for a byte that begins none, and the lowest
 * and highest second byte, which exclude overlong forms, surrogates and what is beyond U+10FFFF. */
static size_t sequence_size(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

static bool sequence_is_valid(const unsigned char *data, size_t size)
{
    if (size > 2 && !is_continuation(data[2]))
        return false;
    return size < 4 || is_continuation(data[3]);
}

/* Whether eight bytes are ASCII without NUL: most text is, and goes through here quickly. */
static bool is_plain(const unsigned char *data)
{
    uint64_t word;

    memcpy(&word, data, sizeof(word));
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

bool miniorm__text_is_valid(const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t i = 0;

    while (i < size) {
        unsigned char low, high;
        size_t length;

        if (size - i >= sizeof(uint64_t) && is_plain(bytes + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        if (bytes[i] != 0 && bytes[i] < 0x80) {
            i++;
            continue;
        }
        length = sequence_size(bytes[i], &low, &high);
        if (length == 0 || length > size - i || bytes[i + 1] < low || bytes[i + 1] > high ||
            !sequence_is_valid(bytes + i, length))
            return false;
        i += length;
    }
    return true;
}

static enum miniorm_status fail_parse(enum miniorm_type type, struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EVALUE, "the text is no %s, or out of its range",
                         miniorm_type_name(type));
}

static enum miniorm_status read_integer(enum miniorm_type type, struct miniorm_text text,
                                        struct miniorm_value *out, struct miniorm_error *error)
{
    struct miniorm_value integer = miniorm_value_integer(0);

    switch (parse_integer(text, &integer.as.integer)) {
    case NUMBER_FINE: return miniorm_value_convert(&integer, type, out, error);
    case NUMBER_TOO_LARGE:
        return miniorm__fail(error, MINIORM_EVALUE, "value is out of the range of %s",
                             miniorm_type_name(type));
    case NUMBER_MALFORMED: break;
    }
    return miniorm__fail(error, MINIORM_EVALUE, "the text is no integer");
}

static enum miniorm_status read_text(enum miniorm_type type, struct miniorm_text text,
                                     struct miniorm_value *out, struct miniorm_error *error)
{
    if (!miniorm__text_is_valid(text.data, text.size))
        return miniorm__fail(error, MINIORM_EVALUE,
                             "the text is not UTF-8, or holds a NUL character");
    *out = (struct miniorm_value){.type = type, .as.text = text};
    return MINIORM_OK;
}

static bool read_scalar(enum miniorm_type type, struct miniorm_text text,
                        struct miniorm_value *value)
{
    switch ((int)type) {
    case MINIORM_T_boolean: return parse_boolean(text, &value->as.boolean);
    case MINIORM_T_float4: return miniorm__float4_parse(text, &value->as.real);
    case MINIORM_T_float8: return miniorm__float8_parse(text, &value->as.real);
    case MINIORM_T_numeric: value->as.text = text; return miniorm__numeric_is_valid(text);
    case MINIORM_T_uuid: return parse_uuid(text, &value->as.uuid);
    case MINIORM_T_date: return miniorm__date_parse(text, &value->as.integer);
    case MINIORM_T_time: return miniorm__time_parse(text, &value->as.integer);
    case MINIORM_T_timestamp: return miniorm__timestamp_parse(text, false, &value->as.integer);
    default: return miniorm__timestamp_parse(text, true, &value->as.integer);
    }
}

enum miniorm_status miniorm_value_parse(enum miniorm_type type, struct miniorm_text text,
                                        struct miniorm_value *out, struct miniorm_error *error)
{
    struct miniorm_value value = {.type = type};

    if (miniorm__type_size(type) == 0)
        return miniorm__fail(error, MINIORM_EINVALID, "no such type");
    if (type == MINIORM_T_bytea)
        return miniorm__fail(error, MINIORM_EUNSUPPORTED, "bytea is not read from text");
    if (miniorm__type_is_text(type) && type != MINIORM_T_numeric)
        return read_text(type, text, out, error);
    text = trim(text);
    if (type == MINIORM_T_int2 || type == MINIORM_T_int4 || type == MINIORM_T_int8)
        return read_integer(type, text, out, error);
    if (!read_scalar(type, text, &value))
        return fail_parse(type, error);
    *out = value;
    return MINIORM_OK;
}
