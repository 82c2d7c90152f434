/*
 * The pushes of a configuration at a real Pushgateway: they come and go with it, and whoever only
 * looks at the configuration touches nothing.
 */
#include "test.h"

#include <promon/promon.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE_BYTES = 1 << 20 };

static const char *url;

/* The metrics that the gateway has, which the caller frees. */
static char *gateway_page(void)
{
    char command[256], *out = calloc(1, PAGE_BYTES);
    FILE *pipe;
    size_t size;

    snprintf(command, sizeof(command), "curl -s -S --max-time 60 %s/metrics", url);
    pipe = popen(command, "re");
    assert_true(pipe != NULL && out != NULL);
    size = fread(out, 1, PAGE_BYTES - 1, pipe);
    out[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return out;
}

/* Whether a group of the job is there. */
static bool gateway_has(const char *job)
{
    char label[100], *page = gateway_page();
    bool has;

    /* "push_job" is a label of what is pushed. */
    snprintf(label, sizeof(label), ",job=\"%s\"", job);
    has = strstr(page, label) != NULL;
    free(page);
    return has;
}

static void wait_for(const char *job, bool is_there)
{
    int i;

    for (i = 0; i < 300 && gateway_has(job) != is_there; i++)
        usleep(100000);
    if (gateway_has(job) != is_there)
        fail_msg("%s is %s", job, is_there ? "missing" : "still there");
}

/* "push" with these jobs; a job of NULL is none. */
static void write_config(char *out, size_t size, const char *one, const char *other)
{
    static const char push[] =
        "{\"url\": \"%s\", \"job\": \"%s\", \"interval\": 3600, "
        "\"grouping\": {\"instance\": \"a/b c\"}, \"delete_on_close\": true}";
    char first[400] = "", second[400] = "";

    if (one != NULL)
        snprintf(first, sizeof(first), push, url, one);
    if (other != NULL)
        snprintf(second, sizeof(second), push, url, other);
    snprintf(out, size, "{\"push\": [%s%s%s]}", first, one != NULL && other != NULL ? "," : "",
             second);
}

static struct promon *open_config(const char *json)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    options.config_json = json;
    if (promon_new(&options, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return promon;
}

static void groups_come_and_go_with_the_configuration(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon;
    char json[1000];

    (void)state;
    write_config(json, sizeof(json), "one", "two");
    promon = open_config(json);
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    wait_for("one", true);
    wait_for("two", true);
    write_config(json, sizeof(json), "two", "three");
    if (promon_load_json(promon, json, strlen(json), &error) != PROMON_OK)
        fail_msg("%s", error.message);
    wait_for("one", false);
    wait_for("three", true);
    assert_true(gateway_has("two"));
    assert_int_equal(promon_stop(promon, NULL), PROMON_OK);
    assert_true(gateway_has("two") && gateway_has("three"));
    promon_free(promon);
    assert_false(gateway_has("two") || gateway_has("three"));
}

static void whoever_never_pushed_deletes_nothing(void **state)
{
    struct promon *running, *looking;
    char json[1000];

    (void)state;
    write_config(json, sizeof(json), "kept", NULL);
    running = open_config(json);
    assert_int_equal(promon_start(running, NULL), PROMON_OK);
    wait_for("kept", true);
    looking = open_config(json);
    promon_free(looking);
    assert_true(gateway_has("kept"));
    promon_free(running);
    assert_false(gateway_has("kept"));
}

static int set_up(void **state)
{
    (void)state;
    url = getenv("PROMON_TEST_PUSHGATEWAY_URL");
    return url == NULL ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_come_and_go_with_the_configuration),
        cmocka_unit_test(whoever_never_pushed_deletes_nothing),
    };

    return cmocka_run_group_tests_name("config_push", tests, set_up, NULL);
}
