/*
 * The table of the model with a column of every type.
 */
#include "every_type.h"

MINIORM_DEFINE(every, EVERY_COLUMNS, "everything");
