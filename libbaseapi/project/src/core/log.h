/*
 * Log files: one line of JSON per request in access.log, one line per event in error.log.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <baseapi/app.h>
#include <miniorm/database.h>

/*
 * Opens both files in `folder`, for appending. Returns 0, or -1 with a message on standard error.
 */
int log_open(const char *folder);

/* Opens them anew, after a tool has renamed them (SIGHUP). */
void log_reopen(void);

void log_close(void);

/* To be given to the libraries; any thread. */
void log_access(const struct baseapi_access *access, void *data);
void log_error(enum baseapi_log_level level, const char *message, void *data);
void log_database(void *data, enum miniorm_log_level level, const char *message);

/* A line of error.log from elsewhere; `level` is 1 for an error to 4 for debugging. */
void log_event(int level, const char *source, const char *message);

#endif
