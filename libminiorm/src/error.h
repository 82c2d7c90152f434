/*
 * Filling a struct miniorm_error. Every function takes NULL as error, returns the status it was
 * given, and leaves an error that is already filled as it is (the first one wins). Nothing here
 * allocates.
 */
#ifndef MINIORM_SRC_ERROR_H
#define MINIORM_SRC_ERROR_H

#include <miniorm/status.h>

enum miniorm_status miniorm__fail(struct miniorm_error *error, enum miniorm_status status,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with an errno value, whose text ends the message. */
enum miniorm_status miniorm__fail_errno(struct miniorm_error *error, enum miniorm_status status,
                                        int system_errno, const char *what);

enum miniorm_status miniorm__fail_memory(struct miniorm_error *error);

/* A value and the column it does not suit, which the error names too: "table.column: reason". */
enum miniorm_status miniorm__fail_column(struct miniorm_error *error, enum miniorm_status status,
                                         const char *table, const char *column, const char *reason);

/* Puts a name of `size` bytes into a member for names, cut if it is too long. */
void miniorm__error_name(char out[MINIORM_NAME_SIZE], const char *name, size_t size);

/* Copies a filled error to the caller's. */
enum miniorm_status miniorm__fail_copy(struct miniorm_error *error,
                                       const struct miniorm_error *from);

#endif
