/*
 * The rows of the library, as text; a column left out has its default, NULL is SQL's.
 */
#include "library.h"

#include <string.h>

/* Most columns of a row of text. */
#define CELLS_MAX 20

/* A cell that is not set at all. */
static const char absent[] = "(absent)";

struct table {
    const struct miniorm_model *model;
    const char *const (*rows)[CELLS_MAX];
    size_t n_rows;
};

static const char *const author_rows[][CELLS_MAX] = {
    {absent, "John", "Smith"},
    {absent, "Jane", "Doe"},
    {absent, "Ann", "Writer"},
};

static const char *const book_rows[][CELLS_MAX] = {
    {absent, "Fiction", "Birthday", "true", "1"},
    {absent, "Fiction", "Night Train", "false", "1"},
    {absent, "Science", "Atoms", "true", "2"},
    {absent, NULL, "Anonymous", absent, NULL},
    {absent, "Poetry", "Été à Paris", "false", "2"},
    {absent, "Fiction", "Zoo, a story", "true", "1"},
    {absent, "Science", "100%_sure", "true", "2"},
};

/* A root; below it fruit and stone; apple and pear are fruit; boskoop is an apple. */
static const char *const section_rows[][CELLS_MAX] = {
    {absent, "root", NULL}, {absent, "fruit", "1"}, {absent, "apple", "2"},
    {absent, "stone", "1"}, {absent, "pear", "2"},  {absent, "boskoop", "3"},
};

static const char *const thing_rows[][CELLS_MAX] = {
    {absent,
     "full",
     "3",
     "true",
     "7",
     "5",
     "9007199254740993",
     "1.5",
     "0.1",
     "12.50",
     "123456789012345678901234567890.123456789",
     "Hello \"world\"\n\t\\ é 漢 😀",
     "\x01\x02\xff",
     "550e8400-e29b-41d4-a716-446655440000",
     "{\"b\": [1, 2], \"a\": null}",
     "{\"a\": 1, \"b\": \"x\"}",
     "2024-02-29",
     "13:45:30.25",
     "2024-02-29 13:45:30.123456",
     "2024-02-29T14:45:30.5+02:00"},
    {absent, "empty", absent, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL,   NULL,    NULL,   NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {absent,
     "least",
     "1",
     "false",
     "-32768",
     "-2147483648",
     "-9223372036854775808",
     "-0.25",
     "-1e-300",
     "-9999999999.99",
     "-0.00000000000000000001",
     "",
     "",
     NULL,
     "[]",
     "{}",
     "0001-01-01",
     "00:00:00",
     "0001-01-01 00:00:00",
     "0001-01-01 00:00:00Z"},
    {absent,
     "most",
     "2147483647",
     "true",
     "32767",
     "2147483647",
     "9223372036854775807",
     "0.1",
     "1e300",
     "9999999999.99",
     "99999999999999999999999999999999999999.5",
     "z",
     "\xff\xfe\xfd",
     "ffffffff-ffff-ffff-ffff-ffffffffffff",
     "\"text\"",
     "12.5",
     "9999-12-31",
     "23:59:59.999999",
     "9999-12-31 23:59:59.999999",
     "9999-12-31 23:59:59.999999Z"},
};

static const char *const badge_rows[][CELLS_MAX] = {
    {"11111111-2222-3333-4444-555555555555", "blue"},
    {"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "red"},
};

static const char *const country_rows[][CELLS_MAX] = {
    {"DE", "Germany"},
    {"FR", "France"},
    {"a/b", "Slashed"},
    {"é x", NULL},
};

static const char *const stock_rows[][CELLS_MAX] = {
    {"DE", "1", "10"},
    {"DE", "2", "20"},
    {"FR", "1", "30"},
    {"a/b", "1", "0"},
};

static const char *const movement_rows[][CELLS_MAX] = {
    {absent, "DE", "1", "4"},
    {absent, "DE", "1", "-1"},
    {absent, "FR", "1", "30"},
    {absent, "DE", "1", "7"},
};

#define TABLE(name)                                                              \
    {                                                                            \
        &name##_model, name##_rows, sizeof(name##_rows) / sizeof(name##_rows[0]) \
    }

static const struct table tables[] = {
    TABLE(author), TABLE(book),    TABLE(section), TABLE(thing),
    TABLE(badge),  TABLE(country), TABLE(stock),   TABLE(movement),
};

/* Room for a row of any model. */
union any_row {
    struct author author;
    struct book book;
    struct section section;
    struct thing thing;
    struct badge badge;
    struct country country;
    struct stock stock;
    struct movement movement;
};

static struct miniorm_value cell_value(enum miniorm_type type, const char *cell)
{
    if (cell == NULL)
        return miniorm_value_null();
    if (type == MINIORM_T_bytea)
        return miniorm_value_bytes(
            (struct miniorm_bytes){.data = (const unsigned char *)cell, .size = strlen(cell)});
    return miniorm_value_string(cell);
}

static enum miniorm_status insert_row(struct miniorm_session *session,
                                      const struct miniorm_model *model, const char *const *cells,
                                      struct miniorm_error *error)
{
    union any_row row;
    enum miniorm_status status = MINIORM_OK;

    memset(&row, 0, sizeof(row));
    for (unsigned i = 0; i < model->n_columns && status == MINIORM_OK; i++) {
        const struct miniorm_value value = cell_value(model->columns[i].type, cells[i]);

        if (cells[i] != absent)
            status = miniorm_row_set_value(model, &row, i, &value, error);
    }
    return status == MINIORM_OK ? miniorm_insert(session, model, &row, false, error) : status;
}

static enum miniorm_status insert_all(struct miniorm_session *session, void *data,
                                      struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;

    (void)data;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (size_t j = 0; j < tables[i].n_rows && status == MINIORM_OK; j++)
            status = insert_row(session, tables[i].model, tables[i].rows[j], error);
    }
    return status;
}

enum miniorm_status library_drop(struct miniorm_session *session, struct miniorm_error *error)
{
    return miniorm_schema_drop(session, library_models, library_model_count, error);
}

enum miniorm_status library_reset(struct miniorm_session *session, struct miniorm_error *error)
{
    enum miniorm_status status = library_drop(session, error);

    if (status == MINIORM_OK)
        status = miniorm_schema_create(session, library_models, library_model_count, error);
    if (status == MINIORM_OK)
        status = miniorm_transaction_run(session, NULL, insert_all, NULL, error);
    return status;
}
