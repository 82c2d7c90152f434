/* Which requests the listener answers at all. */
#include "test.h"

#include "listener_guard.h"

struct field {
    const char *name, *value;
    bool is_continued;
};

static const char *refusal_of(const char *method, const char *target, const char *version,
                              const struct field *fields)
{
    struct promon__head head = {.hosts = 0};

    for (; fields->name != NULL; fields++)
        promon__head_field(&head, fields->name, strlen(fields->name), fields->value,
                           strlen(fields->value), fields->is_continued);
    return promon__head_refusal(&head, method, target, version);
}

static const struct field host_only[] = {{"Host", "x", false}, {NULL, NULL, false}};
static const struct field none[] = {{NULL, NULL, false}};

static void usual_requests_are_taken(void **state)
{
    static const struct field fields[] = {{"Host", "127.0.0.1:9464", false},
                                          {"Accept", "text/plain;q=0.5,\t*/*;q=0.1", false},
                                          {"content-length", "0", false},
                                          {"X-Empty", "", false},
                                          {NULL, NULL, false}};

    (void)state;
    assert_null(refusal_of("GET", "/metrics?a=b", "HTTP/1.1", fields));
    assert_null(refusal_of("HEAD", "/", "HTTP/1.1", host_only));
    assert_null(refusal_of("GET", "/ping", "HTTP/1.0", none));
}

static void heads_with_two_meanings_are_refused(void **state)
{
    static const struct {
        struct field fields[3];
        const char *why;
    } cases[] = {
        {{{"Host", "a", false}, {"host", "b", false}}, "the Host field occurs more than once"},
        {{{"Host", "a", false}, {"Content-Length", "5", false}}, "a body is not taken"},
        {{{"Host", "a", false}, {"Content-Length", "00", false}}, "a body is not taken"},
        {{{"Host", "a", false}, {"Content-Length", "", false}}, "a body is not taken"},
        {{{"Host", "a", false}, {"Transfer-Encoding", "chunked", false}}, "a body is not taken"},
        {{{"Host", "a", false}, {"Expect", "100-continue", false}}, "a body is not taken"},
        {{{"Host ", "a", false}}, "a header field has a malformed name"},
        {{{"Host", "a", false}, {"A:B", "c", false}}, "a header field has a malformed name"},
        {{{"", "a", false}}, "a header field has a malformed name"},
        {{{"Host", "a\rb", false}}, "a header field has a control character in its value"},
        {{{"Host", "a", true}}, "a header field is continued on another line"},
        {{{"Accept", "a", false}}, "the Host field is missing"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(refusal_of("GET", "/", "HTTP/1.1", cases[i].fields), cases[i].why);
}

static void request_lines_of_others_are_refused(void **state)
{
    (void)state;
    assert_string_equal(refusal_of("GET", "/", "HTTP/2.0", host_only),
                        "the versions understood are HTTP/1.0 and HTTP/1.1");
    assert_string_equal(refusal_of("GET", "/", "HTTP/0.9", host_only),
                        "the versions understood are HTTP/1.0 and HTTP/1.1");
    assert_string_equal(refusal_of("G T", "/", "HTTP/1.1", host_only), "the method is malformed");
    assert_string_equal(refusal_of("", "/", "HTTP/1.1", host_only), "the method is malformed");
    assert_string_equal(refusal_of("GET", "http://x/ping", "HTTP/1.1", host_only),
                        "the target is no path");
    assert_string_equal(refusal_of("GET", "*", "HTTP/1.1", host_only), "the target is no path");
    assert_string_equal(refusal_of("GET", "", "HTTP/1.1", host_only), "the target is no path");
    assert_string_equal(refusal_of("GET", "/\x01", "HTTP/1.1", host_only), "the target is no path");
    assert_string_equal(refusal_of("GET", "/ ping", "HTTP/1.1", host_only),
                        "the target is no path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_requests_are_taken),
        cmocka_unit_test(heads_with_two_meanings_are_refused),
        cmocka_unit_test(request_lines_of_others_are_refused),
    };

    return cmocka_run_group_tests_name("listener_guard", tests, NULL, NULL);
}
