/*
 * Schema: the tables, indexes and constraints of a set of models, made in the order of their
 * foreign keys.
 *
 * Thread:  as the session.
 */
#ifndef MINIORM_SCHEMA_H
#define MINIORM_SCHEMA_H

#include <stddef.h>

#include <miniorm/export.h>
#include <miniorm/model.h>
#include <miniorm/query.h>
#include <miniorm/session.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

/*
 * Creates what is missing of the tables and indexes of `count` models, in one transaction. Tables
 * that exist are left as they are. Foreign keys in a circle are added after the tables (on SQLite,
 * which cannot, they stand in the tables from the start). Several processes may create at once.
 *
 * Constraints are named as PostgreSQL names them, on both databases: table_pkey, table_column_key,
 * table_column_fkey, table_column_check, and table_column_idx for indexes. Two indexes (unique
 * constraints are some) cannot have one name, as those of order.item_id and order_item.id would:
 * name one of them in the model's `indexes` or `constraints`.
 *
 * Errors:  MINIORM_EINVALID      a model is wrong, two have the same table or index, or one refers
 *                                to a table that neither is given nor exists.
 *          MINIORM_EUNSUPPORTED  SQLite: an identity that is not the whole primary key.
 *          and as miniorm_run: nothing is created then.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_schema_create(struct miniorm_session *session,
                                                      const struct miniorm_model *const *models,
                                                      size_t count, struct miniorm_error *error);

/*
 * Drops the tables of the models that exist, in the opposite order, in one transaction.
 *
 * Errors:  as miniorm_run: nothing is dropped then.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_schema_drop(struct miniorm_session *session,
                                                    const struct miniorm_model *const *models,
                                                    size_t count, struct miniorm_error *error);

/*
 * The statements of miniorm_schema_create for a database that has none of the tables, as text, each
 * ended by ";\n". *out is the caller's to free().
 *
 * Thread:  any thread.
 * Errors:  MINIORM_EINVALID, MINIORM_EUNSUPPORTED  as miniorm_schema_create.
 *          MINIORM_ENOMEM
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_schema_sql(enum miniorm_dialect dialect,
                                                   const struct miniorm_model *const *models,
                                                   size_t count, char **out,
                                                   struct miniorm_error *error);

MINIORM_END_DECLS

#endif
