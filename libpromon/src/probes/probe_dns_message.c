/*
 * Messages of DNS. A reader goes over the bytes and remembers that it has met their end, so that
 * what it reads is checked once.
 *
 * Invariant: a pointer of a compressed name leads before the name it stands in, and each further
 * one before the one before it, so that reading ends.
 */
#include "probe_dns_message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEADER_BYTES = 12, NAME_MAX_BYTES = 255, CLASS_IN = 1 };
enum { A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

static const struct {
    const char *name;
    uint16_t type;
} types[] = {{"A", A},     {"AAAA", AAAA}, {"CNAME", CNAME}, {"MX", MX},  {"NS", NS},
             {"PTR", PTR}, {"SOA", SOA},   {"SRV", SRV},     {"TXT", TXT}};

struct reader {
    const uint8_t *data;
    size_t size, at;
    bool is_broken;
};

uint16_t promon__dns_type(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(types[i].name, name) == 0)
            return types[i].type;
    return 0;
}

const char *promon__dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};

    return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "?";
}

static size_t put16(uint8_t *out, size_t at, unsigned number)
{
    out[at] = (uint8_t)(number >> 8);
    out[at + 1] = (uint8_t)number;
    return at + 2;
}

/* Labels with their lengths; 0: no name. A dot at the end may be there or not. */
static size_t put_name(const char *name, uint8_t *out, size_t at)
{
    const size_t begin = at;

    if (strcmp(name, ".") == 0)
        name++;
    while (*name != '\0') {
        const size_t size = strcspn(name, ".");

        if (size == 0 || size > 63 || at - begin + size + 2 > NAME_MAX_BYTES)
            return 0;
        out[at] = (uint8_t)size;
        memcpy(out + at + 1, name, size);
        at += size + 1;
        name += size + (name[size] == '.' ? 1 : 0);
    }
    out[at] = 0;
    return at + 1;
}

size_t promon__dns_query(uint16_t id, const char *name, uint16_t type,
                         uint8_t out[PROMON__DNS_QUERY_BYTES])
{
    size_t at;

    memset(out, 0, HEADER_BYTES);
    (void)put16(out, 0, id);
    out[2] = 1; /* recursion desired */
    out[5] = 1; /* one question */
    at = put_name(name, out, HEADER_BYTES);
    if (at == 0)
        return 0;
    at = put16(out, at, type);
    return put16(out, at, CLASS_IN);
}

static const uint8_t *take(struct reader *reader, size_t size)
{
    const uint8_t *taken = reader->data + reader->at;

    if (reader->is_broken || size > reader->size - reader->at) {
        reader->is_broken = true;
        return NULL;
    }
    reader->at += size;
    return taken;
}

static unsigned take8(struct reader *reader)
{
    const uint8_t *bytes = take(reader, 1);

    return bytes == NULL ? 0 : bytes[0];
}

static unsigned take16(struct reader *reader)
{
    const unsigned high = take8(reader);

    return high << 8 | take8(reader);
}

static uint32_t take32(struct reader *reader)
{
    const uint32_t high = take16(reader);

    return high << 16 | take16(reader);
}

/* A label as text; what is not printable, or would look like something else, becomes '?'. */
static void append_label(struct reader *reader, size_t size, char *out, size_t *used)
{
    const uint8_t *label = take(reader, size);
    size_t i;

    if (label == NULL)
        return;
    if (*used + size + 1 > NAME_MAX_BYTES) {
        reader->is_broken = true;
        return;
    }
    if (*used > 0)
        out[(*used)++] = '.';
    for (i = 0; i < size; i++) {
        const char c = (char)label[i];

        if (c >= 'A' && c <= 'Z')
            out[*used] = (char)(c - 'A' + 'a');
        else
            out[*used] = c > ' ' && c < 127 && c != '.' ? c : '?';
        (*used)++;
    }
}

/* `out` holds NAME_MAX_BYTES + 1. */
static void take_name(struct reader *reader, char *out)
{
    struct reader jumping = *reader;
    size_t used = 0, limit = reader->at;
    bool has_jumped = false;

    while (!jumping.is_broken) {
        const unsigned size = take8(&jumping);

        if (size == 0 || jumping.is_broken)
            break;
        if (size < 64) {
            append_label(&jumping, size, out, &used);
        } else {
            const size_t to = (size & 0x3fU) << 8 | take8(&jumping);

            if (!has_jumped)
                reader->at = jumping.at;
            has_jumped = true;
            if (size < 0xc0 || to >= limit || jumping.is_broken)
                jumping.is_broken = true;
            limit = to;
            jumping.at = to < jumping.size ? to : jumping.size;
        }
    }
    if (!has_jumped)
        reader->at = jumping.at;
    reader->is_broken = jumping.is_broken;
    out[used] = '\0';
}

static void take_texts(struct reader *reader, size_t end, char *out)
{
    size_t used = 0;

    while (!reader->is_broken && reader->at < end) {
        const size_t size = take8(reader);
        const uint8_t *text = take(reader, size);
        size_t i;

        for (i = 0; text != NULL && i < size && used + 1 < PROMON__DNS_TEXT_BYTES; i++)
            out[used++] = (char)(text[i] >= ' ' && text[i] < 127 ? text[i] : '?');
    }
    out[used] = '\0';
}

static void take_address(struct reader *reader, int family, size_t size, char *out)
{
    const uint8_t *bytes = take(reader, size);

    out[0] = '\0';
    if (bytes != NULL)
        (void)inet_ntop(family, bytes, out, PROMON__DNS_TEXT_BYTES);
}

/* Numbers before a name: the preference of MX, the three of SRV. */
static void take_numbered(struct reader *reader, unsigned n_numbers, char *out)
{
    int used = 0;

    for (; n_numbers > 0; n_numbers--)
        used += snprintf(out + used, 16, "%u ", take16(reader));
    take_name(reader, out + used);
}

static void take_soa(struct reader *reader, char *out)
{
    char server[NAME_MAX_BYTES + 1], mailbox[NAME_MAX_BYTES + 1];

    take_name(reader, server);
    take_name(reader, mailbox);
    snprintf(out, PROMON__DNS_TEXT_BYTES, "%.140s %.140s %lu", server, mailbox,
             (unsigned long)take32(reader));
    (void)take(reader, 16);
}

/* What a record holds must end where it says. */
static void take_data(struct reader *reader, uint16_t type, size_t size, char *out)
{
    const size_t end = reader->at + size;

    switch (type) {
    case A: take_address(reader, AF_INET, 4, out); break;
    case AAAA: take_address(reader, AF_INET6, 16, out); break;
    case MX: take_numbered(reader, 1, out); break;
    case SRV: take_numbered(reader, 3, out); break;
    case TXT: take_texts(reader, end, out); break;
    case SOA: take_soa(reader, out); break;
    default: take_name(reader, out); break;
    }
    if (reader->at != end)
        reader->is_broken = true;
}

/*
 * `wanted`, of NAME_MAX_BYTES + 1, is the name that is asked for, and behind a CNAME of it the one
 * that it leads to. Records of other names answer another question.
 */
static void take_record(struct reader *reader, uint16_t type, char *wanted,
                        struct promon__dns_answer *out)
{
    char owner[NAME_MAX_BYTES + 1];
    unsigned its_type, its_class;
    uint32_t ttl;
    size_t size;

    take_name(reader, owner);
    its_type = take16(reader);
    its_class = take16(reader);
    ttl = take32(reader);
    size = take16(reader);
    if (reader->is_broken || size > reader->size - reader->at) {
        reader->is_broken = true;
    } else if (its_class != CLASS_IN || strcmp(owner, wanted) != 0 ||
               (its_type != type && its_type != CNAME) || out->count == PROMON__DNS_RECORDS) {
        (void)take(reader, size);
    } else if (its_type != type) {
        take_data(reader, CNAME, size, wanted);
    } else {
        take_data(reader, type, size, out->records[out->count]);
        out->ttl = out->count == 0 || ttl < out->ttl ? ttl : out->ttl;
        out->count++;
    }
}

/* The same id, a response to a plain query, and, if there is one, the same question. */
static bool is_answer_to(const uint8_t *data, size_t size, const uint8_t *query, size_t query_size,
                         bool *has_question)
{
    size_t i;

    if (size < HEADER_BYTES || memcmp(data, query, 2) != 0 || (data[2] & 0xf8) != 0x80)
        return false;
    *has_question = data[4] == 0 && data[5] == 1;
    /* A server that did not understand the question need not repeat it. */
    if (data[4] == 0 && data[5] == 0)
        return (data[3] & 0x0f) != 0;
    if (!*has_question || size < query_size)
        return false;
    for (i = HEADER_BYTES; i < query_size; i++) {
        const char one[] = {(char)data[i], '\0'}, other[] = {(char)query[i], '\0'};

        if (strcasecmp(one, other) != 0)
            return false;
    }
    return true;
}

enum promon__dns_read promon__dns_read(const uint8_t *data, size_t size, const uint8_t *query,
                                       size_t query_size, struct promon__dns_answer *out)
{
    const uint16_t type = (uint16_t)(query[query_size - 4] << 8 | query[query_size - 3]);
    struct reader reader = {.data = data, .size = size, .at = HEADER_BYTES};
    char wanted[NAME_MAX_BYTES + 1];
    bool has_question = false;
    unsigned n;

    if (!is_answer_to(data, size, query, query_size, &has_question))
        return PROMON__DNS_FOREIGN;
    memset(out, 0, sizeof(*out));
    out->rcode = data[3] & 0x0f;
    out->is_truncated = (data[2] & 0x02) != 0;
    /* The rest of what was cut off is of no use. */
    if (!has_question || out->is_truncated)
        return PROMON__DNS_ANSWER;
    take_name(&reader, wanted);
    reader.at = query_size;
    for (n = (unsigned)data[6] << 8 | data[7]; n > 0 && !reader.is_broken; n--)
        take_record(&reader, type, wanted, out);
    return reader.is_broken ? PROMON__DNS_BROKEN : PROMON__DNS_ANSWER;
}

static bool is_same_address(int family, const char *one, const char *other)
{
    uint8_t first[16], second[16];

    return inet_pton(family, one, first) == 1 && inet_pton(family, other, second) == 1 &&
           memcmp(first, second, family == AF_INET ? 4 : 16) == 0;
}

static size_t size_without_dot(const char *name)
{
    const size_t size = strlen(name);

    return size > 1 && name[size - 1] == '.' ? size - 1 : size;
}

bool promon__dns_is_same(uint16_t type, const char *one, const char *other)
{
    const size_t size = size_without_dot(one);

    if (type == A || type == AAAA)
        return is_same_address(type == A ? AF_INET : AF_INET6, one, other);
    if (type == TXT)
        return strcmp(one, other) == 0;
    return size == size_without_dot(other) && strncasecmp(one, other, size) == 0;
}
