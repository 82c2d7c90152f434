/*
 * Rows: the state that every model's struct begins with, and what can be done with one row.
 *
 * Three bits per column tell apart what SQL tells apart: `loaded` (the member was read from the
 * database), `null` (its value is NULL) and `changed` (to be written). A row of zeros has nothing
 * set: inserting it inserts defaults only. Write members through miniorm_set and miniorm_set_null,
 * which keep the bits; read them after miniorm_is_null.
 *
 * Text and bytes that a program sets stay the program's and must live until the row was written.
 * Text that was read belongs to the row (freed by miniorm_row_clear) or, for rows inside a result,
 * to the result.
 *
 * Thread:  one thread at a time per row.
 */
#ifndef MINIORM_ROW_H
#define MINIORM_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include <miniorm/export.h>
#include <miniorm/status.h>
#include <miniorm/value.h>

MINIORM_BEGIN_DECLS

struct miniorm_model;
struct miniorm_session;

/* First member of every model's struct. */
struct miniorm_row {
    uint64_t loaded;
    uint64_t null;
    uint64_t changed;
    void *storage; /* memory of text that was read; private */
    uint32_t deleted; /* the row was deleted: update and delete refuse it */
    uint32_t reserved;
};

/* In these the model comes first: miniorm_set(author, &a, name, MINIORM_S("Ann")). */
#define miniorm_set(T, instance, column, value)                                            \
    ((instance)->column = (value), (instance)->row.changed |= UINT64_C(1) << T##_##column, \
     (void)((instance)->row.null &= ~(UINT64_C(1) << T##_##column)))
#define miniorm_set_null(T, instance, column)                \
    ((instance)->row.changed |= UINT64_C(1) << T##_##column, \
     (void)((instance)->row.null |= UINT64_C(1) << T##_##column))
#define miniorm_is_null(T, instance, column) (((instance)->row.null >> T##_##column & 1) != 0)
#define miniorm_is_loaded(T, instance, column) (((instance)->row.loaded >> T##_##column & 1) != 0)
#define miniorm_is_changed(T, instance, column) (((instance)->row.changed >> T##_##column & 1) != 0)

/*
 * Inserts the changed columns and takes over the whole row as the database has it: identity,
 * defaults, what triggers made. The bits `changed` are cleared.
 *
 * Errors:  as miniorm_run; the struct is then as the hook before_insert left it.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_row_insert(struct miniorm_session *session,
                                                   const struct miniorm_model *model,
                                                   void *instance, struct miniorm_error *error);

/*
 * Writes the changed columns to the row with this primary key and takes over the columns that were
 * loaded or set, as the database has them now. Nothing changed: nothing is sent. The key is the one
 * that was loaded or set; changing a key column needs miniorm_update.
 *
 * Errors:  MINIORM_ENOTFOUND  no row has this key (any more).
 *          MINIORM_EINVALID   the model has no key, or a key column is neither loaded nor set, or
 *                             was changed after loading.
 *          MINIORM_ESTATE     the row was deleted through this struct.
 *          and as miniorm_run.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_row_update(struct miniorm_session *session,
                                                   const struct miniorm_model *model,
                                                   void *instance, struct miniorm_error *error);

/*
 * Deletes the row with this primary key and marks the struct deleted. Inside a transaction that is
 * rolled back the mark is the caller's to clear (instance->row.deleted = 0).
 *
 * Errors:  as miniorm_row_update.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_row_delete(struct miniorm_session *session,
                                                   const struct miniorm_model *model,
                                                   void *instance, struct miniorm_error *error);

/*
 * Frees what the row read and sets the whole struct to zero. Rows inside a result are not cleared
 * one by one.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_row_clear(const struct miniorm_model *model, void *instance);

/* A column by number, its text borrowed; a null for one that there is not. Since: 0.1 */
MINIORM_API struct miniorm_value miniorm_row_value(const struct miniorm_model *model,
                                                   const void *instance, unsigned column);

/*
 * Sets one column of a row by number, converting the value to its type; text is borrowed.
 *
 * Errors:  MINIORM_EVALUE    the value does not fit the type.
 *          MINIORM_EINVALID  no such column.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_row_set_value(const struct miniorm_model *model,
                                                      void *instance, unsigned column,
                                                      const struct miniorm_value *value,
                                                      struct miniorm_error *error);

MINIORM_END_DECLS

#endif
