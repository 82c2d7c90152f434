/*
 * URL: the text that names brokers, taken apart. Nothing here allocates but decoding, and no error
 * repeats anything that stands before the query, where the password may be.
 */
#ifndef AMQPEXT_SRC_URL_H
#define AMQPEXT_SRC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include <amqpext/status.h>

#include "arena.h"
#include "bytes.h"

/* Longest name of a host: that of a DNS name. */
enum { URL_HOST_MAX = 253 };

/* Still escaped, but known to be well-formed. */
struct url {
    bool has_tls; /* amqps */
    bool has_user, has_password;
    struct bytes user, password;
    struct bytes hosts; /* checked too: every one can be read */
    struct bytes vhost; /* empty: none given */
    struct bytes query;
};

enum amqpext_status amqpext__url_split(const char *text, struct url *out,
                                       struct amqpext_error *error);

struct url_host {
    struct bytes name; /* without brackets */
    struct bytes zone; /* of a link-local IPv6 address, or empty */
    bool is_ipv6;
    uint16_t port; /* 0: none given */
};

/* Takes the first host off the list. */
enum amqpext_status amqpext__url_next_host(struct bytes *hosts, struct url_host *out,
                                           struct amqpext_error *error);

/* What the query says; zero and NULL: nothing. Texts are in the arena. */
struct url_query {
    const char *ca_file, *cert_file, *key_file, *server_name;
    uint32_t verify; /* see enum */
    uint32_t mechanism;
    uint32_t heartbeat_s, connect_timeout_ms, frame_max;
    const char *tls_parameter; /* the first one that means nothing without TLS */
};

enum { URL_VERIFY_PEER = 1, URL_VERIFY_NONE = 2, URL_PLAIN = 1, URL_EXTERNAL = 2 };

enum amqpext_status amqpext__url_query(struct bytes query, struct arena *arena,
                                       struct url_query *out, struct amqpext_error *error);

/* The text without its escapes, in the arena; NULL when memory ran out. */
char *amqpext__url_decode(struct bytes escaped, struct arena *arena);

/*
 * Checks that a part has only bytes that may stand for themselves there (unreserved ones and those
 * of `also`) and whole escapes, none of them for NUL.
 */
enum amqpext_status amqpext__url_check(struct bytes part, const char *also, const char *what,
                                       struct amqpext_error *error);

/* Digits only; false where the number is not in the range. */
bool amqpext__url_number(struct bytes digits, uint32_t least, uint32_t most, uint32_t *out);

#endif
