/*
 * Binary cells as values: the first byte chooses the type, the rest is the cell. Nothing beyond it
 * is read, and what is accepted is encoded again to a cell that says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "postgres/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Oid oids[] = {16,   17,   18,   19,   20,   21,   23,   25,   26,
                           28,   114,  700,  701,  705,  1042, 1043, 1082, 1083,
                           1114, 1184, 1700, 2278, 2950, 3802, 869,  1186, 0};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_numeric(struct miniorm_text text)
{
    unsigned char *bytes = malloc(miniorm__pg_numeric_bound(text.size));
    struct arena arena = {0};
    struct miniorm_text again;
    size_t written;

    /* The server may send what no text of its own gives: leading zero digits, digits beyond the
     * scale. */
    if (miniorm__pg_numeric_encode(text.data, text.size, bytes, &written, NULL) == MINIORM_OK) {
        check(written <= miniorm__pg_numeric_bound(text.size));
        check(miniorm__pg_numeric_decode(bytes, written, &arena, &again, NULL) == MINIORM_OK);
        check(again.size == text.size ? memcmp(again.data, text.data, text.size) == 0
                                      : text.data[0] == '-' && again.size + 1 == text.size);
    }
    arena_free(&arena);
    free(bytes);
}

static void check_again(const struct miniorm_value *value, const char *cell, size_t size)
{
    const struct miniorm__parameter parameter = {
        .type = value->type, .values = value, .n_values = 1};
    const struct miniorm__statement statement = {.parameters = &parameter, .n_parameters = 1};
    struct miniorm__pg_scratch scratch = {0};
    struct miniorm__pg_parameters out;

    if (miniorm__pg_encode(&statement, &scratch, &out, NULL) == MINIORM_OK &&
        value->type != MINIORM_T_boolean && value->type != MINIORM_T_int8 &&
        value->type != MINIORM_T_float4) {
        check((size_t)out.lengths[0] == size);
        check(size == 0 || memcmp(out.values[0], cell, size) == 0);
    }
    miniorm__pg_scratch_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct miniorm_value value;
    char *cell;

    if (size == 0)
        return 0;
    /* Exactly as long as the cell and the NUL that libpq adds. */
    cell = malloc(size);
    check(cell != NULL);
    memcpy(cell, data + 1, size - 1);
    cell[size - 1] = '\0';
    if (miniorm__pg_decode(oids[data[0] % (sizeof(oids) / sizeof(oids[0]))], cell, size - 1, &arena,
                           &value, NULL) == MINIORM_OK) {
        if (value.type == MINIORM_T_numeric)
            check_numeric(value.as.text);
        else
            check_again(&value, cell, size - 1);
    }
    arena_free(&arena);
    free(cell);
    return 0;
}
