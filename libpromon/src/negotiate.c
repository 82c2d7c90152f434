/*
 * Negotiation: which format and which coding answer a request.
 *
 * Each format has the weight of the element that names it most precisely: with its version, by its
 * type, or as one of many. The heaviest wins; of equals the one named first, then the one above in
 * the table. Text 0.0.4 is the last resort, whatever else the header says. OpenMetrics 2.0 and text
 * 1.0.0 are given to those only that ask for their version.
 *
 * Names here have characters of ASCII only and look the same in each escaping but "dots", which
 * would double their underscores: who asks for it is told "underscores".
 */
#include <string.h>

#include "accept.h"
#include "exposition.h"

#define PROTO "io.prometheus.client.MetricFamily"

enum escaping { ESCAPING_NONE, ESCAPING_UNDERSCORES, ESCAPING_UTF_8, ESCAPING_VALUES, N_ESCAPINGS };

/* One for each escaping. */
#define UNDERSCORES(type) type "; escaping=underscores"
#define UTF_8(type) type "; escaping=allow-utf-8"
#define VALUES(type) type "; escaping=values"
#define CONTENT_TYPES(none, type)                          \
    {                                                      \
        none, UNDERSCORES(type), UTF_8(type), VALUES(type) \
    }
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define TEXT_1_TYPE "text/plain; version=1.0.0; charset=utf-8"
#define OPENMETRICS_1_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_2_TYPE "application/openmetrics-text; version=2.0.0; charset=utf-8"
#define PROTOBUF_TYPE "application/vnd.google.protobuf; proto=" PROTO "; encoding=delimited"

/* In the order in which equals are preferred. */
static const struct offer {
    enum promon_format format;
    const char *type, *family_of_types;
    const char *versions[2];
    bool is_named_by_version; /* and by nothing else */
    const char *content_types[N_ESCAPINGS];
} offers[] = {
    {PROMON_FORMAT_TEXT,
     "text/plain",
     "text/*",
     {"0.0.4"},
     false,
     CONTENT_TYPES(TEXT_TYPE, TEXT_TYPE)},
    {PROMON_FORMAT_OPENMETRICS_1,
     "application/openmetrics-text",
     "application/*",
     {"1.0.0"},
     false,
     CONTENT_TYPES(OPENMETRICS_1_TYPE, OPENMETRICS_1_TYPE)},
    {PROMON_FORMAT_PROTOBUF,
     "application/vnd.google.protobuf",
     "application/*",
     {NULL},
     false,
     CONTENT_TYPES(PROTOBUF_TYPE, PROTOBUF_TYPE)},
    {PROMON_FORMAT_TEXT_1,
     "text/plain",
     "text/*",
     {"1.0.0"},
     true,
     CONTENT_TYPES(UNDERSCORES(TEXT_1_TYPE), TEXT_1_TYPE)},
    {PROMON_FORMAT_OPENMETRICS_2,
     "application/openmetrics-text",
     "application/*",
     {"2.0.0", "2.0.0-rc0"},
     true,
     CONTENT_TYPES(OPENMETRICS_2_TYPE, OPENMETRICS_2_TYPE)},
};

#define N_OFFERS (sizeof(offers) / sizeof(offers[0]))

/* How precisely an element names an offer. */
enum match { MATCH_NONE, MATCH_ANYTHING, MATCH_TYPES, MATCH_TYPE, MATCH_VERSION };

/* What the header says about an offer. */
struct wish {
    enum match match;
    unsigned weight;
    unsigned place; /* of the element */
    enum escaping escaping;
};

static bool read_escaping(const struct promon__element *element, enum escaping *out)
{
    const struct promon__part part = promon__element_parameter(element, "escaping");

    if (part.text == NULL)
        *out = ESCAPING_NONE;
    else if (promon__part_is(part, "underscores") || promon__part_is(part, "dots"))
        *out = ESCAPING_UNDERSCORES;
    else if (promon__part_is(part, "allow-utf-8"))
        *out = ESCAPING_UTF_8;
    else if (promon__part_is(part, "values"))
        *out = ESCAPING_VALUES;
    else
        return false;
    return true;
}

static enum match match_version(const struct offer *offer, const struct promon__element *element)
{
    const struct promon__part version = promon__element_parameter(element, "version");
    size_t i;

    if (version.text == NULL)
        return offer->is_named_by_version ? MATCH_NONE : MATCH_TYPE;
    for (i = 0; i < 2 && offer->versions[i] != NULL; i++) {
        if (promon__part_is(version, offer->versions[i]))
            return MATCH_VERSION;
    }
    return MATCH_NONE;
}

static enum match match_offer(const struct offer *offer, const struct promon__element *element)
{
    if (promon__part_is(element->value, offer->type)) {
        if (offer->format != PROMON_FORMAT_PROTOBUF)
            return match_version(offer, element);
        return promon__part_is(promon__element_parameter(element, "proto"), PROTO) &&
                       promon__part_is(promon__element_parameter(element, "encoding"), "delimited")
                   ? MATCH_TYPE
                   : MATCH_NONE;
    }
    if (offer->is_named_by_version)
        return MATCH_NONE;
    if (promon__part_is(element->value, offer->family_of_types))
        return MATCH_TYPES;
    return promon__part_is(element->value, "*/*") ? MATCH_ANYTHING : MATCH_NONE;
}

static struct wish find_wish(const struct offer *offer, const char *accept)
{
    struct wish wish = {MATCH_NONE, 0, 0, ESCAPING_NONE};
    struct promon__element element;
    unsigned place;

    for (place = 0; promon__accept_next(&accept, &element); place++) {
        const enum match match = match_offer(offer, &element);
        enum escaping escaping;

        if (match == MATCH_NONE || match < wish.match || !read_escaping(&element, &escaping))
            continue;
        if (match > wish.match || element.weight > wish.weight)
            wish = (struct wish){match, element.weight, place, escaping};
    }
    return wish;
}

static bool is_looked_at(const char *header)
{
    return header != NULL &&
           strnlen(header, PROMON_MAX_HEADER_BYTES + 1) <= PROMON_MAX_HEADER_BYTES;
}

enum promon_format promon__negotiate_format(const char *accept)
{
    struct wish best = {MATCH_NONE, 0, 0, ESCAPING_NONE};
    enum promon_format format = PROMON_FORMAT_TEXT;
    size_t i;

    if (!is_looked_at(accept))
        return format;
    for (i = 0; i < N_OFFERS; i++) {
        const struct wish wish = find_wish(&offers[i], accept);

        if (wish.weight > best.weight ||
            (wish.weight != 0 && wish.weight == best.weight && wish.place < best.place)) {
            best = wish;
            format = offers[i].format;
        }
    }
    return format;
}

/* A number that is no format is text 0.0.4, as pages are. */
static const struct offer *find_offer(enum promon_format format)
{
    size_t i;

    for (i = 0; i < N_OFFERS; i++) {
        if (offers[i].format == format)
            return &offers[i];
    }
    return &offers[0];
}

const char *promon__content_type(enum promon_format format, const char *accept)
{
    const struct offer *offer = find_offer(format);

    return offer
        ->content_types[is_looked_at(accept) ? find_wish(offer, accept).escaping : ESCAPING_NONE];
}

bool promon__negotiate_gzip(const char *accept_encoding)
{
    struct promon__element element;
    int gzip = -1, identity = -1, other = -1;

    if (!is_looked_at(accept_encoding))
        return false;
    while (promon__accept_next(&accept_encoding, &element)) {
        if (promon__part_is(element.value, "gzip") || promon__part_is(element.value, "x-gzip"))
            gzip = (int)element.weight;
        else if (promon__part_is(element.value, "identity"))
            identity = (int)element.weight;
        else if (promon__part_is(element.value, "*"))
            other = (int)element.weight;
    }
    if (gzip < 0)
        gzip = other;
    return gzip > 0 && gzip >= identity;
}
