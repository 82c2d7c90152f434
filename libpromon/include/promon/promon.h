/*
 * All of libpromon but module.h, which is for writers of modules, and the headers that join it with
 * its siblings: baseapi.h, miniorm.h and amqpext.h.
 */
#ifndef PROMON_PROMON_H
#define PROMON_PROMON_H

#include <promon/cell.h>
#include <promon/collect.h>
#include <promon/config.h>
#include <promon/export.h>
#include <promon/metric.h>
#include <promon/monitor.h>
#include <promon/page.h>
#include <promon/probe.h>
#include <promon/push.h>
#include <promon/result.h>
#include <promon/status.h>
#include <promon/version.h>

#endif
