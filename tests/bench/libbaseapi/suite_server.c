/*
 * The suite's side of the benchmark: authors and books as declared resources, with the defaults of
 * both libraries and nothing tuned. Takes the command line of the hand-written programs.
 */
#include <baseapi/baseapi.h>
#include <baseapi/resource.h>
#include <miniorm/miniorm.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTHOR_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 100)                 \
    X(T, varchar, surname, 0, .max_len = 100)

#define BOOK_COLUMNS(X, T)                                   \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)   \
    X(T, varchar, category, MINIORM_NULLABLE, .max_len = 50) \
    X(T, varchar, name, MINIORM_NULLABLE, .max_len = 200)    \
    X(T, boolean, is_available, MINIORM_NULLABLE)            \
    X(T, int4, author_id, MINIORM_NULLABLE, .references = "authors(id)")

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(book, BOOK_COLUMNS);
MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");

static const struct baseapi_resource authors = {
    .path = "/authors",
    .model = &author_model,
    .filters = "id name surname",
    .sorts = "id name surname",
};

static const struct baseapi_resource books = {
    .path = "/books",
    .model = &book_model,
    .filters = "id category name is_available author_id",
    .sorts = "id category name",
    .includes = BASEAPI_INCLUDES({"authors", &authors, "author_id=id"}),
};

struct options {
    const char *database;
    int port;
    unsigned int threads;
};

static struct baseapi_app *running_app;

static void on_stop_signal(int number)
{
    (void)number;
    baseapi_app_request_stop(running_app);
}

static bool options_read(int argc, char **argv, struct options *out)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--database") == 0) {
            out->database = argv[i + 1];
        } else if (strcmp(argv[i], "--port") == 0) {
            out->port = (int)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--threads") == 0) {
            out->threads = (unsigned int)strtoul(argv[i + 1], NULL, 10);
        } else {
            return false;
        }
    }
    return argc % 2 == 1 && out->database != NULL && out->port > 0;
}

static enum baseapi_status serve(struct baseapi_app *app, struct miniorm_database *database,
                                 struct baseapi_error *error)
{
    struct sigaction action = {.sa_handler = on_stop_signal};
    enum baseapi_status status = baseapi_app_set_database(app, database, error);

    if (status == BASEAPI_OK) {
        status = baseapi_app_add(app, &authors, error);
    }
    if (status == BASEAPI_OK) {
        status = baseapi_app_add(app, &books, error);
    }
    if (status != BASEAPI_OK) {
        return status;
    }
    running_app = app;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return baseapi_app_run(app, error);
}

static void on_error_log(enum baseapi_log_level level, const char *message, void *data)
{
    (void)data;
    if (level == BASEAPI_LOG_ERROR) {
        fprintf(stderr, "suite_server: %s\n", message);
    }
}

static enum baseapi_status serve_database(const struct options *options,
                                          struct miniorm_database *database)
{
    struct baseapi_app_options app_options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct baseapi_app *app = NULL;
    enum baseapi_status status;

    app_options.port = options->port;
    app_options.workers = options->threads;
    app_options.error_log = on_error_log;
    status = baseapi_app_new(&app_options, &app, &error);
    if (status == BASEAPI_OK) {
        status = serve(app, database, &error);
    }
    if (status != BASEAPI_OK) {
        fprintf(stderr, "suite_server: %s\n", error.message);
    }
    baseapi_app_free(app);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {.database = NULL};
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database = NULL;
    enum baseapi_status status;

    if (!options_read(argc, argv, &options)) {
        fprintf(stderr, "usage: %s --database URL --port N [--threads N]\n", argv[0]);
        return 2;
    }
    if (miniorm_database_open(options.database, NULL, &database, &error) != MINIORM_OK) {
        fprintf(stderr, "suite_server: %s\n", error.message);
        return 1;
    }
    status = serve_database(&options, database);
    miniorm_database_close(database);
    return status == BASEAPI_OK ? 0 : 1;
}
