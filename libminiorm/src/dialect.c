/*
 * Dialects: the differences between the databases that a table can hold. Those of CREATE TABLE are
 * in schema_column.c, those of statements with another structure beside it (sql_insert.c,
 * sql_keys.c).
 */
#include "dialect.h"

static const struct miniorm__dialect postgresql = {
    .id = MINIORM_POSTGRESQL,
    .name = "PostgreSQL",
    .placeholder = '$',
    .parameters_max = 65535, /* the protocol counts them in 16 bits */
    .has_schemas = true,
    .nulls_are_large = true,
    .in_open = " = ANY(",
    .not_in_open = " <> ALL(",
    .in_close = ")",
    .like = {"", " LIKE ", ""},
    .ilike = {"", " ILIKE ", ""},
    .for_update = " FOR UPDATE",
};

/* SQLite's own LIKE ignores case unless a PRAGMA says otherwise, for the whole connection. */
static const struct miniorm__dialect sqlite = {
    .id = MINIORM_SQLITE,
    .name = "SQLite",
    .placeholder = '?',
    .parameters_max = 32766, /* SQLITE_MAX_VARIABLE_NUMBER as it is built by default */
    .in_open = " IN (SELECT miniorm_value FROM miniorm_array(",
    .not_in_open = " NOT IN (SELECT miniorm_value FROM miniorm_array(",
    .in_close = "))",
    .like_has_pattern_first = true,
    .like = {"miniorm_like(", ", ", ")"},
    .ilike = {"miniorm_ilike(", ", ", ")"},
    .for_update = "",
};

const struct miniorm__dialect *miniorm__dialect_for(enum miniorm_dialect id)
{
    switch (id) {
    case MINIORM_POSTGRESQL: return &postgresql;
    case MINIORM_SQLITE: return &sqlite;
    default: return NULL;
    }
}
