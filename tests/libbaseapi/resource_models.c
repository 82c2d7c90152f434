/*
 * Models of the unit tests.
 */
#include "resource_models.h"

static const struct miniorm_constraint novel_constraints[] = {
    {.kind = MINIORM_CONSTRAINT_UNIQUE, .name = "once_per_category", .columns = "category, price"},
    {.name = NULL},
};

static const struct miniorm_index novel_indexes[] = {
    {.name = "novel_token", .columns = "token", .unique = 1},
    {.name = NULL},
};

MINIORM_DEFINE(writer, WRITER_COLUMNS, "writers");
MINIORM_DEFINE(novel, NOVEL_COLUMNS, "novels", .constraints = novel_constraints,
               .indexes = novel_indexes);
MINIORM_DEFINE(page, PAGE_COLUMNS, "pages");
MINIORM_DEFINE(loose, LOOSE_COLUMNS, "loose");
