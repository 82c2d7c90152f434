/*
 * URLs of the module "http", taken apart.
 */
#include "test.h"

#include "probes/probe_http.h"

static void is_place(const char *url, const char *scheme, const char *host, const char *port)
{
    struct promon__http_place place = {.host = NULL};

    assert_true(promon__http_place(url, &place));
    assert_string_equal(place.scheme, scheme);
    assert_string_equal(place.host, host);
    assert_string_equal(place.port, port);
    promon__http_place_free(&place);
    assert_null(place.host);
}

static void a_url_has_a_scheme_a_host_and_a_port(void **state)
{
    (void)state;
    is_place("http://localhost/my_ping/", "http", "localhost", "80");
    is_place("https://example.org", "https", "example.org", "443");
    is_place("HTTPS://example.org:8443/?a=b#c", "https", "example.org", "8443");
    is_place("http://me:pw@example.org/", "http", "example.org", "80");
}

static void addresses_are_as_the_resolver_wants_them(void **state)
{
    (void)state;
    is_place("http://127.0.0.1:8080/", "http", "127.0.0.1", "8080");
    is_place("http://[::1]:8080/", "http", "::1", "8080");
}

static void other_urls_are_none(void **state)
{
    static const char *const urls[] = {
        "",     "localhost",       "ftp://h/",    "file:///etc/passwd", "http://",
        "//h/", "http://h:99999/", "http://h:x/", "gopher://h:70/1"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct promon__http_place place = {.host = NULL};

        if (promon__http_place(urls[i], &place))
            fail_msg("%s is taken", urls[i]);
        assert_null(place.host);
    }
}

static void servers_are_the_same_or_not(void **state)
{
    static const struct {
        const char *one, *other;
        bool is_same;
    } rows[] = {
        {"http://h/a", "http://h:80/b", true},  {"http://h/", "https://h/", false},
        {"http://h/", "http://h:8080/", false}, {"http://h/", "http://g/", false},
        {"https://h:443/", "https://h/", true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct promon__http_place one, other;

        assert_true(promon__http_place(rows[i].one, &one));
        assert_true(promon__http_place(rows[i].other, &other));
        assert_int_equal(promon__http_is_same(&one, &other), rows[i].is_same);
        promon__http_place_free(&one);
        promon__http_place_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_has_a_scheme_a_host_and_a_port),
        cmocka_unit_test(addresses_are_as_the_resolver_wants_them),
        cmocka_unit_test(other_urls_are_none),
        cmocka_unit_test(servers_are_the_same_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
