/*
 * Result: rows are read from the PGresult when they are asked for; text and bytes are borrowed from
 * it without a copy.
 */
#include "result.h"

#include <stdlib.h>

#include "../error.h"
#include "codec.h"

static enum miniorm_type null_type(Oid oid)
{
    struct miniorm_error ignored = MINIORM_ERROR_INIT;
    struct arena nothing = {0};
    struct miniorm_value value;
    /* The widest fixed form; each type looks at its own size only. */
    static const char zeros[16];
    static const size_t sizes[] = {1, 2, 4, 8, 16};
    size_t i;

    if (oid == MINIORM__OID_NUMERIC || oid == MINIORM__OID_JSONB)
        return oid == MINIORM__OID_JSONB ? MINIORM_T_jsonb : MINIORM_T_numeric;
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (miniorm__pg_decode(oid, zeros, sizes[i], &nothing, &value, &ignored) == MINIORM_OK)
            return value.type;
    }
    return MINIORM_T_text;
}

static enum miniorm_status cell(struct miniorm_result *result, size_t row, size_t column,
                                enum miniorm_type wanted, struct miniorm_value *out,
                                struct miniorm_error *error)
{
    const PGresult *answer = result->native;
    const int r = (int)row, c = (int)column;
    const int size = PQgetlength(answer, r, c);

    if (size == 0 && PQgetisnull(answer, r, c)) {
        *out = miniorm_value_null();
        out->type = wanted != 0 ? wanted : null_type(PQftype(answer, c));
        return MINIORM_OK;
    }
    return miniorm__pg_decode(PQftype(answer, c), PQgetvalue(answer, r, c), (size_t)size,
                              &result->arena, out, error);
}

static const char *column_name(const struct miniorm_result *result, size_t column)
{
    return PQfname(result->native, (int)column);
}

static void release(struct miniorm_result *result)
{
    PQclear(result->native);
}

static const struct miniorm__result_class class = {.cell = cell,
                                                   .store_row = miniorm__pg_store_row,
                                                   .column_name = column_name,
                                                   .release = release};

static enum miniorm_status check_shape(const struct miniorm__operation *operation,
                                       const PGresult *answer, struct miniorm_error *error)
{
    const int columns = PQnfields(answer);
    int i;

    if (operation->columns != NULL && (size_t)columns != operation->n_columns)
        return miniorm__fail(error, MINIORM_EPROTOCOL,
                             "the server answered %d columns where %zu were asked for", columns,
                             operation->n_columns);
    for (i = 0; i < columns; i++) {
        if (PQfformat(answer, i) != 1)
            return miniorm__fail(error, MINIORM_EPROTOCOL,
                                 "the server answered in text form where binary was asked for");
    }
    return MINIORM_OK;
}

static uint64_t affected(PGresult *answer)
{
    const char *digits = PQcmdTuples(answer);
    uint64_t count = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        count = count * 10 + (uint64_t)(*digits - '0');
    return count;
}

enum miniorm_status miniorm__pg_result_take(const struct miniorm__operation *operation,
                                            PGresult *answer, struct miniorm_result **out,
                                            struct miniorm_error *error)
{
    enum miniorm_status status = check_shape(operation, answer, error);
    struct miniorm_result *result = NULL;

    if (status == MINIORM_OK) {
        result = miniorm__result_new(&class, operation);
        if (result == NULL)
            status = miniorm__fail_memory(error);
    }
    if (status != MINIORM_OK) {
        PQclear(answer);
        return status;
    }
    result->native = answer;
    result->n_rows = (size_t)PQntuples(answer);
    result->n_columns = (size_t)PQnfields(answer);
    result->affected = affected(answer);
    *out = result;
    return MINIORM_OK;
}
