/*
 * Functions that libpq has since version 17. They are declared weak and tested at run time, so that
 * one build of the library works with libpq 14 and newer and uses what it finds.
 */
#ifndef MINIORM_SRC_POSTGRES_LATER_H
#define MINIORM_SRC_POSTGRES_LATER_H

#include <libpq-fe.h>

#ifndef LIBPQ_HAS_ASYNC_CANCEL
typedef struct pg_cancel_conn PGcancelConn;
#endif

extern int PQsendPipelineSync(PGconn *conn) __attribute__((weak));
extern int PQsendClosePrepared(PGconn *conn, const char *name) __attribute__((weak));
extern PGcancelConn *PQcancelCreate(PGconn *conn) __attribute__((weak));
extern int PQcancelBlocking(PGcancelConn *cancel) __attribute__((weak));
extern void PQcancelFinish(PGcancelConn *cancel) __attribute__((weak));

#endif
