/*
 * The log: levels, one line, no password; and the names of states.
 */
#include "test.h"

#include "link.h"

struct heard {
    unsigned count;
    enum amqpext_log_level level;
    char line[1024];
};

static void hear(void *data, enum amqpext_log_level level, const char *message)
{
    struct heard *heard = data;

    heard->count++;
    heard->level = level;
    assert_true(strlen(message) < sizeof(heard->line));
    memcpy(heard->line, message, strlen(message) + 1);
}

static struct endpoint logging(struct heard *heard, const char *url, const char *key_password)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct endpoint endpoint;

    memset(heard, 0, sizeof(*heard));
    tls.key_password = key_password;
    options.tls = &tls;
    options.log = hear;
    options.log_data = heard;
    assert_int_equal(amqpext__endpoint_make(url, &options, &endpoint, NULL), AMQPEXT_OK);
    return endpoint;
}

static void only_lines_that_are_important_enough_are_told(void **state)
{
    struct heard heard;
    struct endpoint endpoint = logging(&heard, NULL, NULL);

    (void)state;
    amqpext__log(&endpoint, AMQPEXT_LOG_DEBUG, "debug");
    assert_int_equal(heard.count, 0);
    amqpext__log(&endpoint, AMQPEXT_LOG_INFO, "%s: %d", "info", 7);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.level, AMQPEXT_LOG_INFO);
    assert_string_equal(heard.line, "info: 7");
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "error");
    assert_int_equal(heard.level, AMQPEXT_LOG_ERROR);
    amqpext__endpoint_free(&endpoint);
}

static void without_a_callback_nothing_happens(void **state)
{
    struct endpoint endpoint;

    (void)state;
    assert_int_equal(amqpext__endpoint_make(NULL, NULL, &endpoint, NULL), AMQPEXT_OK);
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "error");
    amqpext__endpoint_free(&endpoint);
}

static void a_password_becomes_stars_wherever_it_comes_from(void **state)
{
    struct heard heard;
    struct endpoint endpoint = logging(&heard, "amqps://u:S%C3%A9cret@h", "Opens4me");

    (void)state;
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR,
                 "refused S\xc3\xa9"
                 "cret for u, S\xc3\xa9"
                 "cretS\xc3\xa9"
                 "cret and Opens4me.");
    assert_string_equal(heard.line, "refused *** for u, ****** and ***.");
    amqpext__endpoint_free(&endpoint);
}

static void a_password_that_is_no_secret_or_part_of_any_word_stays(void **state)
{
    struct heard heard;
    struct endpoint endpoint = logging(&heard, NULL, NULL);

    (void)state;
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "user guest");
    assert_string_equal(heard.line, "user guest");
    amqpext__endpoint_free(&endpoint);
    endpoint = logging(&heard, "amqp://u:e@h", NULL);
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "queue");
    assert_string_equal(heard.line, "queue");
    amqpext__endpoint_free(&endpoint);
}

static void a_message_is_one_line_of_whole_characters(void **state)
{
    struct heard heard;
    struct endpoint endpoint = logging(&heard, NULL, NULL);
    char text[600];
    size_t i;

    (void)state;
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "one\ntwo\r\nthree\t.");
    assert_string_equal(heard.line, "one two  three .");
    for (i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    text[i] = '\0';
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, ".%s", text);
    /* 511 bytes fit: one and 170 times three. */
    assert_int_equal(strlen(heard.line), 511);
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "%s", text);
    assert_int_equal(strlen(heard.line), 510);
    amqpext__endpoint_free(&endpoint);
}

static void a_password_is_masked_before_the_line_is_cut(void **state)
{
    struct heard heard;
    struct endpoint endpoint = logging(&heard, "amqp://u:Secret@h", NULL);
    char text[509];

    (void)state;
    memset(text, '.', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    amqpext__log(&endpoint, AMQPEXT_LOG_ERROR, "%sSecret", text);
    assert_null(strstr(heard.line, "Sec"));
    assert_string_equal(heard.line + 508, "***");
    amqpext__endpoint_free(&endpoint);
}

static void every_state_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_IDLE), "idle");
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_CONNECTING), "connecting");
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_READY), "ready");
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_BLOCKED), "blocked");
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_WAITING), "waiting");
    assert_string_equal(amqpext_state_name(AMQPEXT_STATE_CLOSED), "closed");
    assert_string_equal(amqpext_state_name((enum amqpext_state)0), "?");
    assert_string_equal(amqpext_state_name((enum amqpext_state)7), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_lines_that_are_important_enough_are_told),
        cmocka_unit_test(without_a_callback_nothing_happens),
        cmocka_unit_test(a_password_becomes_stars_wherever_it_comes_from),
        cmocka_unit_test(a_password_that_is_no_secret_or_part_of_any_word_stays),
        cmocka_unit_test(a_message_is_one_line_of_whole_characters),
        cmocka_unit_test(a_password_is_masked_before_the_line_is_cut),
        cmocka_unit_test(every_state_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
