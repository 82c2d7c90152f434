/*
 * Models of the demo.
 */
#include "apps/demo/models.h"

MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");
MINIORM_DEFINE(category, CATEGORY_COLUMNS, "categories");
