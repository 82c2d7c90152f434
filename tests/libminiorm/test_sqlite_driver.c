/*
 * Files of SQLite: opening them, and what happens when they are missing, foreign, full or gone.
 */
#include "sqlite_place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

static enum miniorm_status open_at(const char *url, struct miniorm_error *error)
{
    struct miniorm_database *database = NULL;
    const enum miniorm_status status = miniorm_database_open(url, NULL, &database, error);

    miniorm_database_close(database);
    return status;
}

static void file_is_made_and_found_again(void **state)
{
    struct sqlite_place *place = *state;

    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
    place_reopen(place, NULL);
    assert_int_equal(place_ask(place->session, "SELECT count(*) FROM items"), 1);
}

static void write_ahead_log_is_used(void **state)
{
    struct sqlite_place *place = *state;
    struct stat status;
    char path[128];

    snprintf(path, sizeof(path), "%s-wal", place->temporary.path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(place_ask(place->session, "PRAGMA foreign_keys"), 1);
    assert_int_equal(place_ask(place->session, "PRAGMA synchronous"), 1);
}

static void databases_in_memory_are_apart(void **state)
{
    struct miniorm_database *databases[2];
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++)
        assert_int_equal(miniorm_database_open("sqlite::memory:", NULL, &databases[i], NULL),
                         MINIORM_OK);
    place_must_run(miniorm_database_session(databases[0]), "CREATE TABLE t(n INTEGER)");
    assert_int_equal(place_run(miniorm_database_session(databases[1]), "SELECT * FROM t", NULL),
                     MINIORM_ESTATEMENT);
    for (i = 0; i < 2; i++)
        miniorm_database_close(databases[i]);
}

static void memory_is_kept_while_no_connection_is_used(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_database *database = NULL;

    (void)state;
    options.idle_timeout_ms = 1;
    assert_int_equal(miniorm_database_open("sqlite::memory:", &options, &database, NULL),
                     MINIORM_OK);
    place_must_run(miniorm_database_session(database), "CREATE TABLE t(n INTEGER)");
    usleep(5000);
    place_must_run(miniorm_database_session(database), "SELECT * FROM t");
    place_must_run(miniorm_database_session(database), "SELECT * FROM t");
    miniorm_database_close(database);
}

static void missing_folder_is_reported(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(open_at("sqlite:/nowhere/at/all", &error), MINIORM_EUNAVAILABLE);
    assert_string_equal(error.message, "SQLite: unable to open database file");
    assert_int_equal(error.system_errno, ENOENT);
    assert_int_equal(error.native_code, SQLITE_CANTOPEN);
}

static void file_that_is_no_database_is_reported(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char path[128];
    char url[160];
    FILE *file;
    unsigned i;

    snprintf(path, sizeof(path), "%s/prose", place->temporary.folder);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    file = fopen(path, "w");
    assert_non_null(file);
    for (i = 0; i < 100; i++)
        fputs("It was a dark and stormy night. ", file);
    fclose(file);
    assert_int_equal(open_at(url, &error), MINIORM_EDATABASE);
    assert_string_equal(error.message, "SQLite: file is not a database");
}

static void relative_paths_are_paths(void **state)
{
    struct sqlite_place *place = *state;
    char before[256];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place->temporary.folder), 0);
    assert_int_equal(open_at("sqlite:file:x?mode=ro", NULL), MINIORM_OK);
    assert_int_equal(access("file:x?mode=ro", F_OK), 0);
    assert_int_equal(chdir(before), 0);
}

static void damaged_file_is_reported(void **state)
{
    static const char rubbish[4096] = "rubbish";
    struct sqlite_place *place = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    int file;

    miniorm_database_close(place->database);
    file = open(place->temporary.path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    /* The second page, on which the table begins. */
    assert_int_equal(pwrite(file, rubbish, sizeof(rubbish), 4096), sizeof(rubbish));
    close(file);
    assert_int_equal(miniorm_database_open(place->temporary.url, NULL, &place->database, NULL),
                     MINIORM_OK);
    place->session = miniorm_database_session(place->database);
    assert_int_equal(place_run(place->session, "SELECT * FROM items", &error), MINIORM_EDATABASE);
    assert_string_equal(error.message, "SQLite: database disk image is malformed");
    assert_int_equal(error.native_code & 0xff, SQLITE_CORRUPT);
}

static void write_to_a_deleted_file_is_refused(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(unlink(place->temporary.path), 0);
    assert_int_equal(place_run(place->session, "INSERT INTO items(name) VALUES ('b')", &error),
                     MINIORM_EUNAVAILABLE);
    assert_string_equal(error.message, "SQLite: unable to open database file");
    /* It is not made again, empty, behind the program's back. */
    assert_int_equal(access(place->temporary.path, F_OK), -1);
}

static void full_disk_is_reported(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    options.pool_max = 1;
    place_reopen(place, &options);
    place_must_run(place->session, "PRAGMA max_page_count = 10");
    assert_int_equal(place_run(place->session,
                               "INSERT INTO items(name) VALUES (CAST(zeroblob(200000) AS TEXT))",
                               &error),
                     MINIORM_ERESOURCES);
    assert_string_equal(error.message, "SQLite: database or disk is full");
    assert_int_equal(place_ask(place->session, "SELECT count(*) FROM items"), 0);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
}

/* Runs `work` in a process of its own, which ends with what it returns. */
static void in_child(struct sqlite_place *place, int (*work)(struct sqlite_place *place))
{
    const pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(work(place));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int write_beyond_the_limit(struct sqlite_place *place)
{
    const struct rlimit limit = {.rlim_cur = 300000, .rlim_max = 300000};
    struct miniorm_database *database = NULL;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
        miniorm_database_open(place->temporary.url, NULL, &database, NULL) != MINIORM_OK)
        return 1;
    if (place_run(miniorm_database_session(database),
                  "INSERT INTO items(name) VALUES (CAST(randomblob(600000) AS TEXT))",
                  &error) != MINIORM_ERESOURCES)
        return 2;
    if (place_run(miniorm_database_session(database), "INSERT INTO items(name) VALUES ('a')",
                  NULL) != MINIORM_OK)
        return 3;
    miniorm_database_close(database);
    return 0;
}

static void write_that_the_system_refuses_is_reported(void **state)
{
    struct sqlite_place *place = *state;

    miniorm_database_close(place->database);
    place->database = NULL;
    in_child(place, write_beyond_the_limit);
}

static int use_read_only(struct sqlite_place *place)
{
    struct miniorm_database *database = NULL;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    /* The superuser may write everywhere. */
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (miniorm_database_open(place->temporary.url, NULL, &database, &error) != MINIORM_OK)
        return 2;
    if (place_run(miniorm_database_session(database), "SELECT * FROM items", &error) != MINIORM_OK)
        return 3;
    if (place_run(miniorm_database_session(database), "INSERT INTO items(name) VALUES ('b')",
                  &error) != MINIORM_EPERMISSION)
        return 4;
    if (strcmp(error.message, "SQLite: attempt to write a readonly database") != 0)
        return 5;
    miniorm_database_close(database);
    return 0;
}

/* A database that was made without a write-ahead log, as those of other programs are. */
static void make_foreign(const struct sqlite_place *place)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(place->temporary.path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void file_that_cannot_be_written_can_be_read(void **state)
{
    struct sqlite_place *place = *state;

    miniorm_database_close(place->database);
    place->database = NULL;
    make_foreign(place);
    assert_int_equal(chmod(place->temporary.path, 0444), 0);
    assert_int_equal(chmod(place->temporary.folder, 0555), 0);
    in_child(place, use_read_only);
    assert_int_equal(chmod(place->temporary.folder, 0755), 0);
}

static enum miniorm_status add_one(struct miniorm_session *session, void *data,
                                   struct miniorm_error *error)
{
    (void)data;
    return place_run(session, "UPDATE items SET size = size + 1 WHERE name = 'counter'", error);
}

static int add_many(struct sqlite_place *place)
{
    struct miniorm_database *database = NULL;
    unsigned i;

    if (miniorm_database_open(place->temporary.url, NULL, &database, NULL) != MINIORM_OK)
        return 1;
    for (i = 0; i < 50; i++) {
        if (miniorm_transaction_run(miniorm_database_session(database), NULL, add_one, NULL,
                                    NULL) != MINIORM_OK)
            return 2;
    }
    miniorm_database_close(database);
    return 0;
}

static void processes_write_one_after_the_other(void **state)
{
    struct sqlite_place *place = *state;
    pid_t children[3];
    int status;
    unsigned i;

    place_must_run(place->session, "INSERT INTO items(name, size) VALUES ('counter', 1)");
    miniorm_database_close(place->database);
    place->database = NULL;
    for (i = 0; i < 3; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(add_many(place));
    }
    for (i = 0; i < 3; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(miniorm_database_open(place->temporary.url, NULL, &place->database, NULL),
                     MINIORM_OK);
    assert_int_equal(place_ask(miniorm_database_session(place->database),
                               "SELECT size FROM items WHERE name = 'counter'"),
                     1 + 3 * 50);
}

#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, place_in_file, place_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(file_is_made_and_found_again),
        IN_FILE(write_ahead_log_is_used),
        cmocka_unit_test(databases_in_memory_are_apart),
        cmocka_unit_test(memory_is_kept_while_no_connection_is_used),
        cmocka_unit_test(missing_folder_is_reported),
        IN_FILE(file_that_is_no_database_is_reported),
        IN_FILE(relative_paths_are_paths),
        IN_FILE(damaged_file_is_reported),
        IN_FILE(write_to_a_deleted_file_is_refused),
        IN_FILE(full_disk_is_reported),
        IN_FILE(write_that_the_system_refuses_is_reported),
        IN_FILE(file_that_cannot_be_written_can_be_read),
        IN_FILE(processes_write_one_after_the_other),
    };

    return cmocka_run_group_tests_name("sqlite_driver", tests, NULL, NULL);
}
