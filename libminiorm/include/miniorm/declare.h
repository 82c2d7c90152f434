/*
 * MINIORM_DECLARE: from a list of columns (see <miniorm/model.h>) the struct, the column numbers
 * and the typed calls of a model. Included by <miniorm/manager.h>.
 */
#ifndef MINIORM_DECLARE_H
#define MINIORM_DECLARE_H

#include <miniorm/manager.h>

#define MINIORM_DECLARE(T, COLUMNS)     \
    MINIORM_DECLARE_STRUCT(T, COLUMNS); \
    MINIORM_DECLARE_READING_(T)         \
    MINIORM_DECLARE_WRITING_(T)         \
    MINIORM_DECLARE_ROW_(T)             \
    struct T

/*
 * Without the typed calls: for a model with a column named as one of them (count, at, insert,
 * update, delete, clear…), whose number T_count would be taken for the call. The calls of
 * <miniorm/manager.h> do the same for it.
 */
#define MINIORM_DECLARE_STRUCT(T, COLUMNS)                    \
    struct T {                                                \
        struct miniorm_row row;                               \
        COLUMNS(MINIORM_X_MEMBER, T)                          \
    };                                                        \
    enum T##_column{COLUMNS(MINIORM_X_NUMBER, T) T##__count}; \
    extern const struct miniorm_model T##_model

#define MINIORM_DECLARE_READING_(T)                                                          \
    MINIORM_INLINE enum miniorm_status T##_get_item(                                         \
        struct miniorm_session *session, const struct miniorm_condition *where,              \
        struct miniorm_result **out, struct miniorm_error *error)                            \
    {                                                                                        \
        return miniorm_get_item(session, &T##_model, where, out, error);                     \
    }                                                                                        \
    MINIORM_INLINE enum miniorm_status T##_get_instance(                                     \
        struct miniorm_session *session, const struct miniorm_condition *where,              \
        struct T *instance, bool *found, struct miniorm_error *error)                        \
    {                                                                                        \
        return miniorm_get_instance(session, &T##_model, where, instance, found, error);     \
    }                                                                                        \
    MINIORM_INLINE enum miniorm_status T##_get_items(                                        \
        struct miniorm_session *session, const struct miniorm_select_options *options,       \
        struct miniorm_result **out, struct miniorm_error *error)                            \
    {                                                                                        \
        return miniorm_get_items(session, &T##_model, options, out, error);                  \
    }                                                                                        \
    MINIORM_INLINE enum miniorm_status T##_get_instances(                                    \
        struct miniorm_session *session, const struct miniorm_select_options *options,       \
        struct miniorm_result **out, struct miniorm_error *error)                            \
    {                                                                                        \
        return miniorm_get_instances(session, &T##_model, options, out, error);              \
    }                                                                                        \
    MINIORM_INLINE enum miniorm_status T##_count(struct miniorm_session *session,            \
                                                 const struct miniorm_condition *where,      \
                                                 uint64_t *out, struct miniorm_error *error) \
    {                                                                                        \
        return miniorm_count(session, &T##_model, where, out, error);                        \
    }                                                                                        \
    /* A row of a result of this model as its struct; NULL where it cannot be decoded. */    \
    MINIORM_INLINE struct T *T##_at(struct miniorm_result *result, size_t index)             \
    {                                                                                        \
        void *instance = NULL;                                                               \
                                                                                             \
        if (miniorm_result_instance(result, index, &instance, NULL) != MINIORM_OK)           \
            return NULL;                                                                     \
        return (struct T *)instance;                                                         \
    }

#define MINIORM_DECLARE_WRITING_(T)                                                                \
    MINIORM_INLINE enum miniorm_status T##_insert(struct miniorm_session *session,                 \
                                                  struct T *instance, struct miniorm_error *error) \
    {                                                                                              \
        return miniorm_insert(session, &T##_model, instance, true, error);                         \
    }                                                                                              \
    MINIORM_INLINE enum miniorm_status T##_bulk_insert(                                            \
        struct miniorm_session *session, struct T *instances, size_t count,                        \
        struct miniorm_result **out, struct miniorm_error *error)                                  \
    {                                                                                              \
        return miniorm_bulk_insert(session, &T##_model, instances, count, out, error);             \
    }                                                                                              \
    MINIORM_INLINE enum miniorm_status T##_update(                                                 \
        struct miniorm_session *session, const struct miniorm_condition *where,                    \
        const struct T *values, uint64_t *affected, struct miniorm_error *error)                   \
    {                                                                                              \
        return miniorm_update(session, &T##_model, where, values, affected, NULL, error);          \
    }                                                                                              \
    MINIORM_INLINE enum miniorm_status T##_delete(struct miniorm_session *session,                 \
                                                  const struct miniorm_condition *where,           \
                                                  uint64_t *affected, struct miniorm_error *error) \
    {                                                                                              \
        return miniorm_delete(session, &T##_model, where, affected, error);                        \
    }

#define MINIORM_DECLARE_ROW_(T)                                                           \
    MINIORM_INLINE enum miniorm_status T##_row_update(                                    \
        struct miniorm_session *session, struct T *instance, struct miniorm_error *error) \
    {                                                                                     \
        return miniorm_row_update(session, &T##_model, instance, error);                  \
    }                                                                                     \
    MINIORM_INLINE enum miniorm_status T##_row_delete(                                    \
        struct miniorm_session *session, struct T *instance, struct miniorm_error *error) \
    {                                                                                     \
        return miniorm_row_delete(session, &T##_model, instance, error);                  \
    }                                                                                     \
    MINIORM_INLINE void T##_clear(struct T *instance)                                     \
    {                                                                                     \
        miniorm_row_clear(&T##_model, instance);                                          \
    }

#endif
