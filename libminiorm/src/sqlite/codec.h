/*
 * Codec: values as SQLite stores them, and back, by the table in <miniorm/value.h>.
 */
#ifndef MINIORM_SRC_SQLITE_CODEC_H
#define MINIORM_SRC_SQLITE_CODEC_H

#include <miniorm/value.h>

#include <sqlite3.h>

#include "../operation.h"

/* A stored value. */
struct miniorm__sqlite_cell {
    int kind; /* SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB, SQLITE_NULL */
    union {
        int64_t integer;
        double real;
        struct miniorm_text text;
        struct miniorm_bytes bytes;
    } as;
};

/*
 * How a value is stored. Text is borrowed from the value, or lies in `buffer`.
 *
 * Errors:  MINIORM_EVALUE  SQLite cannot store it: NaN, or a year that is not 1 to 9999.
 */
enum miniorm_status miniorm__sqlite_store(const struct miniorm_value *value,
                                          char buffer[MINIORM_FORMAT_SIZE],
                                          struct miniorm__sqlite_cell *out,
                                          struct miniorm_error *error);

/*
 * What a stored value is as one of `type`; false if it is none. Text is borrowed from the cell, or
 * lies in `arena`, where *is_out_of_memory tells of failure.
 */
bool miniorm__sqlite_load(const struct miniorm__sqlite_cell *cell, enum miniorm_type type,
                          struct arena *arena, struct miniorm_value *out, bool *is_out_of_memory);

/* The type of a stored value, where nothing else tells it; a null is text. */
enum miniorm_type miniorm__sqlite_natural_type(const struct miniorm__sqlite_cell *cell);

/* "INTEGER", "TEXT" and so on. */
const char *miniorm__sqlite_kind_name(const struct miniorm__sqlite_cell *cell);

/* Binds a parameter, from 1. Its values must live until the statement is reset. */
enum miniorm_status miniorm__sqlite_bind(sqlite3_stmt *prepared, int number,
                                         const struct miniorm__parameter *parameter,
                                         struct miniorm_error *error);

#endif
