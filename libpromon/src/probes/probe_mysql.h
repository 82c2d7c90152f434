/*
 * The module "mysql", as its parts know it: one connection that speaks the protocol of MySQL and
 * MariaDB, its packets, and its logins.
 */
#ifndef PROMON_SRC_PROBES_PROBE_MYSQL_H
#define PROMON_SRC_PROBES_PROBE_MYSQL_H

#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

enum {
    /* The whole answer to a query: it is one figure that is asked for. */
    PROMON__MYSQL_ANSWER_BYTES = 1 << 20,
    PROMON__MYSQL_NONCE_BYTES = 20,
    PROMON__MYSQL_PLUGIN_BYTES = 64
};

/* First bytes of packets. */
enum { MYSQL_OK = 0x00, MYSQL_MORE = 0x01, MYSQL_FILE = 0xfb, MYSQL_EOF = 0xfe, MYSQL_ERR = 0xff };

struct promon__mysql {
    const struct promon_host *host;
    struct promon_target target;
    const char *user, *password, *database; /* NULL: none */
    const char *query, *expected; /* NULL: not given */
    bool uses_tls, keeps;
    struct promon__secure secure;
    struct promon__channel channel;

    /* Of the connection. */
    uint8_t sequence; /* of the next packet */
    bool is_mariadb;
    unsigned char nonce[PROMON__MYSQL_NONCE_BYTES];
    char plugin[PROMON__MYSQL_PLUGIN_BYTES]; /* by which to log in */

    /* The packet that was received last, and a NUL behind it. */
    unsigned char *packet;
    size_t size, capacity;
};

/* The next packet, of at most `limit` bytes and never empty. False: there is trouble. */
bool promon__mysql_receive(struct promon__mysql *mysql, size_t limit);

/* Sends one, of less than 16 MiB. False: there is trouble. */
bool promon__mysql_send(struct promon__mysql *mysql, const void *data, size_t size);

/* The packet says that something is wrong: trouble, false. */
bool promon__mysql_refused(struct promon__mysql *mysql);

/* It is not of the protocol: the same. */
bool promon__mysql_nonsense(struct promon__mysql *mysql);

/*
 * From the greeting to the end of the login, TLS included, which takes *tls_ns of it. False: there
 * is trouble.
 */
bool promon__mysql_log_in(struct promon__mysql *mysql, int64_t *tls_ns);

#endif
