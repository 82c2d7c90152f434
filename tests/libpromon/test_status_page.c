/* The status page: complete, of one file, and without a way for others' text to become a part. */
#include "test.h"

#include <openssl/evp.h>
#include <promon/promon.h>

#include "support/fake_probe.h"

static const struct fake_probe hostile = {.name = "hostile",
                                          .description = "</script><script>alert(1)</script>",
                                          .verdict = PROMON_DOWN,
                                          .reason = PROMON_REASON_BODY,
                                          .message = "</noscript><img src=x onerror=alert(1)>"};

static struct promon *hostile_monitor(void)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon;

    options.title = "<b>{{json}}</b>";
    promon = fake_monitor(&options);
    fake_probe_add(promon, &hostile);
    fake_probe_run(promon, &hostile);
    return promon;
}

static size_t count(const char *text, const char *part)
{
    size_t times = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        times++;
    }
    return times;
}

static void page_is_filled_in(void **state)
{
    struct promon *promon = hostile_monitor();
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_get(promon, "/status", NULL, &page);
    assert_int_equal(page.status, 200);
    assert_string_equal(page.content_type, "text/html; charset=utf-8");
    assert_int_equal(strlen(page.body), page.body_size);
    assert_non_null(strstr(page.body, "<title>&lt;b&gt;{{json}}&lt;/b&gt;</title>"));
    assert_int_equal(count(page.body, "{{"), 4); /* that of the title, each time it is there */
    assert_non_null(strstr(page.body, "<td>body</td>"));
    assert_non_null(strstr(page.body, "\"state\":\"down\""));
    assert_string_equal(page.body + page.body_size - 8, "</html>\n");
    promon_page_clear(&page);
    promon_free(promon);
}

static void text_of_others_stays_text(void **state)
{
    struct promon *promon = hostile_monitor();
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_get(promon, "/status", NULL, &page);
    assert_int_equal(count(page.body, "<script"), 2);
    assert_int_equal(count(page.body, "</script>"), 2);
    assert_int_equal(count(page.body, "</noscript>"), 2);
    assert_int_equal(count(page.body, "<img"), 0);
    assert_non_null(strstr(page.body, "<td>&lt;/script&gt;&lt;script&gt;alert(1)"));
    promon_page_clear(&page);
    promon_free(promon);
}

/* Requires that the policy has the hash of what stands between `begin` and `end`. */
static void expect_hash(const struct promon_page *page, const char *kind, const char *begin,
                        const char *end)
{
    const char *first = strstr(page->body, begin) + strlen(begin), *last = strstr(first, end);
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char expected[256];

    assert_non_null(last);
    assert_int_equal(EVP_Digest(first, (size_t)(last - first), digest, &size, EVP_sha256(), NULL),
                     1);
    EVP_EncodeBlock(base64, digest, (int)size);
    snprintf(expected, sizeof(expected), "%s 'sha256-%s'", kind, (const char *)base64);
    if (strstr(page->security_policy, expected) == NULL)
        fail_msg("no %s in %s", expected, page->security_policy);
}

static void policy_allows_the_own_script_and_style_only(void **state)
{
    struct promon *promon = hostile_monitor();
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_get(promon, "/status", NULL, &page);
    expect_hash(&page, "script-src", "<script>", "</script>");
    expect_hash(&page, "style-src", "<style>", "</style>");
    assert_non_null(strstr(page.security_policy, "default-src 'none'"));
    assert_null(strstr(page.security_policy, "unsafe"));
    assert_int_equal(count(page.body, "style=\""), 0);
    assert_int_equal(count(page.body, "onclick"), 0);
    fake_get(promon, "/ping", NULL, &page);
    assert_string_equal(page.security_policy, "");
    promon_page_clear(&page);
    promon_free(promon);
}

/* Names of namespaces are the only addresses in it. */
static void page_asks_for_nothing_from_elsewhere(void **state)
{
    struct promon *promon = hostile_monitor();
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_get(promon, "/status", NULL, &page);
    assert_int_equal(count(page.body, "http://"), count(page.body, "http://www.w3.org/2000/svg"));
    assert_int_equal(count(page.body, "https://"), 0);
    assert_int_equal(count(page.body, "url("), 0);
    assert_int_equal(count(page.body, "@import"), 0);
    assert_int_equal(count(page.body, " src="), 2); /* of the escaped message */
    promon_page_clear(&page);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_filled_in),
        cmocka_unit_test(text_of_others_stays_text),
        cmocka_unit_test(policy_allows_the_own_script_and_style_only),
        cmocka_unit_test(page_asks_for_nothing_from_elsewhere),
    };

    return cmocka_run_group_tests_name("status_page", tests, NULL, NULL);
}
