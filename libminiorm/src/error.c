/*
 * Errors: filling the caller's struct miniorm_error.
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

static bool is_filled(const struct miniorm_error *error)
{
    return error->status != MINIORM_OK;
}

static void write_message(struct miniorm_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void write_message(struct miniorm_error *error, const char *format, va_list arguments)
{
    if (vsnprintf(error->message, sizeof(error->message), format, arguments) < 0)
        error->message[0] = '\0';
    /* A database's own text may have several lines. */
    one_line(error->message);
}

static enum miniorm_status fill(struct miniorm_error *error, enum miniorm_status status,
                                const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static enum miniorm_status fill(struct miniorm_error *error, enum miniorm_status status,
                                const char *format, va_list arguments)
{
    if (error == NULL || is_filled(error))
        return status;
    error->status = status;
    write_message(error, format, arguments);
    return status;
}

enum miniorm_status miniorm__fail(struct miniorm_error *error, enum miniorm_status status,
                                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

enum miniorm_status miniorm_error_set(struct miniorm_error *error, enum miniorm_status status,
                                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

enum miniorm_status miniorm__fail_errno(struct miniorm_error *error, enum miniorm_status status,
                                        int system_errno, const char *what)
{
    locale_t c_locale;

    if (error == NULL || is_filled(error))
        return status;
    /* The C locale is a constant object of the C library: asking for it allocates nothing, and the
     * text of an error does not depend on the host's language. */
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        miniorm__fail(error, status, "%s: error %d", what, system_errno);
    } else {
        miniorm__fail(error, status, "%s: %s", what, strerror_l(system_errno, c_locale));
        freelocale(c_locale);
    }
    error->system_errno = system_errno;
    return status;
}

enum miniorm_status miniorm__fail_memory(struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_ENOMEM, "out of memory");
}

void miniorm__error_name(char out[MINIORM_NAME_SIZE], const char *name, size_t size)
{
    if (size >= MINIORM_NAME_SIZE)
        size = MINIORM_NAME_SIZE - 1;
    memcpy(out, name, size);
    out[size] = '\0';
}

enum miniorm_status miniorm__fail_column(struct miniorm_error *error, enum miniorm_status status,
                                         const char *table, const char *column, const char *reason)
{
    if (error == NULL || is_filled(error))
        return status;
    miniorm__error_name(error->table, table, strlen(table));
    miniorm__error_name(error->column, column, strlen(column));
    return miniorm__fail(error, status, "%s.%s: %s", table, column, reason);
}

enum miniorm_status miniorm__fail_copy(struct miniorm_error *error,
                                       const struct miniorm_error *from)
{
    if (error != NULL && !is_filled(error))
        *error = *from;
    return from->status;
}
