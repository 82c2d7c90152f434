/*
 * Endpoints: defaults, options, what wins, and memory.
 */
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "endpoint.h"

#define FULL_URL                                                                \
    "amqps://user:password@h1,h2:7,[::1]/v?cacertfile=ca&certfile=c&keyfile=k&" \
    "server_name_indication=s"

static struct endpoint made(const char *url, const struct amqpext_connection_options *options)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;

    if (amqpext__endpoint_make(url, options, &endpoint, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
    return endpoint;
}

static void assert_refused(const char *url, const struct amqpext_connection_options *options,
                           const char *why)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;

    memset(&endpoint, 0x55, sizeof(endpoint));
    assert_int_equal(amqpext__endpoint_make(url, options, &endpoint, &error), AMQPEXT_EINVALID);
    if (strstr(error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, why);
    assert_int_equal(((unsigned char *)&endpoint)[sizeof(endpoint) - 1], 0x55);
}

static void without_url_and_options_everything_has_its_default(void **state)
{
    struct endpoint endpoint = made(NULL, NULL);
    char name[48];

    (void)state;
    snprintf(name, sizeof(name), "libamqpext %ld", (long)getpid());
    assert_string_equal(endpoint.hosts[0].text, "localhost:5672");
    assert_string_equal(endpoint.user, "guest");
    assert_string_equal(endpoint.password, "guest");
    assert_string_equal(endpoint.vhost, "/");
    assert_string_equal(endpoint.name, name);
    assert_false(endpoint.has_tls);
    assert_int_equal(endpoint.heartbeat_s, 15);
    assert_int_equal(endpoint.connect_timeout_ms, 10000);
    assert_int_equal(endpoint.reply_timeout_ms, 10000);
    assert_int_equal(endpoint.reconnect_min_delay_ms, 200);
    assert_int_equal(endpoint.reconnect_max_delay_ms, 30000);
    assert_int_equal(endpoint.permanent_delay_ms, 60000);
    assert_int_equal(endpoint.stable_after_ms, 10000);
    assert_int_equal(endpoint.frame_max, 131072);
    assert_int_equal(endpoint.max_message_bytes, 16777216);
    assert_int_equal(endpoint.log_level, AMQPEXT_LOG_INFO);
    assert_null(endpoint.log);
    amqpext__endpoint_free(&endpoint);
}

static void options_are_taken_and_the_url_wins(void **state)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct endpoint endpoint;

    (void)state;
    options.name = "worker 7";
    options.tls = &tls;
    options.heartbeat_s = 3;
    options.connect_timeout_ms = 4;
    options.frame_max = 5000;
    options.reply_timeout_ms = 6;
    options.max_message_bytes = 7;
    tls.ca_file = "option.pem";
    tls.ca_path = "folder";
    tls.skip_verify = true;
    endpoint = made("amqps://h/?heartbeat=9&cacertfile=url.pem&verify=verify_peer", &options);
    assert_string_equal(endpoint.name, "worker 7");
    assert_int_equal(endpoint.heartbeat_s, 9);
    assert_int_equal(endpoint.connect_timeout_ms, 4);
    assert_int_equal(endpoint.frame_max, 5000);
    assert_int_equal(endpoint.reply_timeout_ms, 6);
    assert_int_equal(endpoint.max_message_bytes, 7);
    assert_string_equal(endpoint.tls.ca_file, "url.pem");
    assert_string_equal(endpoint.tls.ca_path, "folder");
    assert_false(endpoint.tls.skip_verify);
    amqpext__endpoint_free(&endpoint);
}

static void tls_may_be_asked_for_without_amqps(void **state)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct endpoint endpoint;

    (void)state;
    options.tls = &tls;
    tls.enable = true;
    tls.cert_file = "";
    endpoint = made("amqp://h/?verify=verify_none", &options);
    assert_true(endpoint.has_tls);
    assert_true(endpoint.tls.skip_verify);
    assert_string_equal(endpoint.hosts[0].text, "h:5671");
    /* As from an environment variable that is not set. */
    assert_null(endpoint.tls.cert_file);
    amqpext__endpoint_free(&endpoint);
    tls.enable = false;
    endpoint = made("amqp://h", &options);
    assert_false(endpoint.has_tls);
    amqpext__endpoint_free(&endpoint);
}

static void strings_are_copied(void **state)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    char url[] = "amqps://u:p@h/v", name[] = "name", password[] = "password", file[] = "file";
    struct endpoint endpoint;

    (void)state;
    options.name = name;
    options.tls = &tls;
    tls.key_password = password;
    tls.cert_file = file;
    endpoint = made(url, &options);
    memset(url, 'x', strlen(url));
    memset(name, 'x', strlen(name));
    memset(password, 'x', strlen(password));
    memset(file, 'x', strlen(file));
    assert_string_equal(endpoint.user, "u");
    assert_string_equal(endpoint.vhost, "v");
    assert_string_equal(endpoint.hosts[0].name, "h");
    assert_string_equal(endpoint.name, "name");
    assert_string_equal(endpoint.tls.key_password, "password");
    assert_string_equal(endpoint.tls.cert_file, "file");
    amqpext__endpoint_free(&endpoint);
}

static void options_out_of_range_are_refused(void **state)
{
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    char name[257];

    (void)state;
    options.heartbeat_s = 65536;
    assert_refused(NULL, &options, "heartbeat_s");
    options.heartbeat_s = 0;
    options.frame_max = 4095;
    assert_refused(NULL, &options, "frame_max");
    options.frame_max = 16777217;
    assert_refused(NULL, &options, "frame_max");
    options.frame_max = 0;
    options.log_level = (enum amqpext_log_level)5;
    assert_refused(NULL, &options, "log_level");
    options.log_level = AMQPEXT_LOG_DEBUG;
    options.reconnect_min_delay_ms = 2;
    options.reconnect_max_delay_ms = 1;
    assert_refused(NULL, &options, "reconnect_min_delay_ms is above");
    options.reconnect_min_delay_ms = 0;
    memset(name, 'n', 256);
    name[256] = '\0';
    options.name = name;
    assert_refused(NULL, &options, "name has more than 255 bytes");
    options.name = NULL;
    options.tls = &tls;
    tls.key_file = "me.key";
    assert_refused(NULL, &options, "a file with a key");
    tls.key_file = NULL;
    tls.external_auth = true;
    assert_refused("amqp://h", &options, "needs TLS");
    tls.external_auth = false;
    tls.server_name = name;
    assert_refused(NULL, &options, "the name of the server to verify has more than 253 bytes");
    tls.server_name = NULL;
    tls.size = 0;
    assert_refused(NULL, &options, "size");
}

static void one_delay_alone_moves_the_other_as_far_as_needed(void **state)
{
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct endpoint endpoint;

    (void)state;
    options.reconnect_min_delay_ms = 60000;
    endpoint = made(NULL, &options);
    assert_int_equal(endpoint.reconnect_max_delay_ms, 60000);
    amqpext__endpoint_free(&endpoint);
    options.reconnect_min_delay_ms = 0;
    options.reconnect_max_delay_ms = 50;
    endpoint = made(NULL, &options);
    assert_int_equal(endpoint.reconnect_min_delay_ms, 50);
    amqpext__endpoint_free(&endpoint);
}

static void make_with_little_memory(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    char password[] = "not to be overwritten";
    struct endpoint endpoint;

    (void)context;
    options.tls = &tls;
    tls.key_password = password;
    if (amqpext__endpoint_make(FULL_URL, &options, &endpoint, &error) == AMQPEXT_OK)
        amqpext__endpoint_free(&endpoint);
    else
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
    assert_string_equal(password, "not to be overwritten");
}

/* An arena takes memory for many small pieces at once; these are larger. */
static void make_large_with_little_memory(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;

    if (amqpext__endpoint_make(context, NULL, &endpoint, &error) == AMQPEXT_OK)
        amqpext__endpoint_free(&endpoint);
    else
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
}

static void running_out_of_memory_is_survived(void **state)
{
    enum { LONG = 20000 };
    char *url = malloc(4 * LONG + 100);
    char *end = url;

    (void)state;
    assert_true(oom_for_every_allocation(make_with_little_memory, NULL) >= 1);
    end += sprintf(end, "amqps://");
    memset(end, 'u', LONG);
    end += LONG;
    *end++ = ':';
    memset(end, 'p', LONG);
    end += LONG;
    end += sprintf(end, "@h/?certfile=");
    memset(end, 'c', LONG);
    end += LONG;
    end += sprintf(end, "&cacertfile=");
    memset(end, 'a', LONG);
    end[LONG] = '\0';
    assert_true(oom_for_every_allocation(make_large_with_little_memory, url) >= 3);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_url_and_options_everything_has_its_default),
        cmocka_unit_test(options_are_taken_and_the_url_wins),
        cmocka_unit_test(tls_may_be_asked_for_without_amqps),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(one_delay_alone_moves_the_other_as_far_as_needed),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
