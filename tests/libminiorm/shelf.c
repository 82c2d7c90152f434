#include "shelf.h"

MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");

static void expect_text(struct miniorm_query *query, enum miniorm_dialect dialect,
                        const char *expected, const char *file, int line)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char *text = NULL;

    if (miniorm_query_sql(query, dialect, &text, &error) != MINIORM_OK) {
        print_error("%s\n", error.message);
        _fail(file, line);
    }
    _assert_string_equal(text, expected, file, line);
    free(text);
}

void shelf_expect_sql(struct miniorm_query *query, const char *postgresql, const char *sqlite,
                      const char *file, int line)
{
    expect_text(query, MINIORM_POSTGRESQL, postgresql, file, line);
    expect_text(query, MINIORM_SQLITE, sqlite, file, line);
    miniorm_query_free(query);
}

void shelf_expect_failure(struct miniorm_query *query, enum miniorm_dialect dialect,
                          enum miniorm_status status, const char *part, const char *file, int line)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char *text = NULL;

    _assert_int_equal(miniorm_query_sql(query, dialect, &text, &error), status, file, line);
    _assert_int_equal(error.status, status, file, line);
    if (strstr(error.message, part) == NULL) {
        print_error("\"%s\" is not in \"%s\"\n", part, error.message);
        _fail(file, line);
    }
    assert_null(text);
    miniorm_query_free(query);
}
