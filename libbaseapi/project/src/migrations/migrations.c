/*
 * Brings the database to the shape that the models describe. Every model of the service stands in
 * the list below; their order does not matter, as tables are created in the order of their foreign
 * keys.
 */
#include "migrations/migrations.h"

#include "apps/demo/models.h"

static const struct miniorm_model *const models[] = {
    &author_model,
    &book_model,
};

enum miniorm_status migrations_apply(struct miniorm_session *session, struct miniorm_error *error)
{
    return miniorm_schema_create(session, models, sizeof(models) / sizeof(models[0]), error);
}
