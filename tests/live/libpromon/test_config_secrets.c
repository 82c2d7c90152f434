/*
 * Configurations whose secrets come from elsewhere, against servers whose passwords have every kind
 * of character.
 */
#include "test.h"

#include <promon/promon.h>
#include <stdio.h>
#include <unistd.h>

#include "support/places.h"

static char folder[] = "/tmp/test_config_secrets.XXXXXX";
static char config[64], password_file[64];

/* A probe whose login is all in the environment, but the password, which is `password`. */
#define PROBE(name, module, variables, more, password)                                            \
    "{\"name\": \"" name "\", \"module\": \"" module                                              \
    "\", \"timeout\": 30, \"params\": {\"host\": "                                                \
    "\"127.0.0.1\", \"port\": {\"env\": \"" variables "_PORT\"}, " more "\"password\": " password \
    "}}"
#define USER(variables) "\"user\": {\"env\": \"" variables "_USER\"}, "
#define TEXT(name, variable) "\"" name "\": {\"env\": \"" variable "\"}, "

static const struct row {
    const char *variable; /* of the password */
    const char *by_environment, *by_file;
} rows[] = {
#define ROW(name, module, port, more, variable)                                   \
    {                                                                             \
        variable, PROBE(name, module, port, more, "{\"env\": \"" variable "\"}"), \
            PROBE(name, module, port, more, "{\"file\": \"password\"}")           \
    }
    ROW("probe", "redis", "PROMON_TEST_REDIS_AUTH", "", "PROMON_TEST_REDIS_PASSWORD"),
    ROW("probe", "amqp", "PROMON_TEST_RABBITMQ",
        USER("PROMON_TEST_RABBITMQ") TEXT("vhost", "PROMON_TEST_RABBITMQ_VHOST"),
        "PROMON_TEST_RABBITMQ_PASSWORD"),
    ROW("probe", "postgres", "PROMON_TEST_POSTGRES",
        USER("PROMON_TEST_POSTGRES") TEXT("database", "PROMON_TEST_POSTGRES_DATABASE"),
        "PROMON_TEST_POSTGRES_PASSWORD"),
    ROW("probe", "mysql", "PROMON_TEST_MYSQL",
        USER("PROMON_TEST_MYSQL") TEXT("database", "PROMON_TEST_MYSQL_DATABASE"),
        "PROMON_TEST_MYSQL_PASSWORD"),
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void write_file(const char *path, const char *head, const char *text, const char *tail)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fprintf(file, "%s%s%s\n", head, text, tail) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(config, sizeof(config), "%s/promon.json", folder);
    snprintf(password_file, sizeof(password_file), "%s/password", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(config) + unlink(password_file) + rmdir(folder);
}

static struct promon *open_config(const char *probe)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    write_file(config, "{\"metrics\": [", probe, "]}");
    options.config_file = config;
    options.modules = modules_folder();
    if (promon_new(&options, &promon, &error) != PROMON_OK)
        fail_msg("%s\n%s", error.message, probe);
    return promon;
}

static const char *password_of(const struct row *row)
{
    const char *password = getenv(row->variable);

    if (password == NULL)
        fail_msg("%s is not set", row->variable);
    return password;
}

static void assert_result(struct promon *promon, const struct row *row, enum promon_verdict verdict,
                          enum promon_reason reason)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    assert_int_equal(promon_probe_run(promon, "probe", &status, NULL), PROMON_OK);
    if (status.verdict != verdict || status.reason != reason)
        fail_msg("%s: %s: %s", row->by_file, promon_reason_name(status.reason), status.message);
    assert_null(strstr(status.message, password_of(row)));
}

static void password_of_any_characters_comes_from_the_environment(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct promon *promon = open_config(rows[i].by_environment);

        assert_result(promon, &rows[i], PROMON_UP, PROMON_REASON_NONE);
        promon_free(promon);
    }
}

static void password_of_any_characters_comes_from_a_file(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct promon *promon;

        write_file(password_file, "", password_of(&rows[i]), "");
        promon = open_config(rows[i].by_file);
        assert_result(promon, &rows[i], PROMON_UP, PROMON_REASON_NONE);
        promon_free(promon);
    }
}

static void reload_takes_a_password_that_was_changed(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct promon_error error = PROMON_ERROR_INIT;
        struct promon *promon;

        write_file(password_file, "x", password_of(&rows[i]), "");
        promon = open_config(rows[i].by_file);
        assert_result(promon, &rows[i], PROMON_DOWN, PROMON_REASON_AUTH);
        write_file(password_file, "", password_of(&rows[i]), "");
        if (promon_reload(promon, &error) != PROMON_OK)
            fail_msg("%s", error.message);
        assert_result(promon, &rows[i], PROMON_UP, PROMON_REASON_NONE);
        promon_free(promon);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_of_any_characters_comes_from_the_environment),
        cmocka_unit_test(password_of_any_characters_comes_from_a_file),
        cmocka_unit_test(reload_takes_a_password_that_was_changed),
    };

    return cmocka_run_group_tests_name("config_secrets", tests, make_folder, remove_folder);
}
