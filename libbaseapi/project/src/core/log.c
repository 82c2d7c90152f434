/*
 * Log files. Each line is one write(2) to a file opened for appending, so that lines of several
 * threads do not mix and no lock is held while one is written.
 *
 * Order: log_open, anything, log_close. log_reopen puts the new files in the place of the old
 * descriptors, so that a thread which is just writing keeps a valid one.
 */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    char path[PATH_MAX];
    int fd;
} access_file = {.fd = -1}, error_file = {.fd = -1};

static int open_path(const char *path)
{
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

    if (fd < 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return fd;
}

int log_open(const char *folder)
{
    snprintf(access_file.path, sizeof(access_file.path), "%s/access.log", folder);
    snprintf(error_file.path, sizeof(error_file.path), "%s/error.log", folder);
    access_file.fd = open_path(access_file.path);
    error_file.fd = open_path(error_file.path);
    return access_file.fd < 0 || error_file.fd < 0 ? -1 : 0;
}

static void reopen(const char *path, int fd)
{
    const int fresh = open_path(path);

    if (fresh < 0)
        return;
    dup3(fresh, fd, O_CLOEXEC);
    close(fresh);
}

void log_reopen(void)
{
    reopen(access_file.path, access_file.fd);
    reopen(error_file.path, error_file.fd);
}

void log_close(void)
{
    if (access_file.fd >= 0)
        close(access_file.fd);
    if (error_file.fd >= 0)
        close(error_file.fd);
    access_file.fd = error_file.fd = -1;
}

/* A full disk must not stop the service: a line that cannot be written is lost. */
static void write_line(int fd, char *line, size_t size)
{
    line[size++] = '\n';
    if (fd >= 0 && write(fd, line, size) < 0)
        return;
}

void log_access(const struct baseapi_access *access, void *data)
{
    char line[BASEAPI_ACCESS_LINE_SIZE + 1];

    (void)data;
    write_line(access_file.fd, line, baseapi_access_log_format(access, line, sizeof(line) - 1));
}

static const char *const level_names[] = {"", "ERROR", "WARNING", "INFO", "DEBUG"};

void log_event(int level, const char *source, const char *message)
{
    char line[1024];
    struct timespec now;
    struct tm utc;
    int size;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size = snprintf(line, sizeof(line) - 1, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s: %s",
                    utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                    utc.tm_sec, now.tv_nsec / 1000000, level_names[level], source, message);
    if (size > 0)
        write_line(error_file.fd, line,
                   (size_t)size < sizeof(line) - 1 ? (size_t)size : sizeof(line) - 2);
}

void log_error(enum baseapi_log_level level, const char *message, void *data)
{
    (void)data;
    log_event((int)level, "api", message);
}

void log_database(void *data, enum miniorm_log_level level, const char *message)
{
    (void)data;
    if (level < MINIORM_LOG_DEBUG)
        log_event((int)level, "database", message);
}
