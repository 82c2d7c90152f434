/*
 * Columns of CREATE TABLE: types, defaults and checks, for each database.
 *
 * SQLite's tables are STRICT, so that a column holds what its type is stored as and nothing else;
 * what PostgreSQL's types refuse by themselves is a check there. Constraints have the names that
 * PostgreSQL gives them, on both.
 */
#include <strings.h>

#include "row.h"
#include "schema.h"

/* A default that the databases spell differently. `sqlite` may depend on what the column stores. */
struct known_default {
    const char *text;
    const char *sqlite;
    const char *sqlite_date;
    const char *sqlite_time;
};

#define SQLITE_NOW "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
#define SQLITE_TODAY "strftime('%Y-%m-%d', 'now')"
#define SQLITE_TIME "strftime('%H:%M:%f000', 'now')"
/* Version 4: 122 random bits. */
#define SQLITE_UUID                                                                     \
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || "                 \
    "substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || " \
    "substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"

static const struct known_default known_defaults[] = {
    {"now()", SQLITE_NOW, SQLITE_TODAY, SQLITE_TIME},
    {"CURRENT_TIMESTAMP", SQLITE_NOW, SQLITE_TODAY, SQLITE_TIME},
    {"CURRENT_DATE", SQLITE_TODAY, SQLITE_TODAY, SQLITE_TODAY},
    {"CURRENT_TIME", SQLITE_TIME, SQLITE_TIME, SQLITE_TIME},
    {"gen_random_uuid()", SQLITE_UUID, SQLITE_UUID, SQLITE_UUID},
    {"true", "1", "1", "1"},
    {"false", "0", "0", "0"},
};

static bool is_sqlite(const struct miniorm__sql *sql)
{
    return sql->dialect->id == MINIORM_SQLITE;
}

static const char *sqlite_type(enum miniorm_type type)
{
    switch (type) {
    case MINIORM_T_boolean:
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return "INTEGER";
    case MINIORM_T_float4:
    case MINIORM_T_float8: return "REAL";
    case MINIORM_T_numeric: return "TEXT COLLATE miniorm_numeric";
    case MINIORM_T_bytea: return "BLOB";
    default: return "TEXT";
    }
}

static void write_type(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    if (is_sqlite(sql)) {
        miniorm__sql_string(sql, sqlite_type(column->type));
        return;
    }
    miniorm__sql_string(sql, miniorm_type_name(column->type));
    if (column->type == MINIORM_T_varchar && column->max_len != 0) {
        miniorm__sql_bytes(sql, "(", 1);
        miniorm__sql_number(sql, column->max_len);
        miniorm__sql_bytes(sql, ")", 1);
    }
    if (column->precision != 0) {
        miniorm__sql_bytes(sql, "(", 1);
        miniorm__sql_number(sql, column->precision);
        miniorm__sql_bytes(sql, ",", 1);
        miniorm__sql_number(sql, column->scale);
        miniorm__sql_bytes(sql, ")", 1);
    }
}

static const char *sqlite_default(const struct miniorm_column *column)
{
    const struct known_default *known = known_defaults;
    size_t i;

    for (i = 0; i < sizeof(known_defaults) / sizeof(known_defaults[0]); i++, known++) {
        if (strcasecmp(known->text, column->sql_default) != 0)
            continue;
        if (column->type == MINIORM_T_date)
            return known->sqlite_date;
        return column->type == MINIORM_T_time ? known->sqlite_time : known->sqlite;
    }
    return column->sql_default;
}

static void write_default(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    if (column->sql_default == NULL)
        return;
    miniorm__sql_string(sql, " DEFAULT (");
    miniorm__sql_string(sql, is_sqlite(sql) ? sqlite_default(column) : column->sql_default);
    miniorm__sql_bytes(sql, ")", 1);
}

/* CONSTRAINT name CHECK (before "column" after) */
static void write_check(struct miniorm__sql *sql, const struct miniorm_column *column,
                        const char *label, const char *before, const char *after)
{
    char name[MINIORM_NAME_SIZE];

    miniorm__constraint_name(sql->model->table, column->name, label, name);
    miniorm__sql_string(sql, " CONSTRAINT ");
    miniorm__sql_name(sql, name);
    miniorm__sql_string(sql, " CHECK (");
    miniorm__sql_string(sql, before);
    if (after != NULL) {
        miniorm__sql_name(sql, column->name);
        miniorm__sql_string(sql, after);
    }
    miniorm__sql_bytes(sql, ")", 1);
}

static void write_length_check(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    char after[32];
    size_t at = sizeof(after) - 1;
    uint32_t left = column->max_len;

    if (left == 0 || (column->type == MINIORM_T_varchar && !is_sqlite(sql)))
        return;
    after[at] = '\0';
    do {
        after[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    at -= 5;
    memcpy(after + at, ") <= ", 5);
    write_check(sql, column, "length", is_sqlite(sql) ? "length(" : "char_length(", after + at);
}

static void write_checks(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    write_length_check(sql, column);
    if (is_sqlite(sql) && column->type == MINIORM_T_boolean)
        write_check(sql, column, "boolean", "", " IN (0, 1)");
    if (is_sqlite(sql) && (column->type == MINIORM_T_json || column->type == MINIORM_T_jsonb)) {
        /* Before SQLite 3.42 a NULL is no valid JSON, and the check would refuse it. */
        write_check(sql, column, "json", "json_valid(coalesce(", ", 'null'))");
    }
    if (column->check != NULL)
        write_check(sql, column, "check", column->check, NULL);
}

bool miniorm__schema_is_rowid(const struct miniorm__sql *sql, const struct miniorm_column *column)
{
    const uint32_t wanted = MINIORM_IDENTITY | MINIORM_PRIMARY_KEY;

    return is_sqlite(sql) && (column->flags & wanted) == wanted &&
           __builtin_popcountll(miniorm__model_key(sql->model)) == 1;
}

static void write_identity(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    if ((column->flags & MINIORM_IDENTITY) == 0)
        return;
    if (miniorm__schema_is_rowid(sql, column))
        /* Numbers of deleted rows do not come again, as with an identity of PostgreSQL. */
        miniorm__sql_string(sql, " PRIMARY KEY AUTOINCREMENT");
    else if (is_sqlite(sql))
        miniorm__sql_fail(sql, MINIORM_EUNSUPPORTED,
                          "SQLite numbers only a primary key of one column, and %s.%s is none",
                          sql->model->table, column->name);
    else
        miniorm__sql_string(sql, " GENERATED BY DEFAULT AS IDENTITY");
}

void miniorm__schema_column(struct miniorm__sql *sql, const struct miniorm_column *column)
{
    miniorm__sql_name(sql, column->name);
    miniorm__sql_bytes(sql, " ", 1);
    write_type(sql, column);
    if ((column->flags & MINIORM_NULLABLE) == 0)
        miniorm__sql_string(sql, " NOT NULL");
    write_identity(sql, column);
    write_default(sql, column);
    write_checks(sql, column);
}
