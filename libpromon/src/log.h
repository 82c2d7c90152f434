/*
 * Log: lines for the host's function.
 */
#ifndef PROMON_SRC_LOG_H
#define PROMON_SRC_LOG_H

#include <promon/monitor.h>

struct promon__log {
    promon_log_fn log; /* NULL: none */
    void *data;
    enum promon_log_level level;
};

/* `log` may be NULL. No lock of the library is held by the caller. */
void promon__log(const struct promon__log *log, enum promon_log_level level, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

#endif
