/*
 * Errors: the names of the statuses, and filling a caller's structure.
 *
 * Invariant: a structure that holds an error is not touched, so the first one, nearest to the
 * cause, wins.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for the text of an errno value; glibc's longest is below 60. */
#define ERRNO_TEXT_SIZE 80

const char *baseapi_status_name(enum baseapi_status status)
{
    switch (status) {
    case BASEAPI_OK: return "BASEAPI_OK";
    case BASEAPI_ENOMEM: return "BASEAPI_ENOMEM";
    case BASEAPI_EINVALID: return "BASEAPI_EINVALID";
    case BASEAPI_ESTATE: return "BASEAPI_ESTATE";
    case BASEAPI_EANSWERED: return "BASEAPI_EANSWERED";
    case BASEAPI_ECANCELLED: return "BASEAPI_ECANCELLED";
    case BASEAPI_ELIMIT: return "BASEAPI_ELIMIT";
    case BASEAPI_ELISTEN: return "BASEAPI_ELISTEN";
    case BASEAPI_ESERVER: return "BASEAPI_ESERVER";
    case BASEAPI_ERESOURCES: return "BASEAPI_ERESOURCES";
    case BASEAPI_EDATABASE: return "BASEAPI_EDATABASE";
    case BASEAPI_ETIMEDOUT: return "BASEAPI_ETIMEDOUT";
    case BASEAPI_EFORMAT: return "BASEAPI_EFORMAT";
    case BASEAPI_ENOTFOUND: return "BASEAPI_ENOTFOUND";
    }
    return "BASEAPI_E?";
}

static void remove_controls(char *message)
{
    for (; *message != '\0'; message++) {
        if ((unsigned char)*message < 0x20 || *message == 0x7f)
            *message = ' ';
    }
}

__attribute__((format(printf, 4, 0))) static void fill(struct baseapi_error *error,
                                                       enum baseapi_status status, int http_status,
                                                       const char *format, va_list arguments)
{
    const int kept = errno;

    if (error == NULL || error->status != BASEAPI_OK)
        return;
    error->status = status;
    error->http_status = http_status;
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    remove_controls(error->message);
    errno = kept;
}

enum baseapi_status baseapi__fail(struct baseapi_error *error, enum baseapi_status status,
                                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, status, 0, format, arguments);
    va_end(arguments);
    return status;
}

enum baseapi_status baseapi__fail_http(struct baseapi_error *error, enum baseapi_status status,
                                       int http_status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, status, http_status, format, arguments);
    va_end(arguments);
    return status;
}

enum baseapi_status baseapi__fail_errno(struct baseapi_error *error, enum baseapi_status status,
                                        int system_errno, const char *format, ...)
{
    char text[ERRNO_TEXT_SIZE];
    va_list arguments;
    size_t length;

    if (error == NULL || error->status != BASEAPI_OK)
        return status;
    va_start(arguments, format);
    fill(error, status, 0, format, arguments);
    va_end(arguments);
    error->system_errno = system_errno;
    length = strlen(error->message);
    (void)snprintf(error->message + length, sizeof(error->message) - length, ": %s",
                   strerror_r(system_errno, text, sizeof(text)));
    return status;
}
