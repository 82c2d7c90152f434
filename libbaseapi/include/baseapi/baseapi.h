/*
 * All of libbaseapi: includes every public header.
 */
#ifndef BASEAPI_BASEAPI_H
#define BASEAPI_BASEAPI_H

#include <baseapi/export.h>
#include <baseapi/version.h>

#endif
