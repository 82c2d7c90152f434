/*
 * Fault: what SQLite reports, as libminiorm reports it.
 *
 * SQLite names tables and columns in the text of its messages only; the forms read here are those
 * of its own sources, and a form that is not known leaves the names empty.
 */
#include "fault.h"

#include <stdbool.h>
#include <string.h>

#include "../error.h"

static const struct {
    int code;
    enum miniorm_status status;
} extended[] = {
    {SQLITE_CONSTRAINT_UNIQUE, MINIORM_EUNIQUE},
    {SQLITE_CONSTRAINT_PRIMARYKEY, MINIORM_EUNIQUE},
    {SQLITE_CONSTRAINT_ROWID, MINIORM_EUNIQUE},
    {SQLITE_CONSTRAINT_FOREIGNKEY, MINIORM_EFOREIGNKEY},
    {SQLITE_CONSTRAINT_NOTNULL, MINIORM_ENOTNULL},
    {SQLITE_CONSTRAINT_DATATYPE, MINIORM_EVALUE},
    /* A write on a snapshot that others have overtaken: the transaction must begin again. */
    {SQLITE_BUSY_SNAPSHOT, MINIORM_ECONFLICT},
    {SQLITE_IOERR_NOMEM, MINIORM_ENOMEM},
    {SQLITE_READONLY_DBMOVED, MINIORM_EUNAVAILABLE},
};

static const struct {
    int code;
    enum miniorm_status status;
} primary[] = {
    {SQLITE_ERROR, MINIORM_ESTATEMENT},      {SQLITE_PERM, MINIORM_EPERMISSION},
    {SQLITE_ABORT, MINIORM_EABORTED},        {SQLITE_BUSY, MINIORM_EBUSY},
    {SQLITE_LOCKED, MINIORM_EBUSY},          {SQLITE_NOMEM, MINIORM_ENOMEM},
    {SQLITE_READONLY, MINIORM_EPERMISSION},  {SQLITE_INTERRUPT, MINIORM_ECANCELLED},
    {SQLITE_IOERR, MINIORM_ERESOURCES},      {SQLITE_FULL, MINIORM_ERESOURCES},
    {SQLITE_CANTOPEN, MINIORM_EUNAVAILABLE}, {SQLITE_PROTOCOL, MINIORM_EBUSY},
    {SQLITE_TOOBIG, MINIORM_EVALUE},         {SQLITE_CONSTRAINT, MINIORM_ECHECK},
    {SQLITE_MISMATCH, MINIORM_EVALUE},       {SQLITE_MISUSE, MINIORM_EINVALID},
    {SQLITE_NOLFS, MINIORM_ERESOURCES},      {SQLITE_AUTH, MINIORM_EPERMISSION},
    {SQLITE_RANGE, MINIORM_EINVALID},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum miniorm_status miniorm__sqlite_status(int code)
{
    size_t i;

    for (i = 0; i < COUNT(extended); i++) {
        if (extended[i].code == code)
            return extended[i].status;
    }
    for (i = 0; i < COUNT(primary); i++) {
        if (primary[i].code == (code & 0xff))
            return primary[i].status;
    }
    return MINIORM_EDATABASE;
}

/* What follows `prefix` in `message`, or NULL. */
static const char *after(const char *message, const char *prefix)
{
    const size_t size = strlen(prefix);

    return strncmp(message, prefix, size) == 0 ? message + size : NULL;
}

/* "table.column", or "table.a, table.b", of which no single column is at fault. */
static void read_columns(struct miniorm_error *error, const char *names)
{
    const char *point = strchr(names, '.');

    if (point == NULL)
        return;
    miniorm__error_name(error->table, names, (size_t)(point - names));
    if (strstr(point, ", ") == NULL)
        miniorm__error_name(error->column, point + 1, strlen(point + 1));
}

/* A constraint without a name is shown as its expression, which is no name. */
static void read_constraint(struct miniorm_error *error, const char *name)
{
    const char *c;

    for (c = name; *c != '\0'; c++) {
        if (*c == ' ' || *c == '(' || *c == '\'' || *c == '"')
            return;
    }
    miniorm__error_name(error->constraint, name, strlen(name));
}

static void read_names(struct miniorm_error *error, const char *message)
{
    const char *names;

    if ((names = after(message, "UNIQUE constraint failed: ")) != NULL) {
        const char *index = after(names, "index '");

        if (index != NULL)
            miniorm__error_name(error->constraint, index, strcspn(index, "'"));
        else
            read_columns(error, names);
    } else if ((names = after(message, "NOT NULL constraint failed: ")) != NULL) {
        read_columns(error, names);
    } else if ((names = after(message, "CHECK constraint failed: ")) != NULL) {
        read_constraint(error, names);
    }
}

enum miniorm_status miniorm__sqlite_fail(sqlite3 *connection, int code, struct miniorm_error *error)
{
    const enum miniorm_status status = miniorm__sqlite_status(code);
    const char *message = connection == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(connection);

    if (error == NULL || error->status != MINIORM_OK)
        return status;
    miniorm__fail(error, status, "SQLite: %s", message);
    error->native_code = code;
    if (status == MINIORM_ERESOURCES || status == MINIORM_EUNAVAILABLE)
        error->system_errno = connection == NULL ? 0 : sqlite3_system_errno(connection);
    read_names(error, message);
    return status;
}
