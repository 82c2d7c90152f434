/* The status as JSON: read by another's parser, whatever probes are called and say. */
#include "test.h"

#include <jansson.h>
#include <promon/promon.h>
#include <stdio.h>

#include "monitor.h"
#include "status_json.h"
#include "support/fake_probe.h"

#define HOUR_S 3600

static json_t *status_of(struct promon *promon, const char *query)
{
    struct promon_page page = PROMON_PAGE_INIT;
    json_error_t error;
    json_t *root;

    fake_get(promon, "/status.json", query, &page);
    assert_int_equal(page.status, 200);
    assert_string_equal(page.content_type, "application/json");
    assert_string_equal(page.cache_control, "no-store");
    root = json_loadb(page.body, page.body_size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s: %s", error.text, page.body);
    promon_page_clear(&page);
    return root;
}

static const char *text_at(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int number_at(const json_t *object, const char *name)
{
    assert_true(json_is_integer(json_object_get(object, name)));
    return (int)json_integer_value(json_object_get(object, name));
}

static const json_t *probe_at(const json_t *root, size_t i)
{
    return json_array_get(json_object_get(root, "probes"), i);
}

static void without_probes_there_is_nothing_wrong(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon;
    json_t *root;

    (void)state;
    options.title = "A \"shop\" </script>";
    promon = fake_monitor(&options);
    root = status_of(promon, NULL);
    assert_string_equal(text_at(root, "title"), "A \"shop\" </script>");
    assert_string_equal(text_at(root, "state"), "up");
    assert_int_equal(json_array_size(json_object_get(root, "probes")), 0);
    assert_string_equal(text_at(json_object_get(root, "range"), "name"), "day");
    assert_int_equal(number_at(json_object_get(root, "range"), "bars"), 96);
    assert_int_equal(number_at(json_object_get(root, "range"), "bar_seconds"), 900);
    json_decref(root);
    promon_free(promon);
}

static void before_its_first_result_all_of_a_probe_is_null(void **state)
{
    static const struct fake_probe fake = {.name = "one", .verdict = PROMON_UP};
    struct promon *promon = fake_monitor(NULL);
    const json_t *probe;
    json_t *root;

    (void)state;
    fake_probe_add(promon, &fake);
    root = status_of(promon, NULL);
    probe = probe_at(root, 0);
    assert_string_equal(text_at(root, "state"), "unknown");
    assert_string_equal(text_at(probe, "state"), "unknown");
    assert_string_equal(text_at(probe, "description"), "");
    assert_string_equal(text_at(probe, "module"), "");
    assert_true(json_is_null(json_object_get(probe, "last_run")));
    assert_true(json_is_null(json_object_get(probe, "last_success")));
    assert_true(json_is_null(json_object_get(probe, "duration_seconds")));
    assert_true(json_is_null(json_object_get(probe, "certificate_expires")));
    assert_true(json_is_null(json_object_get(json_object_get(probe, "uptime"), "day")));
    assert_int_equal(json_array_size(json_object_get(probe, "history")), 96);
    assert_true(json_is_null(json_array_get(json_object_get(probe, "history"), 95)));
    json_decref(root);
    promon_free(promon);
}

static void probe_tells_what_happened_last(void **state)
{
    const struct fake_probe up = {.name = "up",
                                  .description = "It is ünï",
                                  .group = "ready",
                                  .verdict = PROMON_UP,
                                  .tls_not_after_s = 2000000000};
    const struct fake_probe down = {.name = "down",
                                    .verdict = PROMON_DOWN,
                                    .reason = PROMON_REASON_TLS_EXPIRED,
                                    .message = "say \"no\" <b>&\\"};
    struct promon *promon = fake_monitor(NULL);
    const json_t *probe;
    json_t *root;

    (void)state;
    fake_probe_add(promon, &up);
    fake_probe_add(promon, &down);
    fake_probe_run(promon, &up);
    fake_probe_run(promon, &down);
    root = status_of(promon, NULL);
    assert_string_equal(text_at(root, "state"), "down");
    assert_int_equal(number_at(json_object_get(root, "probes_by_state"), "up"), 1);
    assert_int_equal(number_at(json_object_get(root, "probes_by_state"), "down"), 1);
    assert_int_equal(number_at(json_object_get(root, "probes_by_state"), "unknown"), 0);
    probe = probe_at(root, 0);
    assert_string_equal(text_at(probe, "name"), "up");
    assert_string_equal(text_at(probe, "description"), "It is ünï");
    assert_string_equal(json_string_value(json_array_get(json_object_get(probe, "groups"), 0)),
                        "ready");
    assert_int_equal(number_at(probe, "certificate_expires"), 2000000000);
    assert_int_equal(number_at(probe, "interval_seconds"), 60);
    assert_string_equal(text_at(probe, "reason"), "none");
    assert_int_equal(number_at(json_object_get(probe, "uptime"), "year"), 1);
    assert_true(json_number_value(json_object_get(probe, "last_run")) > 1.7e9);
    assert_true(json_is_number(json_object_get(probe, "duration_seconds")));
    probe = probe_at(root, 1);
    assert_string_equal(text_at(probe, "reason"), "tls_expired");
    assert_string_equal(text_at(probe, "message"), "say \"no\" <b>&\\");
    assert_true(json_is_null(json_object_get(probe, "last_success")));
    assert_int_equal(number_at(probe, "failures"), 1);
    assert_int_equal(number_at(json_object_get(probe, "uptime"), "day"), 0);
    json_decref(root);
    promon_free(promon);
}

/* [up, down, unknown, mean, longest], the newest last. */
/* As a probe, but for the time that its check took. */
static void write_quick(void *data, const struct promon__probe_view *view)
{
    struct promon_probe_status status = *view->status;
    struct promon__probe_view quick = *view;

    status.runs = 1;
    status.duration_ns = 400;
    quick.status = &status;
    promon__status_json_probe(data, &quick, promon__range_asked(NULL), 1800000000);
}

static void check_of_less_than_a_microsecond_took_a_time(void **state)
{
    static const struct fake_probe fake = {.name = "one", .verdict = PROMON_UP};
    struct promon *promon = fake_monitor(NULL);
    struct text out = {.data = NULL};

    (void)state;
    fake_probe_add(promon, &fake);
    promon__engine_visit(promon->engine, write_quick, &out);
    assert_non_null(strstr(out.data, ",\"duration_seconds\":0,"));
    text_free(&out);
    promon_free(promon);
}

static void expect_bar(const json_t *probe, size_t at, const char *expected)
{
    const json_t *history = json_object_get(probe, "history");
    char *text = json_dumps(json_array_get(history, at),
                            JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void history_is_that_of_the_range(void **state)
{
    static const struct fake_probe fake = {.name = "one", .verdict = PROMON_UP};
    struct promon *promon = fake_monitor(NULL);
    json_t *root;

    (void)state;
    fake_probe_add(promon, &fake);
    fake_remember(promon, "one", 200 * 24 * HOUR_S, false, 0);
    fake_remember(promon, "one", 10 * 24 * HOUR_S, true, 4000000);
    fake_remember(promon, "one", 10 * 24 * HOUR_S, true, 2000000);
    root = status_of(promon, "range=month");
    assert_int_equal(json_array_size(json_object_get(probe_at(root, 0), "history")), 90);
    expect_bar(probe_at(root, 0), 89 - 30, "[2,0,0,0.003,0.004]");
    expect_bar(probe_at(root, 0), 89 - 29, "null");
    json_decref(root);
    root = status_of(promon, "range=year");
    assert_int_equal(json_array_size(json_object_get(probe_at(root, 0), "history")), 73);
    expect_bar(probe_at(root, 0), 72 - 40, "[0,1,0]");
    expect_bar(probe_at(root, 0), 72 - 2, "[2,0,0,0.003,0.004]");
    assert_true(json_is_null(json_object_get(json_object_get(probe_at(root, 0), "uptime"), "day")));
    assert_int_equal(number_at(json_object_get(probe_at(root, 0), "uptime"), "month"), 1);
    json_decref(root);
    promon_free(promon);
}

static void many_probes_are_there_once_each_and_in_order(void **state)
{
    enum { MANY = 83 };
    static char names[MANY][16];
    static struct fake_probe fakes[MANY];
    struct promon *promon = fake_monitor(NULL);
    json_t *root;
    size_t i;

    (void)state;
    for (i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "probe_%zu", i);
        fakes[i] = (struct fake_probe){.name = names[i], .verdict = PROMON_UP};
        fake_probe_add(promon, &fakes[i]);
    }
    root = status_of(promon, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "probes")), MANY);
    for (i = 0; i < MANY; i++)
        assert_string_equal(text_at(probe_at(root, i), "name"), names[i]);
    assert_int_equal(number_at(json_object_get(root, "probes_by_state"), "unknown"), MANY);
    json_decref(root);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_probes_there_is_nothing_wrong),
        cmocka_unit_test(before_its_first_result_all_of_a_probe_is_null),
        cmocka_unit_test(probe_tells_what_happened_last),
        cmocka_unit_test(check_of_less_than_a_microsecond_took_a_time),
        cmocka_unit_test(history_is_that_of_the_range),
        cmocka_unit_test(many_probes_are_there_once_each_and_in_order),
    };

    return cmocka_run_group_tests_name("status_json", tests, NULL, NULL);
}
