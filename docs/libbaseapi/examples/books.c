/*
 * Authors and books over HTTP, on SQLite: the quick start of the library.
 *
 *     curl -d '{"data":{"name":"John","surname":"Smith"}}' localhost:9000/authors
 *     curl -d '{"data":{"name":"Birthday","author_id":1}}' localhost:9000/books
 *     curl 'localhost:9000/books?filter\[name\]=Birthday&include=authors'
 */
#include <baseapi/baseapi.h>
#include <miniorm/miniorm.h>

#include <stdio.h>

#define AUTHOR_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 100)                 \
    X(T, varchar, surname, 0, .max_len = 100)

#define BOOK_COLUMNS(X, T)                                                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)                                 \
    X(T, varchar, name, 0, .max_len = 255)                                                 \
    X(T, boolean, is_available, 0, .sql_default = "true")                                  \
    X(T, int4, author_id, MINIORM_NULLABLE | MINIORM_INDEXED, .references = "authors(id)", \
      .on_delete = "CASCADE")

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(book, BOOK_COLUMNS);
MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");

static const struct baseapi_resource authors, books;

static const struct baseapi_resource authors = {
    .path = "/authors",
    .model = &author_model,
    .methods = BASEAPI_CRUD,
    .filters = "id name surname",
    .sorts = "name surname",
    .includes = BASEAPI_INCLUDES({"books", &books, "id=author_id"}),
};

static const struct baseapi_resource books = {
    .path = "/books",
    .model = &book_model,
    .methods = BASEAPI_CRUD,
    .filters = "id name:eq,in,ilike is_available author_id",
    .sorts = "id name",
    .default_sort = "-id",
    .includes = BASEAPI_INCLUDES({"authors", &authors, "author_id=id"}),
};

static enum miniorm_status open_database(struct miniorm_database **out, struct miniorm_error *error)
{
    const struct miniorm_model *const models[] = {&author_model, &book_model};
    enum miniorm_status status = miniorm_database_open("sqlite:books.db", NULL, out, error);

    if (status != MINIORM_OK)
        return status;
    return miniorm_schema_create(miniorm_database_session(*out), models, 2, error);
}

static enum baseapi_status serve(struct miniorm_database *database, struct baseapi_error *error)
{
    struct baseapi_app *app = NULL;
    enum baseapi_status status = baseapi_app_new(NULL, &app, error);

    if (status == BASEAPI_OK)
        status = baseapi_app_set_database(app, database, error);
    if (status == BASEAPI_OK)
        status = baseapi_app_add(app, &authors, error);
    if (status == BASEAPI_OK)
        status = baseapi_app_add(app, &books, error);
    if (status == BASEAPI_OK)
        status = baseapi_app_run(app, error);
    baseapi_app_free(app);
    return status;
}

int main(void)
{
    struct miniorm_database *database = NULL;
    struct miniorm_error database_error = MINIORM_ERROR_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    if (open_database(&database, &database_error) != MINIORM_OK)
        fprintf(stderr, "%s\n", database_error.message);
    else if (serve(database, &error) != BASEAPI_OK)
        fprintf(stderr, "%s\n", error.message);
    miniorm_database_close(database);
    return error.status == BASEAPI_OK && database_error.status == MINIORM_OK ? 0 : 1;
}
