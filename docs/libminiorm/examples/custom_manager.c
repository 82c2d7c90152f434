/*
 * A manager of one's own: notes that are hidden instead of deleted, stamped when they are written, and a
 * query method beside the ready-made calls.
 */
#include <stdio.h>
#include <time.h>

#include <miniorm/miniorm.h>

#define NOTE_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, text, title, 0)                                   \
    X(T, boolean, hidden, 0, .sql_default = "false")       \
    X(T, timestamptz, written_at, 0)

MINIORM_DECLARE(note, NOTE_COLUMNS);

/* The hooks come first; what follows is the manager's own. */
struct note_manager {
    struct miniorm_manager base;
    int64_t (*now_us)(void);
};

static int64_t wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - MINIORM_EPOCH_OFFSET_S) * 1000000 + now.tv_nsec / 1000;
}

/* Part of every select, count, update and delete of the model. */
static const struct miniorm_condition *visible(const struct miniorm_manager *manager)
{
    static const struct miniorm_value no = {.type = MINIORM_T_boolean, .as.boolean = false};
    static const struct miniorm_condition condition = {
        .op = MINIORM_OP_EQ, .column = note_hidden, .values = &no, .n_values = 1};

    (void)manager;
    return &condition;
}

static enum miniorm_status stamp(const struct miniorm_manager *manager, void *instance,
                                 struct miniorm_error *error)
{
    const struct note_manager *own = (const struct note_manager *)manager;
    struct note *note = instance;

    if (miniorm_is_changed(note, note, title) && note->title.size == 0)
        return miniorm_error_set(error, MINIORM_EVALUE, "a note needs a title");
    miniorm_set(note, note, written_at, own->now_us());
    return MINIORM_OK;
}

static const struct note_manager notes = {.base = {.size = sizeof(struct miniorm_manager),
                                                   .default_where = visible,
                                                   .before_insert = stamp,
                                                   .before_update = stamp},
                                          .now_us = wall_clock};

MINIORM_DEFINE(note, NOTE_COLUMNS, "notes", .manager = &notes.base);

/* A method of the manager: a function beside the typed calls that MINIORM_DECLARE makes. */
static enum miniorm_status note_hide(struct miniorm_session *session, struct miniorm_text prefix,
                                     uint64_t *affected, struct miniorm_error *error)
{
    char pattern[256];
    struct note values = {0};

    if (prefix.size + 2 > sizeof(pattern))
        return miniorm_error_set(error, MINIORM_ELIMIT, "the prefix is too long");
    snprintf(pattern, sizeof(pattern), "%.*s%%", (int)prefix.size, prefix.data);
    miniorm_set(note, &values, hidden, true);
    return note_update(session, MINIORM_WHERE(miniorm_like(note_title, pattern)), &values, affected,
                       error);
}

static enum miniorm_status write_note(struct miniorm_session *session, struct miniorm_text title,
                                      struct miniorm_error *error)
{
    struct note note = {0};
    enum miniorm_status status;

    miniorm_set(note, &note, title, title);
    status = note_insert(session, &note, error);
    note_clear(&note);
    return status;
}

static enum miniorm_status work(struct miniorm_session *session, struct miniorm_error *error)
{
    static const struct miniorm_model *const models[] = {&note_model};
    struct miniorm_error refusal = MINIORM_ERROR_INIT;
    enum miniorm_status status = miniorm_schema_create(session, models, 1, error);
    uint64_t hidden = 0;
    uint64_t left = 0;

    if (status == MINIORM_OK)
        status = write_note(session, MINIORM_S("draft: sea"), error);
    if (status == MINIORM_OK)
        status = write_note(session, MINIORM_S("harbour"), error);
    if (write_note(session, MINIORM_S(""), &refusal) != MINIORM_OK)
        printf("refused: %s\n", refusal.message);
    if (status == MINIORM_OK)
        status = note_hide(session, MINIORM_S("draft"), &hidden, error);
    if (status == MINIORM_OK)
        status = note_count(session, NULL, &left, error);
    if (status == MINIORM_OK)
        printf("%llu hidden, %llu left\n", (unsigned long long)hidden, (unsigned long long)left);
    return status;
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
