/*
 * Schema: the CREATE statements of a set of models, as a list of texts for one database.
 */
#ifndef MINIORM_SRC_SCHEMA_H
#define MINIORM_SRC_SCHEMA_H

#include <miniorm/model.h>

#include "sql.h"

struct miniorm__ddl {
    const char *sql;
    size_t size;
    struct miniorm__ddl *next;
};

struct miniorm__schema {
    struct miniorm__sql sql; /* of the statement being written */
    const struct miniorm_model **order; /* referenced tables first, as far as there is no circle */
    size_t count;
    bool has_circle;
    struct miniorm__ddl *first;
    struct miniorm__ddl **end;
};

/* A foreign key of a column or of several. */
struct miniorm__foreign_key {
    const struct miniorm_column *column; /* NULL: of the columns `columns` */
    const char *name; /* NULL: by the column */
    const char *columns;
    const char *references;
    const char *on_update;
    const char *on_delete;
};

/* The part of "schema.table(columns)" that is given, without quotes. */
struct miniorm__reference {
    struct miniorm_text schema;
    struct miniorm_text table;
    struct miniorm_text columns; /* between the parentheses */
};

/* The foreign keys of a model one after the other; `*place` starts at 0. False behind the last. */
bool miniorm__foreign_key_next(const struct miniorm_model *model, size_t *place,
                               struct miniorm__foreign_key *out);

void miniorm__reference_read(const char *references, struct miniorm__reference *out);
/* The model among `count` that a reference means; NULL: none of them. */
const struct miniorm_model *miniorm__reference_find(const struct miniorm__reference *reference,
                                                    const struct miniorm_model *const *models,
                                                    size_t count);

/*
 * Checks the models, each and beside the others.
 *
 * Errors:  MINIORM_EINVALID  a model is wrong, or two have the same table or index.
 */
enum miniorm_status miniorm__schema_check(const struct miniorm__dialect *dialect,
                                          const struct miniorm_model *const *models, size_t count,
                                          struct miniorm_error *error);

/*
 * Puts the models in order. `arena` holds everything that the schema comes to hold.
 *
 * Errors:  MINIORM_EINVALID  as miniorm__schema_check.
 *          MINIORM_ENOMEM
 */
enum miniorm_status miniorm__schema_begin(struct miniorm__schema *schema,
                                          enum miniorm_dialect dialect,
                                          const struct miniorm_model *const *models, size_t count,
                                          struct arena *arena, struct miniorm_error *error);

/* Begins and ends one statement of the list; what is between writes to schema->sql. */
struct miniorm__sql *miniorm__schema_statement(struct miniorm__schema *schema,
                                               const struct miniorm_model *model);
enum miniorm_status miniorm__schema_add(struct miniorm__schema *schema);

/*
 * Adds the statements of the models for which `exists` is false (NULL: for all); indexes for all of
 * them.
 */
enum miniorm_status miniorm__schema_write(struct miniorm__schema *schema, const bool *exists);

/* The parts of a CREATE TABLE (schema_table.c, schema_column.c). */
enum miniorm_status miniorm__schema_table(struct miniorm__schema *schema, size_t place);
enum miniorm_status miniorm__schema_late_keys(struct miniorm__schema *schema, size_t place);
enum miniorm_status miniorm__schema_indexes(struct miniorm__schema *schema, size_t place);
enum miniorm_status miniorm__schema_comments(struct miniorm__schema *schema, size_t place);

void miniorm__schema_column(struct miniorm__sql *sql, const struct miniorm_column *column);
/* Whether the column's own line says that it is the primary key. */
bool miniorm__schema_is_rowid(const struct miniorm__sql *sql, const struct miniorm_column *column);

/*
 * The name of a constraint or index as PostgreSQL would choose it: table_column_label, shortened to
 * the length of its identifiers. `column` may be NULL. A label is one word, so that the column can
 * be told from the name.
 */
void miniorm__constraint_name(const char *table, const char *column, const char *label,
                              char out[MINIORM_NAME_SIZE]);

/* "a", "b" for "a, b": names that are not quoted yet are. */
void miniorm__schema_names(struct miniorm__sql *sql, struct miniorm_text list);

#endif
