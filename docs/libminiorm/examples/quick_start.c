/*
 * Quick start: a model, its table, rows in and out. Takes the URL of a database, or uses one in memory.
 */
#include <stdio.h>

#include <miniorm/miniorm.h>

#define AUTHOR_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, MINIORM_UNIQUE, .max_len = 100)    \
    X(T, text, biography, MINIORM_NULLABLE)

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");

static const struct miniorm_model *const models[] = {&author_model};

static enum miniorm_status add(struct miniorm_session *session, struct miniorm_text name,
                               struct miniorm_error *error)
{
    struct author author = {0};
    enum miniorm_status status;

    miniorm_set(author, &author, name, name);
    status = author_insert(session, &author, error);
    if (status == MINIORM_OK)
        printf("%.*s has number %d\n", (int)author.name.size, author.name.data, author.id);
    author_clear(&author);
    return status;
}

static enum miniorm_status describe(struct miniorm_session *session, struct miniorm_error *error)
{
    struct author author;
    enum miniorm_status status = author_get_instance(
        session, MINIORM_WHERE(miniorm_eq(author_name, "Ann")), &author, NULL, error);

    if (status != MINIORM_OK)
        return status;
    if (miniorm_is_null(author, &author, biography))
        miniorm_set(author, &author, biography, MINIORM_S("Wrote about the sea."));
    status = author_row_update(session, &author, error);
    author_clear(&author);
    return status;
}

static enum miniorm_status list(struct miniorm_session *session, struct miniorm_error *error)
{
    const struct miniorm_order_by by_name = {author_name, MINIORM_ASC};
    struct miniorm_select_options options = MINIORM_SELECT_OPTIONS_INIT;
    struct miniorm_result *result;
    enum miniorm_status status;
    size_t i;

    options.order_by = &by_name;
    options.n_order_by = 1;
    options.limit = 10;
    status = author_get_instances(session, &options, &result, error);
    if (status != MINIORM_OK)
        return status;
    for (i = 0; i < miniorm_result_rows(result); i++) {
        const struct author *author = author_at(result, i);

        printf("%d %.*s: %.*s\n", author->id, (int)author->name.size, author->name.data,
               (int)author->biography.size, author->biography.data);
    }
    miniorm_result_free(result);
    return MINIORM_OK;
}

static enum miniorm_status work(struct miniorm_session *session, struct miniorm_error *error)
{
    enum miniorm_status status = miniorm_schema_create(session, models, 1, error);

    if (status == MINIORM_OK)
        status = add(session, MINIORM_S("Bob"), error);
    if (status == MINIORM_OK)
        status = add(session, MINIORM_S("Ann"), error);
    if (status == MINIORM_OK)
        status = describe(session, error);
    return status == MINIORM_OK ? list(session, error) : status;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "sqlite::memory:";
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database;
    enum miniorm_status status = miniorm_database_open(url, NULL, &database, &error);

    if (status == MINIORM_OK) {
        status = work(miniorm_database_session(database), &error);
        miniorm_database_close(database);
    }
    if (status != MINIORM_OK)
        fprintf(stderr, "%s: %s\n", miniorm_status_name(status), error.message);
    return status == MINIORM_OK ? 0 : 1;
}
