/*
 * libminiorm: models, managers, queries and transactions over PostgreSQL and SQLite, blocking or on
 * any event loop. Includes all of its headers but the adapters of event loops.
 */
#ifndef MINIORM_H
#define MINIORM_H

#include <miniorm/client.h>
#include <miniorm/condition.h>
#include <miniorm/database.h>
#include <miniorm/loop.h>
#include <miniorm/manager.h>
#include <miniorm/model.h>
#include <miniorm/numeric.h>
#include <miniorm/query.h>
#include <miniorm/result.h>
#include <miniorm/row.h>
#include <miniorm/schema.h>
#include <miniorm/session.h>
#include <miniorm/status.h>
#include <miniorm/value.h>
#include <miniorm/version.h>

#endif
