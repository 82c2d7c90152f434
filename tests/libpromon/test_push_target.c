/* Options of pushes to a target: URLs, credentials, what is refused and how it is said. */
#include "test.h"

#include "push_target.h"

static struct promon_push_options options_of(const char *url, const char *job)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;

    options.url = url;
    options.job = job;
    return options;
}

static void expect_url(const char *given, const char *url)
{
    const struct promon_push_options options = options_of(given, "j");
    struct promon__push_target target;

    assert_int_equal(promon__push_target_new(&options, &target, NULL), PROMON_OK);
    assert_string_equal(target.url, url);
    promon__push_target_free(&target);
}

static void expect_refusal(const struct promon_push_options *options, const char *message)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__push_target target;

    assert_int_equal(promon__push_target_new(options, &target, &error), PROMON_EINVALID);
    assert_string_equal(error.message, message);
}

static void url_without_scheme_is_http(void **state)
{
    (void)state;
    expect_url("gateway:9091", "http://gateway:9091/metrics/job/j");
    expect_url("ftp.example.org:9091", "http://ftp.example.org:9091/metrics/job/j");
    expect_url("https://gateway", "https://gateway/metrics/job/j");
}

static void final_slashes_are_dropped_and_folders_kept(void **state)
{
    (void)state;
    expect_url("http://gateway:9091/", "http://gateway:9091/metrics/job/j");
    expect_url("http://gateway/push//", "http://gateway/push/metrics/job/j");
    expect_url("http://[::1]:9091", "http://[::1]:9091/metrics/job/j");
}

static void user_and_password_leave_the_url(void **state)
{
    struct promon_push_options options = options_of("http://us%65r:p%40ss@gateway:9091", "j");
    struct promon__push_target target;

    (void)state;
    assert_int_equal(promon__push_target_new(&options, &target, NULL), PROMON_OK);
    assert_string_equal(target.url, "http://gateway:9091/metrics/job/j");
    assert_string_equal(target.user, "user");
    assert_string_equal(target.password, "p@ss");
    promon__push_target_free(&target);
}

static void credentials_of_the_options_win(void **state)
{
    struct promon_push_options options = options_of("http://a:b@gateway", "j");
    struct promon__push_target target;

    (void)state;
    options.user = "c";
    options.password = "d";
    assert_int_equal(promon__push_target_new(&options, &target, NULL), PROMON_OK);
    assert_string_equal(target.url, "http://gateway/metrics/job/j");
    assert_string_equal(target.user, "c");
    assert_string_equal(target.password, "d");
    promon__push_target_free(&target);
}

static void grouping_is_sorted_by_name(void **state)
{
    static const char *const grouping[] = {"zone", "b", "instance", "a", NULL};
    struct promon_push_options options = options_of("gateway", "j");
    struct promon__push_target target;

    (void)state;
    options.grouping = grouping;
    assert_int_equal(promon__push_target_new(&options, &target, NULL), PROMON_OK);
    assert_string_equal(target.url, "http://gateway/metrics/job/j/instance/a/zone/b");
    promon__push_target_free(&target);
}

static void urls_that_are_none_are_refused_without_being_shown(void **state)
{
    struct promon_push_options options = options_of(NULL, "j");

    (void)state;
    expect_refusal(&options, "push: url is missing");
    options.url = "ftp://gateway";
    expect_refusal(&options, "push: url is neither http nor https");
    options.url = "http://user:secret@gate way:x/";
    expect_refusal(&options, "push: url cannot be understood");
    options.url = "http://gateway/?a=b";
    expect_refusal(&options, "push: url has a query or a fragment");
}

static void jobs_and_groupings_that_are_none_are_refused(void **state)
{
    static const char *const job[] = {"job", "x", NULL};
    static const char *const name[] = {"0", "x", NULL};
    static const char *const twice[] = {"a", "x", "a", "y", NULL};
    static const char *const odd[] = {"a", NULL};
    static const char *const bytes[] = {"a", "\xff", NULL};
    struct promon_push_options options = options_of("gateway", "");

    (void)state;
    expect_refusal(&options, "push: job is missing");
    options.job = "\xff";
    expect_refusal(&options, "push: job is not UTF-8");
    options.job = "j";
    options.grouping = job;
    expect_refusal(&options, "push: grouping: \"job\" is given by the option job");
    options.grouping = name;
    expect_refusal(&options, "push: grouping: a name is no name of a label");
    options.grouping = twice;
    expect_refusal(&options, "push: grouping: \"a\" is there twice");
    options.grouping = odd;
    expect_refusal(&options, "push: grouping: the last name has no value");
    options.grouping = bytes;
    expect_refusal(&options, "push: grouping: a value is not UTF-8");
}

static void tokens_cannot_carry_other_headers(void **state)
{
    struct promon_push_options options = options_of("gateway", "j");

    (void)state;
    options.bearer_token = "abc\r\nX-Evil: 1";
    expect_refusal(&options, "push: bearer_token has a space or a line break");
    options.bearer_token = "abc";
    options.user = "me";
    expect_refusal(&options, "push: a user and a bearer token exclude each other");
}

static void logins_that_cannot_be_told_are_refused(void **state)
{
    struct promon_push_options options = options_of("gateway", "j");

    (void)state;
    options.password = "s3cret";
    expect_refusal(&options, "push: a password needs a user");
    options.user = "me:too";
    expect_refusal(&options, "push: a user has no ':'");
    options = options_of("http://me%3atoo:s3cret@gateway", "j");
    expect_refusal(&options, "push: a user has no ':'");
}

static void attempt(void *context)
{
    static const char *const grouping[] = {"b", "x", "a", "", NULL};
    struct promon_push_options options = options_of("http://u:p@gateway/x/", "a/b");
    struct promon__push_target target;

    (void)context;
    options.grouping = grouping;
    options.ca_file = "ca.pem";
    if (promon__push_target_new(&options, &target, NULL) == PROMON_OK)
        promon__push_target_free(&target);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_without_scheme_is_http),
        cmocka_unit_test(final_slashes_are_dropped_and_folders_kept),
        cmocka_unit_test(user_and_password_leave_the_url),
        cmocka_unit_test(credentials_of_the_options_win),
        cmocka_unit_test(grouping_is_sorted_by_name),
        cmocka_unit_test(urls_that_are_none_are_refused_without_being_shown),
        cmocka_unit_test(jobs_and_groupings_that_are_none_are_refused),
        cmocka_unit_test(tokens_cannot_carry_other_headers),
        cmocka_unit_test(logins_that_cannot_be_told_are_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests_name("push target", tests, NULL, NULL);
}
