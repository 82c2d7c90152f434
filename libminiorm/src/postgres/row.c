/*
 * Rows: binary cells straight into a model's struct, where the server's type is the member's own.
 *
 * Most cells of a model's rows are such. A plan, made at the first row of a result, says for each
 * column of the answer where its bytes go. What is not in the plan (numeric, jsonb, a column whose
 * type in the database is another) or turns out malformed is left to the cells of result.c.
 */
#include <string.h>

#include "codec.h"
#include "result.h"

enum way {
    WAY_NONE = 0,
    WAY_BOOLEAN = 1,
    WAY_2 = 2,
    WAY_4 = 3,
    WAY_8 = 4,
    WAY_UUID = 5,
    WAY_BYTES = 6 /* text too: both are an address and a size */
};

struct step {
    enum way way;
    uint32_t offset; /* in the struct */
    uint64_t bit; /* of the model's column */
};

static const struct {
    Oid oid;
    enum way way;
} forms[] = {
    [MINIORM_T_boolean] = {MINIORM__OID_BOOL, WAY_BOOLEAN},
    [MINIORM_T_int2] = {MINIORM__OID_INT2, WAY_2},
    [MINIORM_T_int4] = {MINIORM__OID_INT4, WAY_4},
    [MINIORM_T_int8] = {MINIORM__OID_INT8, WAY_8},
    [MINIORM_T_float4] = {MINIORM__OID_FLOAT4, WAY_4},
    [MINIORM_T_float8] = {MINIORM__OID_FLOAT8, WAY_8},
    [MINIORM_T_text] = {MINIORM__OID_TEXT, WAY_BYTES},
    [MINIORM_T_varchar] = {MINIORM__OID_VARCHAR, WAY_BYTES},
    [MINIORM_T_bytea] = {MINIORM__OID_BYTEA, WAY_BYTES},
    [MINIORM_T_uuid] = {MINIORM__OID_UUID, WAY_UUID},
    [MINIORM_T_json] = {MINIORM__OID_JSON, WAY_BYTES},
    [MINIORM_T_date] = {MINIORM__OID_DATE, WAY_4},
    [MINIORM_T_time] = {MINIORM__OID_TIME, WAY_8},
    [MINIORM_T_timestamp] = {MINIORM__OID_TIMESTAMP, WAY_8},
    [MINIORM_T_timestamptz] = {MINIORM__OID_TIMESTAMPTZ, WAY_8},
};

static void plan_column(const struct miniorm_result *result, size_t column, struct step *step)
{
    const struct miniorm__answer_column *answer = &result->columns[column];
    const size_t type = answer->type;

    if (answer->model_column < 0 || type >= sizeof(forms) / sizeof(forms[0]) ||
        forms[type].oid != PQftype(result->native, (int)column))
        return;
    step->way = forms[type].way;
    step->offset = result->model->columns[answer->model_column].offset;
    step->bit = MINIORM_COLUMN(answer->model_column);
}

static const struct step *plan(struct miniorm_result *result)
{
    struct step *steps = result->plan;
    size_t i;

    if (steps != NULL)
        return steps;
    steps = arena_zeroed(&result->arena, result->n_columns, sizeof(*steps));
    for (i = 0; steps != NULL && i < result->n_columns; i++)
        plan_column(result, i, &steps[i]);
    result->plan = steps;
    return steps;
}

/* Whether the cell has the size of its way, and was stored. */
static bool store(enum way way, const char *cell, int size, unsigned char *member)
{
    const unsigned char *data = (const unsigned char *)cell;

    if (way == WAY_4 && size == 4) {
        const uint32_t bits = miniorm__get32(data);

        memcpy(member, &bits, sizeof(bits));
    } else if (way == WAY_BYTES) {
        const struct miniorm_text text = miniorm_text_from(cell, (size_t)size);

        memcpy(member, &text, sizeof(text));
    } else if (way == WAY_8 && size == 8) {
        const uint64_t bits = miniorm__get64(data);

        memcpy(member, &bits, sizeof(bits));
    } else if (way == WAY_BOOLEAN && size == 1) {
        const bool boolean = data[0] != 0;

        memcpy(member, &boolean, sizeof(boolean));
    } else if (way == WAY_2 && size == 2) {
        const uint16_t bits = (uint16_t)(data[0] << 8 | data[1]);

        memcpy(member, &bits, sizeof(bits));
    } else if (way == WAY_UUID && size == sizeof(struct miniorm_uuid)) {
        memcpy(member, data, sizeof(struct miniorm_uuid));
    } else {
        return false;
    }
    return true;
}

void miniorm__pg_store_row(struct miniorm_result *result, size_t row, unsigned char *instance,
                           struct miniorm_row *state)
{
    const PGresult *answer = result->native;
    const struct step *steps = plan(result);
    const int n_columns = steps == NULL ? 0 : (int)result->n_columns;
    const int r = (int)row;
    int i;

    for (i = 0; i < n_columns; i++) {
        const struct step *step = &steps[i];
        int size;

        if (step->way == WAY_NONE)
            continue;
        size = PQgetlength(answer, r, i);
        if (size == 0 && PQgetisnull(answer, r, i)) {
            state->loaded |= step->bit;
            state->null |= step->bit;
        } else if (store(step->way, PQgetvalue(answer, r, i), size, instance + step->offset)) {
            state->loaded |= step->bit;
        }
    }
}
