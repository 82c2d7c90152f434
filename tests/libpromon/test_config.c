/* Configurations: good ones are taken whole, bad ones are refused with the place and the reason. */
#include "test.h"

#include <dirent.h>
#include <promon/promon.h>
#include <stdio.h>

#include "engine.h"
#include "monitor.h"
#include "read_file.h"
#include "support/places.h"

#define CONFIGS "tests/libpromon/configs/"

static int set_environment(void **state)
{
    (void)state;
    setenv("PROMON_TEST_TITLE", "Our services", 1);
    setenv("PROMON_TEST_PASSWORD", "p@ss w:/?#\"\\\xc3\xa9", 1);
    unsetenv("PROMON_TEST_NOT_SET");
    return 0;
}

static enum promon_status open_file(const char *path, const char *modules, struct promon **out,
                                    struct promon_error *error)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    options.config_file = path;
    options.modules = modules;
    return promon_new(&options, out, error);
}

static struct promon *open_good(const char *path, const char *modules)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    if (open_file(path, modules, &promon, &error) != PROMON_OK)
        fail_msg("%s: %s", path, error.message);
    return promon;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The first line of the file. */
static void read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_non_null(fgets(out, (int)size, file));
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

/* Folders of "bad" hold a configuration and the status and message that it gives. */
static void assert_bad(const char *name)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;
    char path[200], expected[400], told[400];

    snprintf(path, sizeof(path), CONFIGS "bad/%s/expected", name);
    read_line(path, expected, sizeof(expected));
    snprintf(path, sizeof(path), CONFIGS "bad/%s/config.json", name);
    if (open_file(path, own_modules_folder(), &promon, &error) == PROMON_OK) {
        promon_free(promon);
        fail_msg("%s is taken", name);
    }
    snprintf(told, sizeof(told), "%s %s", promon_status_name(error.status), error.message);
    if (strcmp(told, expected) != 0)
        fail_msg("%s\n  is told: %s\n expected: %s", name, told, expected);
    assert_null(strstr(told, "s3cret"));
}

static void bad_configurations_are_refused_with_place_and_reason(void **state)
{
    struct dirent **entries;
    const int count = scandir(CONFIGS "bad", &entries, is_visible, alphasort);
    int i;

    (void)state;
    assert_true(count > 80);
    for (i = 0; i < count; i++) {
        assert_bad(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void module_that_is_not_there_is_told_with_those_that_are(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    (void)state;
    options.config_json = "{\"metrics\": [{\"name\": \"a\", \"module\": \"sampel\"}]}";
    options.modules = own_modules_folder();
    assert_int_equal(promon_new(&options, &promon, &error), PROMON_EMODULE);
    assert_ptr_equal(strstr(error.message, "metrics[0].module: "), error.message);
    assert_non_null(strstr(error.message, "did you mean \"sample\"?"));
    assert_null(promon);
}

static void empty_configuration_is_valid(void **state)
{
    struct promon *promon = open_good(CONFIGS "good/empty/config.json", NULL);

    (void)state;
    assert_string_equal(promon_route(promon, "ping"), "/ping");
    assert_false(promon->settings.has_listener);
    promon_free(promon);
}

struct seen {
    char names[8][40], modules[8][16];
    int64_t intervals_ms[8];
    size_t count;
};

static void see(void *data, const struct promon__probe_view *view)
{
    struct seen *seen = data;

    assert_true(seen->count < 8);
    snprintf(seen->names[seen->count], sizeof(seen->names[0]), "%s", view->name);
    snprintf(seen->modules[seen->count], sizeof(seen->modules[0]), "%s", view->module);
    seen->intervals_ms[seen->count++] = view->interval_ms;
}

static void sample_of_the_original_is_taken_unchanged(void **state)
{
    static const struct row {
        const char *name, *module;
        int64_t interval_ms;
    } rows[] = {{"monitoring_http", "http", 300000},
                {"monitoring_redis", "redis", 60000},
                {"monitoring_mq", "amqp", 60000},
                {"monitoring_postgres", "postgres", 60000},
                {"monitoring_mysql", "mysql", 60000}};
    struct promon *promon = open_good(CONFIGS "good/original/config.json", modules_folder());
    struct seen seen = {.count = 0};
    size_t i;

    (void)state;
    promon__engine_visit(promon->engine, see, &seen);
    assert_int_equal(seen.count, 5);
    for (i = 0; i < 5; i++) {
        assert_string_equal(seen.names[i], rows[i].name);
        assert_string_equal(seen.modules[i], rows[i].module);
        assert_int_equal(seen.intervals_ms[i], rows[i].interval_ms);
    }
    assert_string_equal(promon_route(promon, "metrics"), "/metrics");
    promon_free(promon);
}

static void assert_everything(const struct promon__settings *settings)
{
    assert_string_equal(settings->routes.ping, "/p");
    assert_string_equal(settings->routes.live, "");
    assert_string_equal(settings->routes.ready, "");
    assert_string_equal(settings->routes.status, "/page");
    assert_true(settings->has_listener);
    assert_string_equal(settings->listen.address, "::1");
    assert_int_equal(settings->listen.port, PROMON_PORT_ANY);
    assert_int_equal(settings->listen.threads, 1);
    assert_int_equal(settings->listen.max_connections, 8);
    assert_int_equal(settings->listen.max_connections_per_ip, 4);
    assert_int_equal(settings->listen.idle_timeout_s, 5);
    assert_int_equal(settings->workers, 3);
    assert_int_equal(settings->max_stuck_workers, 5);
    assert_true(!settings->process_metrics && !settings->status_page);
    assert_true(settings->health_details && settings->created_samples);
    assert_string_equal(settings->title, "Our services");
}

static double value_of(struct promon *promon, const char *name, const char *const *labels)
{
    struct promon_error error = PROMON_ERROR_INIT;
    double value = 0;

    if (promon_value(promon, name, labels, &value, &error) != PROMON_OK)
        fail_msg("%s: %s", name, error.message);
    return value;
}

static void every_key_is_taken(void **state)
{
    static const char *const probe[] = {"probe", "all:of_it", NULL};
    struct promon *promon = open_good(CONFIGS "good/everything/config.json", own_modules_folder());
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    (void)state;
    assert_everything(&promon->settings);
    assert_true(value_of(promon, "promon_probe_interval_seconds", probe) == 0.5);
    assert_true(value_of(promon, "promon_probe_timeout_seconds", probe) == 0.25);
    /* Up when the password of the file is that of the environment. */
    assert_int_equal(promon_probe_run(promon, "all:of_it", &status, NULL), PROMON_OK);
    assert_int_equal(status.verdict, PROMON_UP);
    promon_free(promon);
}

static struct promon *open_json(const char *json)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    options.config_json = json;
    options.modules = own_modules_folder();
    if (promon_new(&options, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return promon;
}

static void timeout_is_ten_seconds_or_the_interval(void **state)
{
    static const struct row {
        const char *json;
        double timeout;
    } rows[] = {{"\"sleep_time\": 300", 10}, {"\"sleep_time\": 2.5", 2.5},
                {"\"sleep_time\": 10", 10},  {"\"interval\": 0.01", 0.01},
                {"\"fail_after\": 1", 10},   {"\"sleep_time\": 60, \"timeout\": 30", 30}};
    static const char *const probe[] = {"probe", "a", NULL};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct promon *promon;
        char json[200];

        snprintf(json, sizeof(json),
                 "{\"metrics\": [{\"name\": \"a\", \"module\": \"sample\", \"params\": "
                 "{\"verdict\": \"up\"}, %s}]}",
                 rows[i].json);
        promon = open_json(json);
        assert_true(value_of(promon, "promon_probe_timeout_seconds", probe) == rows[i].timeout);
        promon_free(promon);
    }
}

static void words_of_the_configuration_win_over_options(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    (void)state;
    options.routes.ping = "/from-options";
    options.routes.live = "/alive";
    options.title = "Options";
    options.config_json = "{\"route_ping\": \"/from-json\", \"title\": \"JSON\"}";
    assert_int_equal(promon_new(&options, &promon, &error), PROMON_OK);
    assert_string_equal(promon_route(promon, "ping"), "/from-json");
    assert_string_equal(promon_route(promon, "live"), "/alive");
    assert_string_equal(promon->settings.title, "JSON");
    promon_free(promon);
}

static void options_may_name_one_configuration(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    (void)state;
    options.config_json = "{}";
    options.config_file = CONFIGS "good/empty/config.json";
    assert_int_equal(promon_new(&options, &promon, &error), PROMON_EINVALID);
    assert_null(promon);
}

static void file_that_is_not_there_is_told(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    (void)state;
    assert_int_equal(open_file(CONFIGS "none.json", NULL, &promon, &error), PROMON_ENOTFOUND);
    assert_string_equal(error.message,
                        "cannot read " CONFIGS "none.json: No such file or directory");
    assert_int_not_equal(error.system_errno, 0);
    assert_null(promon);
}

static void configuration_has_a_largest_size(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const size_t size = PROMON_MAX_CONFIG_BYTES + 1;
    struct promon *promon = open_json("{}");
    char *json = malloc(size);

    (void)state;
    assert_non_null(json);
    memset(json, ' ', size);
    memcpy(json, "{}", 2);
    assert_int_equal(promon_load_json(promon, json, size, &error), PROMON_ECONFIG);
    assert_string_equal(error.message, "larger than 4194304 bytes");
    assert_int_equal(promon_load_json(promon, json, size - 1, NULL), PROMON_OK);
    free(json);
    promon_free(promon);
}

/* Secrets of examples are not there, but what names them is read before. */
static void assert_example(const char *page, const char *json)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    options.config_json = json;
    options.modules = modules_folder();
    if (promon_new(&options, &promon, &error) != PROMON_OK && error.status != PROMON_ESECRET)
        fail_msg("%s: %s\n%s", page, error.message, json);
    promon_free(promon);
}

static unsigned assert_examples(const char *page, char *text)
{
    static const char begin[] = "```json\n";
    unsigned count = 0;
    char *json, *end;

    for (; (json = strstr(text, begin)) != NULL; text = end + 1) {
        end = strstr(json + 1, "\n```");
        assert_non_null(end);
        *end = '\0';
        assert_example(page, json + strlen(begin));
        count++;
    }
    return count;
}

static void examples_of_the_documentation_are_taken(void **state)
{
    static const char *const pages[] = {
        "docs/libpromon/configuration.md", "docs/libpromon/guide.md",
        "docs/libpromon/for-aiohttp_prometheus_monitoring-users.md"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct text text = {.size = 0};

        assert_int_equal(promon__read_file(pages[i], 1000000, PROMON_ENOTFOUND, &text, NULL),
                         PROMON_OK);
        text_char(&text, '\0');
        assert_true(assert_examples(pages[i], text.data) > 0);
        text_free(&text);
    }
}

static void open_once(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;
    enum promon_status status;

    (void)context;
    status =
        open_file(CONFIGS "good/everything/config.json", own_modules_folder(), &promon, &error);
    oom_stop();
    assert_int_equal(error.status, status);
    if (status != PROMON_OK && status != PROMON_ENOMEM)
        fail_msg("%s", error.message);
    promon_free(promon);
}

static void opening_survives_the_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(open_once, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_configurations_are_refused_with_place_and_reason),
        cmocka_unit_test(module_that_is_not_there_is_told_with_those_that_are),
        cmocka_unit_test(empty_configuration_is_valid),
        cmocka_unit_test(sample_of_the_original_is_taken_unchanged),
        cmocka_unit_test(every_key_is_taken),
        cmocka_unit_test(timeout_is_ten_seconds_or_the_interval),
        cmocka_unit_test(words_of_the_configuration_win_over_options),
        cmocka_unit_test(options_may_name_one_configuration),
        cmocka_unit_test(file_that_is_not_there_is_told),
        cmocka_unit_test(configuration_has_a_largest_size),
        cmocka_unit_test(examples_of_the_documentation_are_taken),
        cmocka_unit_test(opening_survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests_name("config", tests, set_environment, NULL);
}
