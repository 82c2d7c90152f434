/*
 * Troubles with PostgreSQL: libpq's words made one line, and SQLSTATE as a reason. The words of a
 * server are in the language of the server; the SQLSTATE that verbose messages hold is not.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe_postgres.h"

enum { STATE_SIZE = 5 };

struct meaning {
    const char *state; /* or how it begins */
    enum promon_reason reason;
};

static const struct meaning meanings[] = {
    {"28", PROMON_REASON_AUTH}, /* wrong user or password, or not from this host */
    {"3D", PROMON_REASON_AUTH}, /* no such database */
    {"42501", PROMON_REASON_AUTH}, /* no right to the database, or to what is asked for */
    {"57014", PROMON_REASON_TIMEOUT}, /* the query took too long */
    {"08", PROMON_REASON_PROTOCOL},
};

bool promon__postgres_trouble(struct promon__postgres *postgres, enum promon_reason reason,
                              const char *format, ...)
{
    va_list arguments;

    if (postgres->reason != PROMON_REASON_NONE)
        return false;
    postgres->reason = reason;
    va_start(arguments, format);
    (void)vsnprintf(postgres->why, sizeof(postgres->why), format, arguments);
    va_end(arguments);
    return false;
}

static bool is_state(const char *text)
{
    size_t i;

    for (i = 0; i < STATE_SIZE; i++)
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'A' && text[i] <= 'Z'))
            return false;
    return text[STATE_SIZE] == ':';
}

/* Of "FATAL:  28P01: what happened"; NULL: there is none, the words are libpq's own. */
static const char *find_state(const char *message)
{
    const char *at = strstr(message, ":  ");

    while (at != NULL && !is_state(at + 3))
        at = strstr(at + 1, ":  ");
    return at == NULL ? NULL : at + 3;
}

static enum promon_reason reason_of(const char *state)
{
    size_t i;

    for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return meanings[i].reason;
    return PROMON_REASON_STATUS;
}

bool promon__postgres_refused(struct promon__postgres *postgres, const char *message,
                              enum promon_reason otherwise)
{
    const char *state = find_state(message);
    int length;

    if (state != NULL) {
        length = (int)strcspn(state, "\n");
        return promon__postgres_trouble(postgres, reason_of(state), "%.*s", length, state);
    }
    length = (int)strcspn(message, "\n");
    return promon__postgres_trouble(postgres, otherwise, "%.*s", length, message);
}
