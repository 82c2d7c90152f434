/* Badges: what they say, in which colour, and that nothing breaks out of the picture. */
#include "test.h"

#include <promon/promon.h>

#include "badge.h"
#include "support/fake_probe.h"

static struct fake_probe fake = {.name = "shop", .verdict = PROMON_UP};

static void expect_badge(struct promon *promon, const char *path, const char *query,
                         const char *says, const char *colour)
{
    struct promon_page page = PROMON_PAGE_INIT;

    fake_get(promon, path, query, &page);
    assert_int_equal(page.status, 200);
    assert_string_equal(page.content_type, "image/svg+xml; charset=utf-8");
    assert_string_equal(page.cache_control, "max-age=30");
    if (strstr(page.body, says) == NULL || strstr(page.body, colour) == NULL)
        fail_msg("no \"%s\" in %s: %s", says, colour, page.body);
    promon_page_clear(&page);
}

static void state_is_told_in_its_colour(void **state)
{
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake.verdict = PROMON_UP;
    fake_probe_add(promon, &fake);
    expect_badge(promon, "/status/shop/state.svg", NULL, "<title>shop: unknown</title>", "#6e7781");
    fake_probe_run(promon, &fake);
    expect_badge(promon, "/status/shop/state.svg", NULL, "<title>shop: up</title>", "#1a7f4b");
    fake.verdict = PROMON_DOWN;
    fake.reason = PROMON_REASON_REFUSED;
    fake_probe_run(promon, &fake);
    expect_badge(promon, "/status/shop/state.svg", NULL, "<title>shop: down</title>", "#cf222e");
    promon_free(promon);
}

static void uptime_is_that_of_the_range_and_never_rounded_up(void **state)
{
    struct promon *promon = fake_monitor(NULL);
    int i;

    (void)state;
    fake_probe_add(promon, &fake);
    expect_badge(promon, "/status/shop/uptime.svg", NULL, "uptime 24 h: unknown", "#6e7781");
    fake_remember(promon, "shop", 86400 * 20, false, 0);
    for (i = 0; i < 19999; i++)
        fake_remember(promon, "shop", 60, true, 1000);
    expect_badge(promon, "/status/shop/uptime.svg", NULL, "uptime 24 h: 100 %", "#1a7f4b");
    expect_badge(promon, "/status/shop/uptime.svg", "range=month", "uptime 30 d: 99.99 %",
                 "#1a7f4b");
    for (i = 0; i < 1000; i++)
        fake_remember(promon, "shop", 60, false, 1000);
    expect_badge(promon, "/status/shop/uptime.svg", NULL, "uptime 24 h: 95.23 %", "#9a6700");
    for (i = 0; i < 19000; i++)
        fake_remember(promon, "shop", 60, false, 1000);
    expect_badge(promon, "/status/shop/uptime.svg", "range=year", "uptime 365 d: 49.99 %",
                 "#cf222e");
    promon_free(promon);
}

static void latency_is_a_mean_of_three_digits(void **state)
{
    static const struct {
        int64_t duration_ns;
        const char *says;
    } cases[] = {{1230000, "latency 24 h: 1.23 ms"},
                 {123456789, "latency 24 h: 123 ms"},
                 {12345678901, "latency 24 h: 12.34 s"},
                 {1000, "latency 24 h: 0 ms"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct promon *promon = fake_monitor(NULL);

        fake_probe_add(promon, &fake);
        expect_badge(promon, "/status/shop/latency.svg", NULL, "latency 24 h: unknown", "#6e7781");
        fake_remember(promon, "shop", 1, true, cases[i].duration_ns);
        expect_badge(promon, "/status/shop/latency.svg", NULL, cases[i].says, "#0a66c2");
        promon_free(promon);
    }
}

static void text_of_others_stays_text(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__badge_write(&text, "\"/><script>&", "a<b\x01", "#fff");
    assert_false(text.failed);
    assert_null(strstr(text.data, "<script"));
    assert_null(strstr(text.data, "a<b"));
    assert_null(strchr(text.data, '\x01'));
    assert_non_null(strstr(text.data, "aria-label=\"&quot;/&gt;&lt;script&gt;&amp;: a&lt;b"));
    text_free(&text);
}

static void what_is_no_badge_is_not_found(void **state)
{
    static const char *const paths[] = {"/status/shop",          "/status/shop/",
                                        "/status/shop/x.svg",    "/status/other/state.svg",
                                        "/status/sho/state.svg", "/status/shop/state.svg/"};
    struct promon *promon = fake_monitor(NULL);
    size_t i;

    (void)state;
    fake_probe_add(promon, &fake);
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        fake_expect(promon, paths[i], NULL, 404, "404: Not Found");
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_is_told_in_its_colour),
        cmocka_unit_test(uptime_is_that_of_the_range_and_never_rounded_up),
        cmocka_unit_test(latency_is_a_mean_of_three_digits),
        cmocka_unit_test(text_of_others_stays_text),
        cmocka_unit_test(what_is_no_badge_is_not_found),
    };

    return cmocka_run_group_tests_name("badge", tests, NULL, NULL);
}
