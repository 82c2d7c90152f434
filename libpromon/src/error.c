/*
 * Errors: filling the caller's struct promon_error.
 *
 * Order: none; every function stands alone and takes NULL as error.
 * Invariant: a message is one line of whole UTF-8 characters and ends with NUL; a structure that
 * holds an error is not changed.
 */
#include "error.h"

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "one_line.h"

static bool is_filled(const struct promon_error *error)
{
    return error->status != PROMON_OK;
}

static void write_message(struct promon_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void write_message(struct promon_error *error, const char *format, va_list arguments)
{
    if (vsnprintf(error->message, sizeof(error->message), format, arguments) < 0)
        error->message[0] = '\0';
    /* A server's own text may have several lines. */
    one_line(error->message);
}

static enum promon_status fill(struct promon_error *error, enum promon_status status,
                               const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static enum promon_status fill(struct promon_error *error, enum promon_status status,
                               const char *format, va_list arguments)
{
    if (error == NULL || is_filled(error))
        return status;
    error->status = status;
    write_message(error, format, arguments);
    return status;
}

enum promon_status promon__fail(struct promon_error *error, enum promon_status status,
                                const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

enum promon_status promon_error_set(struct promon_error *error, enum promon_status status,
                                    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

enum promon_status promon__fail_errno(struct promon_error *error, enum promon_status status,
                                      int system_errno, const char *what)
{
    locale_t c_locale;

    if (error == NULL || is_filled(error))
        return status;
    /* The C locale is a constant object of the C library: asking for it allocates nothing, and the
     * text of an error does not depend on the host's language. */
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        promon__fail(error, status, "%s: error %d", what, system_errno);
    } else {
        promon__fail(error, status, "%s: %s", what, strerror_l(system_errno, c_locale));
        freelocale(c_locale);
    }
    error->system_errno = system_errno;
    return status;
}

enum promon_status promon__fail_memory(struct promon_error *error)
{
    return promon__fail(error, PROMON_ENOMEM, "out of memory");
}

enum promon_status promon__fail_copy(struct promon_error *error, const struct promon_error *from)
{
    if (error != NULL && !is_filled(error))
        *error = *from;
    return from->status;
}

enum promon_status promon__fail_http(struct promon_error *error, enum promon_status status,
                                     int http_status, const char *format, ...)
{
    va_list arguments;

    if (error == NULL || is_filled(error))
        return status;
    va_start(arguments, format);
    (void)fill(error, status, format, arguments);
    va_end(arguments);
    error->http_status = http_status;
    return status;
}
