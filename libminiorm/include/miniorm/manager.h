/*
 * Managers: the everyday calls on a model, blocking, on any session, and the hooks by which a
 * model's own manager changes them.
 *
 * `where` is a pointer made with MINIORM_WHERE, or NULL for every row where reading; update and
 * delete want MINIORM_ALL for that. MINIORM_DECLARE makes the same calls typed:
 * author_get_instance(session, where, &author, error) and so on.
 *
 * Results (`out`) are the caller's, who frees them with miniorm_result_free. On failure outputs are
 * untouched.
 *
 * Thread:  as the session.
 * Errors:  as miniorm_run, and where a function says more.
 */
#ifndef MINIORM_MANAGER_H
#define MINIORM_MANAGER_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/condition.h>
#include <miniorm/export.h>
#include <miniorm/model.h>
#include <miniorm/query.h>
#include <miniorm/result.h>
#include <miniorm/row.h>
#include <miniorm/session.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

/*
 * Hooks of a model, const data; embed it as first member to give a manager data of its own. Every
 * hook may be NULL. They act on every query of the model, however it is executed, apart from raw
 * ones.
 */
struct miniorm_manager {
    size_t size; /* sizeof(struct miniorm_manager) */
    /*
     * ANDed to the where of every select, count, update and delete: soft deletion, tenants. NULL
     * adds nothing. Called each time a query is executed; what it returns is copied.
     */
    const struct miniorm_condition *(*default_where)(const struct miniorm_manager *manager);
    /*
     * Before an insert through miniorm_row_insert, miniorm_insert, miniorm_bulk_insert: may set
     * columns or refuse.
     */
    enum miniorm_status (*before_insert)(const struct miniorm_manager *manager, void *instance,
                                         struct miniorm_error *error);
    /* The same before miniorm_row_update. */
    enum miniorm_status (*before_update)(const struct miniorm_manager *manager, void *instance,
                                         struct miniorm_error *error);
    /* After a row was decoded into a struct. */
    void (*after_load)(const struct miniorm_manager *manager, void *instance);
};

struct miniorm_order_by {
    unsigned column;
    enum miniorm_order order;
};

/*
 * What to read. Zero of every member but `size` means its default; without `size` the call fails
 * with MINIORM_EINVALID.
 */
struct miniorm_select_options {
    size_t size; /* sizeof(struct miniorm_select_options) */
    const struct miniorm_condition *where; /* NULL: every row */
    const struct miniorm_order_by *order_by;
    size_t n_order_by;
    uint64_t limit; /* 0: no limit */
    uint64_t offset;
    uint64_t columns; /* bitmap; 0: all */
};

#define MINIORM_SELECT_OPTIONS_INIT MINIORM_INIT_(miniorm_select_options)

/*
 * The first matching row, in the order of the primary key: as a result of one row or none, or as a
 * struct.
 *
 * get_instance sets *found to whether there is one (`found` may be NULL) and fills *instance, to be
 * freed with miniorm_row_clear; without a row *instance is untouched.
 *
 * Errors:  MINIORM_ENOTFOUND  get_instance with `found` NULL: no row.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_get_item(struct miniorm_session *session,
                                                 const struct miniorm_model *model,
                                                 const struct miniorm_condition *where,
                                                 struct miniorm_result **out,
                                                 struct miniorm_error *error);
MINIORM_API enum miniorm_status miniorm_get_instance(struct miniorm_session *session,
                                                     const struct miniorm_model *model,
                                                     const struct miniorm_condition *where,
                                                     void *instance, bool *found,
                                                     struct miniorm_error *error);

/*
 * Matching rows. get_items gives values (miniorm_result_value); get_instances has decoded every row
 * into structs (miniorm_result_instance cannot fail then). `options` may be NULL.
 *
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_get_items(struct miniorm_session *session,
                                                  const struct miniorm_model *model,
                                                  const struct miniorm_select_options *options,
                                                  struct miniorm_result **out,
                                                  struct miniorm_error *error);
MINIORM_API enum miniorm_status miniorm_get_instances(struct miniorm_session *session,
                                                      const struct miniorm_model *model,
                                                      const struct miniorm_select_options *options,
                                                      struct miniorm_result **out,
                                                      struct miniorm_error *error);

/* What get_items runs, to refine or to submit; as miniorm_query_select. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_select_query(
    const struct miniorm_model *model, const struct miniorm_select_options *options);

/* The number of matching rows. Since: 0.1 */
MINIORM_API enum miniorm_status miniorm_count(struct miniorm_session *session,
                                              const struct miniorm_model *model,
                                              const struct miniorm_condition *where, uint64_t *out,
                                              struct miniorm_error *error);

/*
 * Inserts one row from the changed columns of *instance. With `fetch` the struct takes over the
 * whole row; without it nothing is read back and nothing in the struct changes.
 *
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_insert(struct miniorm_session *session,
                                               const struct miniorm_model *model, void *instance,
                                               bool fetch, struct miniorm_error *error);

/*
 * Inserts `count` structs lying one after the other, by one query: all or none; where `count` is
 * 0, nothing is sent. If `out` is not NULL it receives the rows as inserted, in the order given;
 * the structs change by the hook before_insert only.
 *
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_bulk_insert(struct miniorm_session *session,
                                                    const struct miniorm_model *model,
                                                    void *instances, size_t count,
                                                    struct miniorm_result **out,
                                                    struct miniorm_error *error);

/*
 * Sets the changed columns of *values in every matching row. `affected` (may be NULL) receives
 * their number; if `out` is not NULL it receives the rows as they are now.
 *
 * Errors:  MINIORM_EINVALID  `where` is NULL, or nothing is changed.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_update(struct miniorm_session *session,
                                               const struct miniorm_model *model,
                                               const struct miniorm_condition *where,
                                               const void *values, uint64_t *affected,
                                               struct miniorm_result **out,
                                               struct miniorm_error *error);

/*
 * Deletes every matching row; `affected` may be NULL.
 *
 * Errors:  MINIORM_EINVALID  `where` is NULL.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_delete(struct miniorm_session *session,
                                               const struct miniorm_model *model,
                                               const struct miniorm_condition *where,
                                               uint64_t *affected, struct miniorm_error *error);

MINIORM_END_DECLS

#include <miniorm/declare.h>

#endif
