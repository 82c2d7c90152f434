/* Paths of groups at a Pushgateway: percent-encoding, base64, and back again. */
#include "test.h"

#include "push_path.h"

static void expect(const char *job, const char *const *grouping, const char *path)
{
    struct text text = {0};

    promon__push_path(&text, job, grouping);
    assert_false(text.failed);
    assert_string_equal(text.data, path);
    text_free(&text);
}

static void plain_values_stand_as_they_are(void **state)
{
    static const char *const grouping[] = {"instance", "host-1.example_2~", NULL};

    (void)state;
    expect("backup", NULL, "/metrics/job/backup");
    expect("backup", grouping, "/metrics/job/backup/instance/host-1.example_2~");
}

static void what_is_not_unreserved_is_percent_encoded(void **state)
{
    static const char *const grouping[] = {"z", "\xc3\xbcn\xc3\xaf", NULL};

    (void)state;
    expect("my job", NULL, "/metrics/job/my%20job");
    expect("a+b?c#d%e", NULL, "/metrics/job/a%2Bb%3Fc%23d%25e");
    expect("j", grouping, "/metrics/job/j/z/%C3%BCn%C3%AF");
}

static void values_that_no_segment_can_hold_are_base64(void **state)
{
    static const char *const slash[] = {"instance", "a/b", NULL};
    static const char *const empty[] = {"e", "", NULL};
    static const char *const dots[] = {"e", "..", NULL};

    (void)state;
    expect("j", slash, "/metrics/job/j/instance@base64/YS9i");
    expect("j", empty, "/metrics/job/j/e@base64/=");
    expect("j", dots, "/metrics/job/j/e@base64/Li4");
    expect("/", NULL, "/metrics/job@base64/Lw");
}

/* RFC 4648, section 10, each behind a '/', with the digits of URLs. */
static void base64_is_that_of_urls_without_padding(void **state)
{
    (void)state;
    expect("/f", NULL, "/metrics/job@base64/L2Y");
    expect("/fo", NULL, "/metrics/job@base64/L2Zv");
    expect("/foo", NULL, "/metrics/job@base64/L2Zvbw");
    expect("/\xff\xff\xbe", NULL, "/metrics/job@base64/L___vg");
    expect("/\xfb\xef\xbe", NULL, "/metrics/job@base64/L_vvvg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_stand_as_they_are),
        cmocka_unit_test(what_is_not_unreserved_is_percent_encoded),
        cmocka_unit_test(values_that_no_segment_can_hold_are_base64),
        cmocka_unit_test(base64_is_that_of_urls_without_padding),
    };

    return cmocka_run_group_tests_name("push path", tests, NULL, NULL);
}
