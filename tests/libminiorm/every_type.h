/*
 * A model with a column of every type, all nullable but the key.
 */
#ifndef TESTS_EVERY_TYPE_H
#define TESTS_EVERY_TYPE_H

#include <miniorm/miniorm.h>

#define EVERY_COLUMNS(X, T)                                    \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)     \
    X(T, boolean, a_boolean, MINIORM_NULLABLE)                 \
    X(T, int2, a_int2, MINIORM_NULLABLE)                       \
    X(T, int4, a_int4, MINIORM_NULLABLE)                       \
    X(T, int8, a_int8, MINIORM_NULLABLE)                       \
    X(T, float4, a_float4, MINIORM_NULLABLE)                   \
    X(T, float8, a_float8, MINIORM_NULLABLE)                   \
    X(T, numeric, a_numeric, MINIORM_NULLABLE)                 \
    X(T, text, a_text, MINIORM_NULLABLE)                       \
    X(T, varchar, a_varchar, MINIORM_NULLABLE, .max_len = 100) \
    X(T, bytea, a_bytea, MINIORM_NULLABLE)                     \
    X(T, uuid, a_uuid, MINIORM_NULLABLE)                       \
    X(T, json, a_json, MINIORM_NULLABLE)                       \
    X(T, jsonb, a_jsonb, MINIORM_NULLABLE)                     \
    X(T, date, a_date, MINIORM_NULLABLE)                       \
    X(T, time, a_time, MINIORM_NULLABLE)                       \
    X(T, timestamp, a_timestamp, MINIORM_NULLABLE)             \
    X(T, timestamptz, a_timestamptz, MINIORM_NULLABLE)

MINIORM_DECLARE(every, EVERY_COLUMNS);

#endif
