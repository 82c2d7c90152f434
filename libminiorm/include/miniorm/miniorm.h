/*
 * All of libminiorm: includes every public header.
 */
#ifndef MINIORM_MINIORM_H
#define MINIORM_MINIORM_H

#include <miniorm/export.h>
#include <miniorm/version.h>

#endif
