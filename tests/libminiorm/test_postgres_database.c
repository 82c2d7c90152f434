/* URLs of PostgreSQL. */
#include "test.h"

#include "postgres/database.h"

static const char *option(const struct miniorm__pg_database *database, unsigned host,
                          const char *keyword)
{
    size_t i;

    for (i = 0; database->keywords[i] != NULL; i++) {
        if (strcmp(database->keywords[i], keyword) == 0)
            return miniorm__pg_database_values(database, host)[i];
    }
    return NULL;
}

static struct miniorm__pg_database *open_url(const char *url)
{
    struct miniorm__pg_database *database = NULL;

    assert_int_equal(miniorm__pg_database_open(url, &database, NULL), MINIORM_OK);
    return database;
}

static void parts_of_a_url_become_options(void **state)
{
    struct miniorm__pg_database *database =
        open_url("postgresql://us%20er:pass@localhost:5433/db?connect_timeout=3");

    (void)state;
    assert_string_equal(option(database, 0, "user"), "us er");
    assert_string_equal(option(database, 0, "password"), "pass");
    assert_string_equal(option(database, 0, "host"), "localhost");
    assert_string_equal(option(database, 0, "port"), "5433");
    assert_string_equal(option(database, 0, "dbname"), "db");
    assert_string_equal(option(database, 0, "client_encoding"), "UTF8");
    assert_string_equal(option(database, 0, "fallback_application_name"), "libminiorm");
    miniorm__pg_database_close(database);
}

static void encoding_is_the_library_s(void **state)
{
    struct miniorm__pg_database *database = open_url("postgres:///db?client_encoding=latin1");

    (void)state;
    assert_string_equal(option(database, 0, "client_encoding"), "UTF8");
    miniorm__pg_database_close(database);
}

static void hosts_take_turns_at_being_the_first(void **state)
{
    struct miniorm__pg_database *database = open_url("postgresql://a:1,b:2,c:3/db");

    (void)state;
    assert_int_equal(database->n_hosts, 3);
    assert_string_equal(option(database, 0, "host"), "a,b,c");
    assert_string_equal(option(database, 1, "host"), "b,c,a");
    assert_string_equal(option(database, 1, "port"), "2,3,1");
    assert_string_equal(option(database, 2, "host"), "c,a,b");
    assert_string_equal(option(database, 3, "host"), "a,b,c");
    miniorm__pg_database_close(database);
    database = open_url("postgresql://a,b/db?port=7");
    assert_string_equal(option(database, 1, "host"), "b,a");
    assert_string_equal(option(database, 1, "port"), "7");
    miniorm__pg_database_close(database);
}

static void errors_show_nothing_of_the_url(void **state)
{
    static const char *const urls[] = {
        "postgresql://user:secret@host:x y/%zz",   "postgresql://user:sec%zzret@host/db",
        "postgresql://user:secret@[::1/db",        "postgresql://user:secret@host/db?secret=1",
        "postgresql://user:secret@host/db?secret",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;
        struct miniorm__pg_database *database = NULL;

        assert_int_equal(miniorm__pg_database_open(urls[i], &database, &error), MINIORM_EINVALID);
        assert_null(database);
        assert_null(strstr(error.message, "sec"));
    }
}

static void open_without_memory(void *context)
{
    struct miniorm__pg_database *database = NULL;
    const enum miniorm_status status =
        miniorm__pg_database_open("postgresql://a,b,c/db?options=-cx%3D1", &database, NULL);

    (void)context;
    assert_true(status == MINIORM_OK || status == MINIORM_ENOMEM);
    miniorm__pg_database_close(database);
}

static void opening_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(open_without_memory, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_url_become_options),
        cmocka_unit_test(encoding_is_the_library_s),
        cmocka_unit_test(hosts_take_turns_at_being_the_first),
        cmocka_unit_test(errors_show_nothing_of_the_url),
        cmocka_unit_test(opening_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("postgres_database", tests, NULL, NULL);
}
