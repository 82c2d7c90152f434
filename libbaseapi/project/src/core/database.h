/*
 * The database of the service.
 */
#ifndef CORE_DATABASE_H
#define CORE_DATABASE_H

#include <miniorm/miniorm.h>

#include "conf/settings.h"

/* Opens it and applies the migrations. Returns NULL with a message on standard error. */
struct miniorm_database *database_open(const struct settings *settings);

#endif
