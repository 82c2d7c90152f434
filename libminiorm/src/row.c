/*
 * Rows: the columns of a model's struct by number, their state bits, and copies with text of their
 * own.
 *
 * What goes to the database is in row_write.c.
 * Invariant: a member whose `null` bit is set is not read; row.storage is NULL or one block from
 * malloc that holds all text and bytes the row has read.
 */
#include "row.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "value.h"

uint64_t miniorm__model_key(const struct miniorm_model *model)
{
    uint64_t key = 0;
    size_t i;

    for (i = 0; i < model->n_columns; i++) {
        if ((model->columns[i].flags & MINIORM_PRIMARY_KEY) != 0)
            key |= MINIORM_COLUMN(i);
    }
    return key;
}

void miniorm_row_clear(const struct miniorm_model *model, void *instance)
{
    free(miniorm__row_state(instance)->storage);
    memset(instance, 0, model->row_size);
}

struct miniorm_value miniorm_row_value(const struct miniorm_model *model, const void *instance,
                                       unsigned column)
{
    const struct miniorm_row *state = (const struct miniorm_row *)instance;
    struct miniorm_value value = miniorm_value_null();

    if (column >= model->n_columns)
        return value;
    value.type = model->columns[column].type;
    if ((state->null & MINIORM_COLUMN(column)) == 0)
        miniorm__member_load(
            value.type, (const unsigned char *)instance + model->columns[column].offset, &value);
    return value;
}

enum miniorm_status miniorm_row_set_value(const struct miniorm_model *model, void *instance,
                                          unsigned column, const struct miniorm_value *value,
                                          struct miniorm_error *error)
{
    struct miniorm_row *state = miniorm__row_state(instance);
    struct miniorm_error why = MINIORM_ERROR_INIT;
    struct miniorm_value converted;
    enum miniorm_status status;

    if (column >= model->n_columns)
        return miniorm__fail(error, MINIORM_EINVALID, "model %s has no column %u", model->name,
                             column);
    status = miniorm_value_convert(value, model->columns[column].type, &converted, &why);
    if (status != MINIORM_OK)
        return miniorm__fail_column(error, status, model->table, model->columns[column].name,
                                    why.message);
    state->changed |= MINIORM_COLUMN(column);
    state->null &= ~MINIORM_COLUMN(column);
    if (converted.is_null)
        state->null |= MINIORM_COLUMN(column);
    else
        miniorm__member_store((unsigned char *)instance + model->columns[column].offset,
                              &converted);
    return MINIORM_OK;
}

/* The bytes behind a value of a text kind or bytea; empty for anything else and for nulls. */
static struct miniorm_text bytes_of(const struct miniorm_value *value)
{
    if (!value->is_null && miniorm__type_is_text(value->type))
        return value->as.text;
    if (!value->is_null && value->type == MINIORM_T_bytea)
        return miniorm_text_from((const char *)value->as.bytes.data, value->as.bytes.size);
    return miniorm_text_from(NULL, 0);
}

static size_t count_bytes(const struct miniorm_model *model, const void *instance)
{
    size_t total = 0;
    unsigned i;

    for (i = 0; i < model->n_columns; i++) {
        const struct miniorm_value value = miniorm_row_value(model, instance, i);

        total += bytes_of(&value).size;
    }
    return total;
}

/* Moves the bytes of one column of the copy to `storage`; returns their number. */
static size_t move_bytes(const struct miniorm_column *column, struct miniorm_value *value,
                         void *instance, char *storage)
{
    const struct miniorm_text bytes = bytes_of(value);

    if (bytes.size == 0)
        return 0;
    memcpy(storage, bytes.data, bytes.size);
    if (value->type == MINIORM_T_bytea)
        value->as.bytes.data = (const unsigned char *)storage;
    else
        value->as.text.data = storage;
    miniorm__member_store((unsigned char *)instance + column->offset, value);
    return bytes.size;
}

enum miniorm_status miniorm__row_copy(const struct miniorm_model *model, const void *from,
                                      void *out, struct miniorm_error *error)
{
    const size_t total = count_bytes(model, from);
    char *storage = total == 0 ? NULL : malloc(total);
    unsigned i;

    if (total != 0 && storage == NULL)
        return miniorm__fail_memory(error);
    memcpy(out, from, model->row_size);
    miniorm__row_state(out)->storage = storage;
    for (i = 0; storage != NULL && i < model->n_columns; i++) {
        struct miniorm_value value = miniorm_row_value(model, out, i);

        storage += move_bytes(&model->columns[i], &value, out, storage);
    }
    return MINIORM_OK;
}
