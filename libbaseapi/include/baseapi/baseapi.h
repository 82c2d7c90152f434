/*
 * All of libbaseapi: includes every public header.
 */
#ifndef BASEAPI_BASEAPI_H
#define BASEAPI_BASEAPI_H

#include <baseapi/app.h>
#include <baseapi/export.h>
#include <baseapi/log.h>
#include <baseapi/middleware.h>
#include <baseapi/params.h>
#include <baseapi/problem.h>
#include <baseapi/provider.h>
#include <baseapi/request.h>
#include <baseapi/resource.h>
#include <baseapi/response.h>
#include <baseapi/route.h>
#include <baseapi/stats.h>
#include <baseapi/status.h>
#include <baseapi/version.h>

#endif
