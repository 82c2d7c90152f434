/*
 * URLs: what is understood, what is refused, and that no error and no mask shows a password.
 */
#include "test.h"

#include "endpoint.h"
#include "url.h"

struct good {
    const char *url, *user, *password, *vhost, *hosts;
    bool has_tls;
};

static const struct good good[] = {
    {"amqp://localhost", "guest", "guest", "/", "localhost:5672", false},
    {"amqp://localhost/", "guest", "guest", "/", "localhost:5672", false},
    {"amqps://localhost/%2F", "guest", "guest", "/", "localhost:5671", true},
    {"AMQPS://localhost", "guest", "guest", "/", "localhost:5671", true},
    {"amqp://me@broker:1/test", "me", "", "test", "broker:1", false},
    {"amqp://me:@broker:65535/test", "me", "", "test", "broker:65535", false},
    {"amqp://me:a:b@broker/a%2fb", "me", "a:b", "a/b", "broker:5672", false},
    {"amqp://m%40x:p%2Fw%3f%23%25@broker", "m@x", "p/w?#%", "/", "broker:5672", false},
    {"amqp://u:%C3%A9%E2%82%AC%FF@broker", "u", "\xc3\xa9\xe2\x82\xac\xff", "/", "broker:5672",
     false},
    {"amqp://u:!$&'()*+,;=-._~@broker/!$&'()*+,;=:", "u", "!$&'()*+,;=-._~",
     "!$&'()*+,;=:", "broker:5672", false},
    {"amqp://[::1]", "guest", "guest", "/", "[::1]:5672", false},
    {"amqp://u:p@[2001:db8::7]:5673/v", "u", "p", "v", "[2001:db8::7]:5673", false},
    {"amqps://[fe80::1%25eth0]", "guest", "guest", "/", "[fe80::1%eth0]:5671", true},
    {"amqp://10.0.0.1:5673?heartbeat=5", "guest", "guest", "/", "10.0.0.1:5673", false},
    {"amqp://my_host-1.example.", "guest", "guest", "/", "my_host-1.example.:5672", false},
    {"amqp://h/?", "guest", "guest", "/", "h:5672", false},
};

static void urls_are_taken_apart(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct amqpext_error error = AMQPEXT_ERROR_INIT;
        struct endpoint endpoint;

        if (amqpext__endpoint_make(good[i].url, NULL, &endpoint, &error) != AMQPEXT_OK)
            fail_msg("%s: %s", good[i].url, error.message);
        assert_string_equal(endpoint.user, good[i].user);
        assert_string_equal(endpoint.password, good[i].password);
        assert_string_equal(endpoint.vhost, good[i].vhost);
        assert_int_equal(endpoint.n_hosts, 1);
        assert_string_equal(endpoint.hosts[0].text, good[i].hosts);
        assert_int_equal(endpoint.has_tls, good[i].has_tls);
        amqpext__endpoint_free(&endpoint);
    }
}

static void a_list_of_hosts_may_mix_names_and_addresses_with_and_without_ports(void **state)
{
    static const char *const expected[] = {"a:5672", "b.c:7", "[::1]:5672", "[::2]:8", "1.2.3.4:9"};
    struct endpoint endpoint;
    size_t i, j;

    (void)state;
    assert_int_equal(
        amqpext__endpoint_make("amqp://a,b.c:7,[::1],[::2]:8,1.2.3.4:9/v", NULL, &endpoint, NULL),
        AMQPEXT_OK);
    assert_int_equal(endpoint.n_hosts, 5);
    for (i = 0; i < 5; i++) {
        for (j = 0; j < 5 && strcmp(endpoint.hosts[j].text, expected[i]) != 0; j++)
            continue;
        assert_true(j < 5);
    }
    amqpext__endpoint_free(&endpoint);
}

static void hosts_are_tried_in_an_order_that_differs_from_endpoint_to_endpoint(void **state)
{
    unsigned first[3] = {0, 0, 0};
    unsigned i;

    (void)state;
    for (i = 0; i < 300; i++) {
        struct endpoint endpoint;

        assert_int_equal(amqpext__endpoint_make("amqp://0,1,2", NULL, &endpoint, NULL), AMQPEXT_OK);
        first[endpoint.hosts[0].name[0] - '0']++;
        amqpext__endpoint_free(&endpoint);
    }
    /* One in 10^17 runs of a fair order would fail here. */
    assert_true(first[0] > 30 && first[1] > 30 && first[2] > 30);
}

/* Each with a part of the reason. The password is always "Secret". */
static const char *const bad[][2] = {
    {"", "does not begin with amqp://"},
    {"http://u:Secret@h", "does not begin with amqp://"},
    {"u:Secret@h", "does not begin with amqp://"},
    {"amqp:u:Secret@h", "does not begin with amqp://"},
    {" amqp://h", "does not begin with amqp://"},
    {"amqp://", "there is no host"},
    {"amqp:///v", "there is no host"},
    {"amqp://u:Secret@", "there is no host"},
    {"amqp://u:Secret@/v", "there is no host"},
    {"amqp://:Secret@h", "the user name is empty"},
    {"amqp://u:Se@cret@h", "'@' in a user name or password is written as %40"},
    {"amqp://u:Sec/ret@h", "'/' in a password as %2F"},
    {"amqp://u:Sec?ret@h", "'?' in a password as %3F"},
    {"amqp://u:Sec#ret@h", "'#' is written as %23"},
    {"amqp://u:Secret%@h", "the password has a '%' without two hex digits"},
    {"amqp://u:Secret%4@h", "the password has a '%' without two hex digits"},
    {"amqp://u:Secret%zz@h", "the password has a '%' without two hex digits"},
    {"amqp://u:Secret%00@h", "the password has the escape %00"},
    {"amqp://u%00:Secret@h", "the user name has the escape %00"},
    {"amqp://u:Secret\xc3\xa9@h", "the password has a character that is written as %"},
    {"amqp://u:Secret @h", "the password has a character that is written as %"},
    {"amqp://u:Secret", "a port is no number"},
    {"amqp://h:", "a port is no number"},
    {"amqp://h:0", "a port is no number"},
    {"amqp://h:65536", "a port is no number"},
    {"amqp://h:+5", "a port is no number"},
    {"amqp://h:5672 ", "a port is no number"},
    {"amqp://h:18446744073709551617", "a port is no number"},
    {"amqp://h:1:2", "two ports"},
    {"amqp://::1", "the name of a host is empty"},
    {"amqp://fe80::1", "two ports, or is an IPv6 address without brackets"},
    {"amqp://h,", "the name of a host is empty"},
    {"amqp://,h", "the name of a host is empty"},
    {"amqp://h,:5672", "the name of a host is empty"},
    {"amqp://ho%20st", "the name of a host is too long or has a character"},
    {"amqp://[::1", "has no ']'"},
    {"amqp://[]", "no IPv6 address"},
    {"amqp://[localhost]", "no IPv6 address"},
    {"amqp://[127.0.0.1]", "no IPv6 address"},
    {"amqp://[::1%25]", "no IPv6 address"},
    {"amqp://[::1%eth0]", "no IPv6 address"},
    {"amqp://[::1%251234567890123456]", "no IPv6 address"},
    {"amqp://[::1]5672", "only a port may follow"},
    {"amqp://h/a/b", "'/' in the name of a virtual host is written as %2F"},
    {"amqp://h/%00", "the virtual host has the escape %00"},
    {"amqp://h/a%", "the virtual host has a '%' without"},
    {"amqp://h/a b", "the virtual host has a character"},
    {"amqp://h/?Heartbeat=5", "there is no parameter Heartbeat"},
    {"amqp://h/?heartbeat=5&heartbeat=6", "heartbeat is given twice"},
    {"amqp://h/?heartbeat=0", "heartbeat is no number from 1 to 65535"},
    {"amqp://h/?heartbeat=65536", "heartbeat is no number from 1 to 65535"},
    {"amqp://h/?heartbeat", "heartbeat is no number"},
    {"amqp://h/?heartbeat=-1", "heartbeat is no number"},
    {"amqp://h/?connection_timeout=0", "connection_timeout is no number from 1 to 4294967295"},
    {"amqp://h/?frame_max=4095", "frame_max is no number from 4096 to 16777216"},
    {"amqp://h/?frame_max=16777217", "frame_max is no number from 4096 to 16777216"},
    {"amqp://h/?auth_mechanism=amqplain", "auth_mechanism is neither plain nor external"},
    {"amqps://h/?verify=no", "verify is neither verify_peer nor verify_none"},
    {"amqps://h/?cacertfile=", "cacertfile is empty"},
    {"amqps://h/?cacertfile=a%00b", "cacertfile has the escape %00"},
    {"amqps://h/?cacertfile=a+b", "cacertfile has a character"},
    {"amqps://h/?=1", "a parameter has no known name"},
    {"amqps://h/?&", "a parameter has no known name"},
    {"amqps://h/?a%20b=1", "there is no parameter a%20b"},
    {"amqps://h/?a_very_long_name_of_a_parameter_that_may_be_anything", "no known name"},
    {"amqp://h/?verify=verify_none", "verify means nothing without TLS"},
    {"amqp://h/?cacertfile=ca.pem", "cacertfile means nothing without TLS"},
    {"amqp://h/?auth_mechanism=external", "needs TLS"},
    {"amqps://h/?keyfile=me.key", "a file with a key, but none with its certificate"},
};

static void what_is_wrong_is_said_without_the_password(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct amqpext_error error = AMQPEXT_ERROR_INIT;
        struct endpoint endpoint;

        if (amqpext__endpoint_make(bad[i][0], NULL, &endpoint, &error) == AMQPEXT_OK)
            fail_msg("\"%s\" is accepted", bad[i][0]);
        assert_int_equal(error.status, AMQPEXT_EINVALID);
        if (strstr(error.message, bad[i][1]) == NULL)
            fail_msg("\"%s\": %s", bad[i][0], error.message);
        assert_null(strstr(error.message, "Sec"));
        assert_null(strstr(error.message, "ret"));
    }
}

static void names_that_are_too_long_for_the_wire_or_dns_are_refused(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;
    char url[600];

    (void)state;
    memset(url, 'x', sizeof(url));
    memcpy(url, "amqp://", 7);
    url[7 + URL_HOST_MAX] = '\0';
    assert_int_equal(amqpext__endpoint_make(url, NULL, &endpoint, NULL), AMQPEXT_OK);
    assert_int_equal(strlen(endpoint.hosts[0].name), URL_HOST_MAX);
    amqpext__endpoint_free(&endpoint);
    url[7 + URL_HOST_MAX] = 'x';
    url[7 + URL_HOST_MAX + 1] = '\0';
    assert_int_equal(amqpext__endpoint_make(url, NULL, &endpoint, NULL), AMQPEXT_EINVALID);
    memset(url, 'x', sizeof(url));
    memcpy(url, "amqp://h/", 9);
    url[9 + 255] = '\0';
    assert_int_equal(amqpext__endpoint_make(url, NULL, &endpoint, NULL), AMQPEXT_OK);
    amqpext__endpoint_free(&endpoint);
    url[9 + 255] = 'x';
    url[9 + 256] = '\0';
    assert_int_equal(amqpext__endpoint_make(url, NULL, &endpoint, &error), AMQPEXT_EINVALID);
    assert_non_null(strstr(error.message, "the virtual host has more than 255 bytes"));
}

static void the_query_says_how_to_connect(void **state)
{
    struct endpoint endpoint;

    (void)state;
    assert_int_equal(
        amqpext__endpoint_make("amqps://h/v?heartbeat=7&connection_timeout=1500&frame_max=8192&"
                               "cacertfile=/etc/ca%20x.pem&certfile=c:d.pem&keyfile=k.pem&"
                               "server_name_indication=broker.example&verify=verify_none&"
                               "auth_mechanism=external",
                               NULL, &endpoint, NULL),
        AMQPEXT_OK);
    assert_int_equal(endpoint.heartbeat_s, 7);
    assert_int_equal(endpoint.connect_timeout_ms, 1500);
    assert_int_equal(endpoint.frame_max, 8192);
    assert_string_equal(endpoint.tls.ca_file, "/etc/ca x.pem");
    assert_string_equal(endpoint.tls.cert_file, "c:d.pem");
    assert_string_equal(endpoint.tls.key_file, "k.pem");
    assert_string_equal(endpoint.tls.server_name, "broker.example");
    assert_true(endpoint.tls.skip_verify);
    assert_true(endpoint.tls.external_auth);
    amqpext__endpoint_free(&endpoint);
}

static const char *const masks[][2] = {
    {"amqp://localhost", "amqp://localhost"},
    {"amqp://u:Secret@h1:5,h2,[::1]/v", "amqp://u:***@h1:5,h2,[::1]/v"},
    {"AMQPS://u:Secret@h/", "amqps://u:***@h/"},
    {"amqp://u:@h", "amqp://u:***@h"},
    {"amqp://u@h", "amqp://u@h"},
    {"amqp://u:Secret@h/v?heartbeat=3&password=Secret", "amqp://u:***@h/v"},
    {"amqp://u:Sec/ret@h", "***"},
    {"amqp://u:Sec?ret@h", "***"},
    {"amqp://u:Secret", "***"},
    {"u:Secret@h", "***"},
    {"Secret", "***"},
    {"", "***"},
};

static void masked_urls_show_no_password_and_no_query(void **state)
{
    char out[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        amqpext_url_mask(masks[i][0], out, sizeof(out));
        assert_string_equal(out, masks[i][1]);
    }
    amqpext_url_mask(NULL, out, sizeof(out));
    assert_string_equal(out, "***");
}

static void a_mask_stays_within_its_room(void **state)
{
    const char *url = "amqp://user:Secret@host/v", *masked = "amqp://user:***@host/v";
    char out[32];
    size_t size;

    (void)state;
    for (size = 1; size <= strlen(masked) + 1; size++) {
        memset(out, '#', sizeof(out));
        amqpext_url_mask(url, out, size);
        assert_int_equal(strlen(out), size - 1);
        assert_memory_equal(out, masked, size - 1);
        assert_int_equal(out[size], '#');
    }
    out[0] = '#';
    amqpext_url_mask(url, out, 0);
    assert_int_equal(out[0], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(a_list_of_hosts_may_mix_names_and_addresses_with_and_without_ports),
        cmocka_unit_test(hosts_are_tried_in_an_order_that_differs_from_endpoint_to_endpoint),
        cmocka_unit_test(what_is_wrong_is_said_without_the_password),
        cmocka_unit_test(names_that_are_too_long_for_the_wire_or_dns_are_refused),
        cmocka_unit_test(the_query_says_how_to_connect),
        cmocka_unit_test(masked_urls_show_no_password_and_no_query),
        cmocka_unit_test(a_mask_stays_within_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
