/*
 * Packets of MySQL: three bytes of length, a number in a row, and that many bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "probe_mysql.h"

enum { HEAD_BYTES = 4, STATE_BYTES = 6 };

bool promon__mysql_nonsense(struct promon__mysql *mysql)
{
    return promon__channel_trouble(&mysql->channel, PROMON_REASON_PROTOCOL,
                                   "the answer is not one of MySQL");
}

static bool reserve(struct promon__mysql *mysql, size_t size)
{
    unsigned char *larger;

    if (size < mysql->capacity)
        return true;
    larger = realloc(mysql->packet, size + 1);
    if (larger == NULL)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_INTERNAL, "out of memory");
    mysql->packet = larger;
    mysql->capacity = size + 1;
    return true;
}

bool promon__mysql_receive(struct promon__mysql *mysql, size_t limit)
{
    unsigned char head[HEAD_BYTES];
    size_t size;

    if (!promon__channel_read(&mysql->channel, head, sizeof(head)))
        return false;
    size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (size == 0 || head[3] != mysql->sequence)
        return promon__mysql_nonsense(mysql);
    if (size > limit)
        return promon__channel_trouble(&mysql->channel, PROMON_REASON_PROTOCOL,
                                       "it sends more than is wanted");
    mysql->sequence++;
    if (!reserve(mysql, size) || !promon__channel_read(&mysql->channel, mysql->packet, size))
        return false;
    mysql->size = size;
    mysql->packet[size] = '\0';
    return true;
}

bool promon__mysql_send(struct promon__mysql *mysql, const void *data, size_t size)
{
    unsigned char head[HEAD_BYTES] = {(unsigned char)size, (unsigned char)(size >> 8),
                                      (unsigned char)(size >> 16), mysql->sequence};

    mysql->sequence++;
    return promon__channel_send(&mysql->channel, head, sizeof(head)) &&
           promon__channel_send(&mysql->channel, data, size);
}

static enum promon_reason reason_of(unsigned code)
{
    switch (code) {
    case 1044: /* no right to the database */
    case 1045: /* wrong user or password */
    case 1049: /* no such database */
    case 1130: /* not from this host */
    case 1142: /* no right to the table */
    case 1227: /* no right to do that */
    case 1251: /* a login that is not known to us */
    case 1524: /* one that is not known to the server */
    case 1698: /* wrong user, without a password */
    case 1820: /* the password must be changed first */
    case 1862: /* the password has expired */
    case 3118: /* the account is locked */
    case 3159: /* TLS is demanded */
    case 4151: /* the account is locked, of MariaDB */ return PROMON_REASON_AUTH;
    case 1969: /* the query took too long, of MariaDB */
    case 3024: /* the same */ return PROMON_REASON_TIMEOUT;
    default: return PROMON_REASON_STATUS;
    }
}

bool promon__mysql_refused(struct promon__mysql *mysql)
{
    unsigned code;
    const char *text;

    if (mysql->size < 3)
        return promon__mysql_nonsense(mysql);
    code = (unsigned)mysql->packet[1] | (unsigned)mysql->packet[2] << 8;
    text = (const char *)mysql->packet + 3;
    if (*text == '#' && mysql->size >= 3 + STATE_BYTES)
        text += STATE_BYTES;
    return promon__channel_trouble(&mysql->channel, reason_of(code), "error %u: %s", code, text);
}
