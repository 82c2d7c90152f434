/*
 * Failure: SQLSTATEs and libpq's texts to statuses and error structures.
 *
 * An exact SQLSTATE is looked up first, then its class (the first two characters); what is in
 * neither table is MINIORM_EDATABASE. Messages are one line: what failed, then why. The server's
 * DETAIL and CONTEXT stay out, because they quote values and statements.
 */
#include "failure.h"

#include <stdio.h>
#include <string.h>

#include "../error.h"

#define SQLSTATE_SIZE 5

struct mapping {
    const char *code;
    enum miniorm_status status;
};

static const struct mapping states[] = {
    {"23502", MINIORM_ENOTNULL},
    {"23503", MINIORM_EFOREIGNKEY},
    {"23001", MINIORM_EFOREIGNKEY}, /* restrict_violation */
    {"23505", MINIORM_EUNIQUE},
    {"23514", MINIORM_ECHECK},
    {"23P01", MINIORM_ECHECK}, /* exclusion_violation */
    {"25006", MINIORM_ESTATEMENT}, /* read_only_sql_transaction */
    {"25P02", MINIORM_EABORTED}, /* in_failed_sql_transaction */
    {"25P03", MINIORM_ETIMEDOUT}, /* idle_in_transaction_session_timeout */
    {"25P04", MINIORM_ETIMEDOUT}, /* transaction_timeout */
    {"3D000", MINIORM_EAUTH}, /* no such database */
    {"40001", MINIORM_ECONFLICT},
    {"40P01", MINIORM_ECONFLICT},
    {"42501", MINIORM_EPERMISSION},
    {"54001", MINIORM_ERESOURCES}, /* statement_too_complex: stack depth */
    {"55P03", MINIORM_EBUSY}, /* lock_not_available */
    {"57014", MINIORM_ECANCELLED}, /* query_canceled, also by statement_timeout */
    {"57P01", MINIORM_ECONNECTION}, /* admin_shutdown */
    {"57P02", MINIORM_ECONNECTION}, /* crash_shutdown */
    {"57P03", MINIORM_EUNAVAILABLE}, /* cannot_connect_now */
    {"57P05", MINIORM_ECONNECTION}, /* idle_session_timeout */
};

static const struct mapping classes[] = {
    {"08", MINIORM_ECONNECTION}, /* connection exception */
    {"0A", MINIORM_EUNSUPPORTED}, /* feature not supported */
    {"21", MINIORM_ESTATEMENT}, /* cardinality violation */
    {"22", MINIORM_EVALUE}, /* data exception */
    {"23", MINIORM_ECHECK}, /* integrity constraint violation */
    {"26", MINIORM_ESTATEMENT}, /* invalid statement name */
    {"28", MINIORM_EAUTH}, /* invalid authorization specification */
    {"3F", MINIORM_ESTATEMENT}, /* invalid schema name */
    {"40", MINIORM_ECONFLICT}, /* transaction rollback */
    {"42", MINIORM_ESTATEMENT}, /* syntax error or access rule violation */
    {"44", MINIORM_ECHECK}, /* WITH CHECK OPTION violation */
    {"53", MINIORM_ERESOURCES}, /* insufficient resources */
    {"54", MINIORM_ELIMIT}, /* program limit exceeded */
    {"55", MINIORM_EBUSY}, /* object not in prerequisite state */
    {"58", MINIORM_ERESOURCES}, /* system error: disk full, I/O */
};

static enum miniorm_status find(const struct mapping *table, size_t count, const char *code,
                                size_t size)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (memcmp(table[i].code, code, size) == 0)
            return table[i].status;
    }
    return MINIORM_OK;
}

enum miniorm_status miniorm__pg_status(const char *sqlstate)
{
    enum miniorm_status status;

    if (sqlstate == NULL || strlen(sqlstate) != SQLSTATE_SIZE)
        return MINIORM_EDATABASE;
    status = find(states, sizeof(states) / sizeof(states[0]), sqlstate, SQLSTATE_SIZE);
    if (status == MINIORM_OK)
        status = find(classes, sizeof(classes) / sizeof(classes[0]), sqlstate, 2);
    return status == MINIORM_OK ? MINIORM_EDATABASE : status;
}

static void copy_field(char *out, size_t size, const PGresult *result, int field)
{
    const char *text = PQresultErrorField(result, field);

    snprintf(out, size, "%s", text == NULL ? "" : text);
}

void miniorm__pg_first_line(char *out, size_t size, const char *text)
{
    const size_t length = text == NULL ? 0 : strcspn(text, "\r\n");

    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), length ? text : "");
}

/*
 * The column of a key of one column, which the server names in the DETAIL only: `Key (name)=(Ann)
 * already exists.`, in any language. False for keys of several columns and of expressions.
 */
static bool find_key_column(const PGresult *result, char out[MINIORM_NAME_SIZE])
{
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *start = detail == NULL ? NULL : strchr(detail, '(');
    size_t size;

    if (start == NULL)
        return false;
    start++;
    size = strcspn(start, ")(, ");
    if (strncmp(start + size, ")=(", 3) != 0)
        return false;
    if (size >= 2 && start[0] == '"' && start[size - 1] == '"') {
        start++;
        size -= 2;
    }
    if (size == 0 || size >= MINIORM_NAME_SIZE)
        return false;
    memcpy(out, start, size);
    out[size] = '\0';
    return true;
}

/*
 * The key in the DETAIL of a foreign key is that of the other table when a row is still referred
 * to: then the constraint has not the name that PostgreSQL gives by the column.
 */
static void name_column(struct miniorm_error *error, const PGresult *result)
{
    char column[MINIORM_NAME_SIZE];
    char constraint[3 * MINIORM_NAME_SIZE];

    if (error->column[0] != '\0' || !find_key_column(result, column))
        return;
    snprintf(constraint, sizeof(constraint), "%s_%s_fkey", error->table, column);
    if (error->status == MINIORM_EUNIQUE ||
        (error->status == MINIORM_EFOREIGNKEY && strcmp(error->constraint, constraint) == 0))
        memcpy(error->column, column, sizeof(column));
}

/* A statement that the server's own statement_timeout ended has the SQLSTATE of a cancelled one;
 * only the message tells them apart. */
static enum miniorm_status result_status(const char *sqlstate, const char *message)
{
    const enum miniorm_status status = miniorm__pg_status(sqlstate);

    if (status == MINIORM_ECANCELLED && message != NULL &&
        strstr(message, "statement timeout") != NULL)
        return MINIORM_ETIMEDOUT;
    return status;
}

enum miniorm_status miniorm__pg_fail_result(struct miniorm_error *error, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const enum miniorm_status status = result_status(sqlstate, message);
    char line[sizeof(error->message)];

    if (error == NULL || error->status != MINIORM_OK)
        return status;
    miniorm__pg_first_line(line, sizeof(line),
                           message != NULL ? message : PQresultErrorMessage(result));
    miniorm__fail(error, status, "the statement failed: %s", line);
    copy_field(error->sqlstate, sizeof(error->sqlstate), result, PG_DIAG_SQLSTATE);
    copy_field(error->constraint, sizeof(error->constraint), result, PG_DIAG_CONSTRAINT_NAME);
    copy_field(error->table, sizeof(error->table), result, PG_DIAG_TABLE_NAME);
    copy_field(error->column, sizeof(error->column), result, PG_DIAG_COLUMN_NAME);
    name_column(error, result);
    return status;
}

static bool is_code_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Finds ":  28P01: " as PQERRORS_VERBOSE writes it; a severity in any language stands before. */
static bool find_sqlstate(const char *text, char out[SQLSTATE_SIZE + 1])
{
    for (text = strstr(text, ":  "); text != NULL; text = strstr(text + 1, ":  ")) {
        size_t i = 0;

        while (i < SQLSTATE_SIZE && is_code_character(text[3 + i]))
            i++;
        if (i == SQLSTATE_SIZE && text[3 + i] == ':') {
            memcpy(out, text + 3, SQLSTATE_SIZE);
            out[SQLSTATE_SIZE] = '\0';
            return true;
        }
    }
    return false;
}

static enum miniorm_status connect_status(const char *sqlstate, const PGconn *connection)
{
    enum miniorm_status status;

    if (*sqlstate == '\0')
        return PQconnectionNeedsPassword(connection) ? MINIORM_EAUTH : MINIORM_EUNAVAILABLE;
    status = miniorm__pg_status(sqlstate);
    if (status == MINIORM_EPERMISSION)
        return MINIORM_EAUTH;
    if (status == MINIORM_EAUTH || status == MINIORM_ERESOURCES)
        return status;
    return MINIORM_EUNAVAILABLE;
}

enum miniorm_status miniorm__pg_fail_connect(struct miniorm_error *error, const PGconn *connection)
{
    const char *text = PQerrorMessage(connection);
    char sqlstate[SQLSTATE_SIZE + 1] = "";
    enum miniorm_status status;
    char line[sizeof(error->message)];

    find_sqlstate(text, sqlstate);
    status = connect_status(sqlstate, connection);
    if (error == NULL || error->status != MINIORM_OK)
        return status;
    miniorm__pg_first_line(line, sizeof(line), text);
    miniorm__fail(error, status, "cannot connect to PostgreSQL: %s", line);
    memcpy(error->sqlstate, sqlstate, sizeof(sqlstate));
    return status;
}

enum miniorm_status miniorm__pg_fail_broken(struct miniorm_error *error, const PGconn *connection)
{
    char line[sizeof(error->message)];

    miniorm__pg_first_line(line, sizeof(line), PQerrorMessage(connection));
    return miniorm__fail(error, MINIORM_ECONNECTION, "the connection to PostgreSQL broke%s%s",
                         *line == '\0' ? "" : ": ", line);
}

static bool has_field(const PGresult *result, int field, const char *wanted)
{
    const char *value = PQresultErrorField(result, field);

    return value != NULL && strcmp(value, wanted) == 0;
}

bool miniorm__pg_is_fatal(const PGresult *result)
{
    return has_field(result, PG_DIAG_SEVERITY_NONLOCALIZED, "FATAL") ||
           has_field(result, PG_DIAG_SEVERITY_NONLOCALIZED, "PANIC");
}

bool miniorm__pg_is_stale(const PGresult *result)
{
    return has_field(result, PG_DIAG_SQLSTATE, "26000") ||
           (has_field(result, PG_DIAG_SQLSTATE, "0A000") &&
            has_field(result, PG_DIAG_SOURCE_FUNCTION, "RevalidateCachedQuery"));
}

bool miniorm__pg_is_cancelled(const PGresult *result)
{
    return has_field(result, PG_DIAG_SQLSTATE, "57014");
}
