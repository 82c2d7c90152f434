/*
 * Messages of DNS (RFC 1035): a question made, and an answer to it read from bytes that anybody may
 * have sent.
 */
#ifndef PROMON_SRC_PROBES_PROBE_DNS_MESSAGE_H
#define PROMON_SRC_PROBES_PROBE_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROMON__DNS_QUERY_BYTES = 12 + 255 + 4,
    PROMON__DNS_RECORDS = 32, /* of an answer; further ones are left out */
    PROMON__DNS_TEXT_BYTES = 300 /* of one record, as text; what is longer is cut */
};

/* The number of a type, such as "AAAA"; 0: none that is known here. */
uint16_t promon__dns_type(const char *name);

/* A question that asks for recursion; returns its bytes, 0 when `name` is none of DNS. */
size_t promon__dns_query(uint16_t id, const char *name, uint16_t type,
                         uint8_t out[PROMON__DNS_QUERY_BYTES]);

struct promon__dns_answer {
    unsigned rcode;
    bool is_truncated;
    uint32_t ttl; /* the least of the records */
    size_t count;
    char records[PROMON__DNS_RECORDS][PROMON__DNS_TEXT_BYTES]; /* "10 mail.example" */
};

enum promon__dns_read {
    PROMON__DNS_ANSWER = 1,
    PROMON__DNS_FOREIGN = 2, /* no answer to this question: to be ignored */
    PROMON__DNS_BROKEN = 3 /* an answer to it that makes no sense */
};

enum promon__dns_read promon__dns_read(const uint8_t *data, size_t size, const uint8_t *query,
                                       size_t query_size, struct promon__dns_answer *out);

/* "NXDOMAIN"; "?" for a number without a name. */
const char *promon__dns_rcode_name(unsigned rcode);

/* Whether two records say the same: names without capitals and a dot at the end, addresses. */
bool promon__dns_is_same(uint16_t type, const char *one, const char *other);

#endif
